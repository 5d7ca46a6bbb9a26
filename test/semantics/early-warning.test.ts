import { describe, expect, it } from "vitest";
import { businessDays, cutoff } from "../../base/business-days.ts";
import { hours, minutes } from "../../base/time.ts";
import type { Job } from "../../checks/job.ts";
import type { ReconcileSpec } from "../../checks/reconcile/reconcile.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { restarting } from "./restarting-job.ts";
import {
  alertLines,
  captured,
  H,
  Line,
  Payment,
  Refund,
  refunded,
  SKEW,
  settled,
  settlementJob,
  verdictLines,
} from "./support.ts";

const rule = { warnBefore: hours(2) };
const run = (more: Partial<ReconcileSpec<"paymentId">> = {}) => testJob(settlementJob({ ...rule, ...more }));
const pay = (driver: TestDriver, at = 0, amount = "10.00 EUR") =>
  driver.upsert(Payment, at, { at }, captured(7, amount, at));
const settle = (driver: TestDriver, at: number, net = "10.00 EUR") =>
  driver.upsert(Line, at, { at }, settled(7, net, null, at));

/** Steps with their points, as hours: `warned missing 10.00 @22`. */
const steps = (driver: TestDriver) =>
  driver.alerts().map((alert) => `${alert.action} ${alert.class} ${alert.atRisk} @${(alert.time - SKEW) / H}`);

describe("from (deadline − band) + skew on, where the key would fail at the deadline, an alert warns", () => {
  it("at the begin of the band, and opens with the same id when the key fails", () => {
    const driver = pay(run()).end(30 * H);
    expect(steps(driver)).toEqual(["warned missing 10.00 @22", "opened missing 10.00 @24"]);
    const [warned, opened] = driver.alerts();
    expect(opened!.id).toBe(warned!.id);
    expect([warned!.dueAt, warned!.verdictVersion, opened!.dueAt]).toEqual([24 * H, 0, 24 * H]);
  });

  it("changes no verdict and keeps no snapshot", () => {
    const driver = settle(pay(run()), 23 * H).end(30 * H);
    expect(verdictLines(driver)).toEqual([]);
    expect(steps(driver)).toEqual(["warned missing 10.00 @22", "resolved missing 0 @23"]);
  });

  it("is silent where the counterpart comes before the band", () => {
    expect(steps(settle(pay(run()), 21 * H).end(30 * H))).toEqual([]);
  });

  it("warns of what would be missing, not of what may still come after the band", () => {
    const driver = settle(pay(pay(run()), 10 * H, "5.00 EUR"), 20 * H).end(33 * H);
    expect(steps(driver)).toEqual(["warned under-charge 5.00 @32"]);
  });

  it("warns at once of a row that comes within the band", () => {
    const driver = run()
      .upsert(Payment, 1, { at: 23 * H }, captured(7, "10.00 EUR", 0))
      .end(23.5 * H);
    expect(steps(driver)).toEqual(["warned missing 10.00 @23"]);
  });

  it("takes the warning back when another failure comes, and warns again after it", () => {
    const driver = settle(pay(run()), 23 * H, "11.00 EUR").end(30 * H);
    expect(steps(driver)).toEqual([
      ...["warned missing 10.00 @22", "resolved missing 0 @23", "opened over-charge 1.00 @23"],
    ]);
  });

  it("another class ahead replaces the one before", () => {
    const driver = settle(pay(run()), 22.5 * H, "4.00 EUR").end(23 * H);
    expect(steps(driver)).toEqual([
      ...["warned missing 10.00 @22", "resolved missing 0 @22.5", "warned under-charge 6.00 @22.5"],
    ]);
  });

  it("each currency by itself", () => {
    const driver = settle(pay(pay(run()), 1, "3.00 USD"), 2 * H).end(23 * H);
    expect(alertLines(driver)).toEqual(["warned missing v0"]);
    expect(driver.alerts()[0]!.currency).toBe("USD");
  });

  it("a refund that nobody takes back is warned of before it is an over-charge", () => {
    const driver = settle(pay(run()), H)
      .upsert(Refund, 1, { at: H }, refunded(7, "4.00 EUR", H))
      .end(122 * H);
    expect(steps(driver)).toEqual(["warned over-charge 4.00 @119", "opened over-charge 4.00 @121"]);
  });

  it("counts from a business calendar's deadline", () => {
    const friday = Date.parse("2026-03-06T10:00Z");
    const missingAfter = businessDays(1, "TARGET2", cutoff("17:00", "Europe/Berlin"));
    const driver = run({ missingAfter })
      .upsert(Payment, 1, { at: friday }, captured(7, "10.00 EUR", friday))
      .end(friday + 90 * H);
    expect(driver.alerts().map(({ action, time }) => `${action} ${new Date(time - SKEW).toISOString()}`)).toEqual([
      "warned 2026-03-09T14:00:00.000Z",
      "opened 2026-03-09T16:00:00.000Z",
    ]);
  });

  it("two changes within the skew are looked at together", () => {
    const driver = run();
    settle(pay(driver), 22 * H - 1_000, "9.00 EUR");
    settle(driver, 22 * H + 500, "1.00 EUR").end(30 * H);
    expect(steps(driver)).toEqual([]);
  });
});

