import { describe, expect, it } from "vitest";
import { type TestDriver, testJob } from "../../testing/index.ts";
import {
  alertLines,
  captured,
  D,
  finalLines,
  H,
  Line,
  Payment,
  settled,
  settlementJob,
  verdictLines,
} from "./support.ts";

/** What a driver says that it says whether or not something could not be seen for a time. */
function promisedOf(driver: TestDriver) {
  const failures = driver.verdicts().filter(({ status }) => status === "fail");
  return {
    failures: failures.map(({ class: cause, time, contributions }) => [cause, time, contributions]),
    alerts: driver.alerts().map(({ action, class: cause, time }) => [action, cause, time]),
    finals: finalLines(driver),
  };
}

/** A settled payment, and a second line of it so many days later; the frontier moves in steps, or at once. */
function lateLine(days: number, stepDays: number) {
  const driver = testJob(settlementJob())
    .upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0))
    .upsert(Line, 1, { at: H }, settled(1, "10.00 EUR", null, H));
  for (let day = stepDays; day < days; day += stepDays) driver.advance(day * D);
  driver.upsert(Line, 2, { at: days * D }, settled(1, "10.00 EUR", null, days * D)).end((days + 30) * D);
  const evidence = driver.verdicts().map(({ time, contributions, digest }) => [time, contributions, digest]);
  return [verdictLines(driver), alertLines(driver), finalLines(driver), evidence];
}

describe("Retention", () => {
  it("a counterpart that comes while its key is remembered is judged exactly", () => {
    const over = [["v1 fail over-charge 10.00 EUR"], ["opened over-charge v1"]];
    expect(lateLine(170, 1).slice(0, 2)).toEqual(over);
  });

  it.each([40, 100, 179, 200, 250, 400, 1_000])(
    "is a matter of event time: after %i days it says the same, however far the frontier moves at once",
    (days) => {
      expect(lateLine(days, 10_000)).toEqual(lateLine(days, 1));
    },
  );

  describe.each(["suspension", "stale source"])("is not put off by what holds a point up: %s", (what) => {
    it.each([40, 170, 200, 250, 400, 1_000])("a counterpart after %i days", (days) => {
      expect(heldUp(what, days, true)).toEqual(heldUp(what, days, false));
    });
  });
});

/** As `lateLine`; behind its first day nothing can be judged until the second line came, whether that is seen or not. */
function heldUp(what: string, days: number, isSeen: boolean) {
  const driver = testJob(settlementJob())
    .upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0))
    .upsert(Line, 1, { at: H }, settled(1, "10.00 EUR", null, H))
    .advance(2 * D);
  const table = { models: ["Line"], source: "ledger", table: "lines" };
  const stop = { id: "stop", time: 3 * D, cause: "truncate", message: "truncated", ...table } as const;
  if (what === "suspension") driver.suspend(stop);
  else driver.status("ledger", "stale");
  driver.upsert(Payment, 2, { at: days * D }, captured(1, "10.00 EUR", days * D));
  if (isSeen) driver.advance(days * D + 2 * H, ...(what === "suspension" ? [] : ["shop"]));
  expect(driver.verdicts().map(({ status }) => status)).toEqual(isSeen ? ["unobservable"] : []);
  if (what === "suspension") driver.resume("stop");
  else driver.status("ledger", "active");
  return promisedOf(driver.end((days + 30) * D));
}
