import { describe, expect, it } from "vitest";
import { businessDays, cutoff } from "../../base/business-days.ts";
import { days, hours } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import type { ReconcileSpec } from "../../checks/reconcile/reconcile.ts";
import { testJob } from "../../testing/index.ts";
import { captured, Line, Payment, SKEW, settled, settlementJob, verdictLines } from "./support.ts";

const TWO_DAYS = businessDays(2, "TARGET2", cutoff("17:00", "Europe/Berlin"));
const at = (time: string) => ({ at: Date.parse(time) });

/** When a payment that is never settled begins to be missing. */
function missingAt(capturedAt: string, rule: Partial<ReconcileSpec<"paymentId">> = { missingAfter: TWO_DAYS }): string {
  const { at: time } = at(capturedAt);
  const driver = testJob(settlementJob(rule))
    .upsert(Payment, 1, { at: time }, captured(7, "10.00 EUR", time))
    .end(time + days(20));
  expect(verdictLines(driver)).toEqual(["v1 fail missing 10.00 EUR"]);
  return new Date(driver.verdicts()[0]!.time - SKEW).toISOString().slice(0, 16);
}

describe('a duration or a business calendar (`businessDays(2, "TARGET2", cutoff)`) from the business time', () => {
  it.each([
    ["within a week", "2026-03-02T10:00Z", "2026-03-04T16:00"],
    ["over a weekend: nothing is missing on Saturday", "2026-03-06T10:00Z", "2026-03-10T16:00"],
    ["after the cutoff: as of the next business day", "2026-03-02T16:30Z", "2026-03-05T16:00"],
    ["on a holiday: as of the next business day", "2026-04-03T10:00Z", "2026-04-09T15:00"],
  ])("%s", (_, capturedAt, due) => {
    expect(missingAt(capturedAt)).toBe(due);
  });

  it("each leg may have one of its own", () => {
    const friday = at("2026-03-06T10:00Z").at;
    const mixed = job("mixed", (env) =>
      env.reconcile("mixed", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).sum("amount").within(TWO_DAYS) },
        actual: { settled: env.changes(Line).sum("net") },
        missingAfter: hours(24),
      }),
    );
    const driver = testJob(mixed)
      .upsert(Payment, 1, { at: friday }, captured(7, "10.00 EUR", friday))
      .upsert(Line, 1, { at: friday }, settled(8, "5.00 EUR", null, friday))
      .end(friday + days(10));
    const timeOf = (key: number) => new Date(driver.verdicts(key)[0]!.time - SKEW).toISOString().slice(0, 16);
    expect([timeOf(7), timeOf(8)]).toEqual(["2026-03-10T16:00", "2026-03-07T10:00"]);
  });

  it("the rule's hash tells one calendar, number of days or cutoff from another", () => {
    const hashOf = (missingAfter: typeof TWO_DAYS) => {
      const { at: time } = at("2026-03-02T10:00Z");
      const driver = testJob(settlementJob({ missingAfter }));
      driver.upsert(Payment, 1, { at: time }, captured(7, "10.00 EUR", time)).end(time + days(20));
      return driver.verdicts()[0]!.rule.hash;
    };
    const rules = [
      TWO_DAYS,
      businessDays(2, "FED", cutoff("17:00", "Europe/Berlin")),
      businessDays(3, "TARGET2", cutoff("17:00", "Europe/Berlin")),
      businessDays(2, "TARGET2", cutoff("18:00", "Europe/Berlin")),
    ];
    expect(new Set(rules.map(hashOf)).size).toBe(rules.length);
  });

  it("a deadline that is neither is refused", () => {
    for (const missingAfter of ["2d", {}, null, 0.5]) {
      expect(() => settlementJob({ missingAfter: missingAfter as never }).graph()).toThrow(
        expect.objectContaining({ code: "RULE_INVALID" }),
      );
    }
  });
});