describe("a stale source hides judgements, not warnings", () => {
  it("a key is unobservable from its deadline on, not from the begin of the band", () => {
    const driver = pay(run())
      .advance(20 * H)
      .status("ledger", "stale")
      .advance(23 * H, "shop");
    expect(verdictLines(driver)).toEqual([]);
    expect(steps(driver)).toEqual([]);
    driver.advance(25 * H, "shop");
    expect(verdictLines(driver)).toEqual(["v1 unobservable EUR"]);
    driver.status("ledger", "active").advance(25 * H, "ledger");
    expect(verdictLines(driver)).toEqual(["v1 unobservable EUR", "v2 fail missing 10.00 EUR"]);
  });

  it("is warned of when the source moves again, where there is still time", () => {
    const driver = pay(run())
      .advance(20 * H)
      .status("ledger", "stale")
      .advance(23 * H, "shop");
    driver.status("ledger", "active").advance(23 * H, "ledger");
    expect(steps(driver)).toEqual(["warned missing 10.00 @22"]);
    expect(steps(driver.end(30 * H))).toEqual(["warned missing 10.00 @22", "opened missing 10.00 @24"]);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 10.00 EUR"]);
  });
});

describe("a band that means nothing is refused", () => {
  it.each([
    ["no time", { warnBefore: minutes(0) }],
    ["as long as the deadline", { warnBefore: hours(24) }],
    ["no duration", { warnBefore: "2h" as never }],
  ])("%s", (_, more) => {
    expect(() => settlementJob(more).graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });
});

/** A job of which each operator is another version's from `goOn` on, with the state that the one before left. */
function inTwoVersions(before: Job, after: Job): { readonly job: Job; goOn(): void } {
  let isAfter = false;
  const graph = () => {
    const [nodes, next] = [before.graph().nodes, after.graph().nodes];
    const create = (i: number) => () => ((isAfter ? next : nodes)[i] as OperatorNode).create();
    return {
      ...before.graph(),
      nodes: nodes.map((node, i) => (node.type === "operator" ? { ...node, create: create(i) } : node)),
    };
  };
  return {
    job: restarting({ ...before, graph }),
    goOn: () => {
      isAfter = true;
    },
  };
}

describe("a job that goes on with another band warns of the keys that it has", () => {
  it.each<[string, Partial<ReconcileSpec<"paymentId">>, Partial<ReconcileSpec<"paymentId">>, string[]]>([
    ["the first one", {}, { warnBefore: hours(6) }, ["warned missing 10.00 @18"]],
    ["a longer one", rule, { warnBefore: hours(6) }, ["warned missing 10.00 @18"]],
    ["one that has begun already", rule, { warnBefore: hours(20) }, ["warned missing 10.00 @4"]],
    ["a shorter one", { warnBefore: hours(6) }, rule, []],
    ["none", rule, {}, []],
  ])("in time: %s", (_, before, after, says) => {
    const { job, goOn } = inTwoVersions(settlementJob(before), settlementJob(after));
    const driver = pay(testJob(job)).advance(10 * H);
    goOn();
    expect(steps(driver.advance(11 * H).advance(19 * H))).toEqual(says);
    const all = after.warnBefore === undefined || says.length > 0 ? says : ["warned missing 10.00 @22"];
    expect(steps(driver.end(30 * H))).toEqual([...all, "opened missing 10.00 @24"]);
  });
});
