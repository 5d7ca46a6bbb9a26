import { describe, expect, it } from "vitest";
import { hours } from "../../base/time.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, instant, model, money, table } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { type Job, job } from "../job.ts";
import type { BoundSpec } from "./bound.ts";

const H = 3_600_000;
const Budget = model("Budget", { from: table("shop", "budgets"), fields: { budgetId: id(), amount: money() } });
const Spending = model("Spending", {
  from: table("shop", "spendings"),
  fields: { budgetId: id(), spent: money(), tip: money({ currency: "EUR" }), spentAt: instant() },
  businessTime: "spentAt",
});
const Return = model("Return", { from: table("bank", "returns"), fields: { budgetId: id(), amount: money() } });

function budgets(spec: Partial<BoundSpec<"budgetId">> = {}): Job {
  return job("budgets", (env) => {
    const spendings = env.changes(Spending);
    env.bound("budgets", {
      by: "budgetId",
      of: {
        spent: spendings.sum("spent"),
        tips: spendings.sum("tip"),
        returned: minus(env.changes(Return).sum("amount")),
      },
      within: { granted: env.changes(Budget).sum("amount") },
      unknownAfter: hours(6),
      ...spec,
    });
  });
}

const spend = (driver: TestDriver, row: number, at: number, spent: string, tip: string | null = null) =>
  driver.upsert(Spending, row, { at }, { budgetId: 7, spent, tip, spentAt: at });
const said = (driver: TestDriver) =>
  driver
    .verdicts()
    .map(({ status, class: cause, atRisk, time }) => `${status} ${cause} ${atRisk} @${(time - 2000) / H}`);

describe("a bound", () => {
  it("counts all legs of the parts, with their signs, at once", () => {
    const driver = testJob(budgets()).upsert(Budget, 1, { at: 0 }, { budgetId: 7, amount: "10.00 EUR" });
    spend(driver, 1, H, "8.00 EUR", "2.00 EUR");
    spend(driver, 2, 2 * H, "0.01 EUR");
    driver.upsert(Return, 1, { at: 3 * H }, { budgetId: 7, amount: "0.01 EUR" }).end(9 * H);
    expect(said(driver)).toEqual(["fail exceeded 0.01 @2", "pass null 0 @3"]);
    expect(driver.verdicts()[0]).toMatchObject({
      upper: "10.00",
      actual: "10.01",
      rule: { expression: "spent + tips - returned <= granted" },
    });
  });

  it("is exceeded anew when its whole gets less", () => {
    const driver = testJob(budgets()).upsert(Budget, 1, { at: 0 }, { budgetId: 7, amount: "10.00 EUR" });
    spend(driver, 1, H, "8.00 EUR");
    driver.upsert(Budget, 1, { at: 2 * H }, { budgetId: 7, amount: "7.00 EUR" }).end(9 * H);
    expect(said(driver)).toEqual(["fail exceeded 1.00 @2"]);
  });

  it("has no point but of changes, and of the deadlines of parts", () => {
    const Dated = model("Dated", {
      from: table("shop", "dated"),
      fields: { budgetId: id(), amount: money(), from: instant() },
      businessTime: "from",
    });
    const dated = job("dated", (env) =>
      env.bound("budgets", {
        by: "budgetId",
        of: { spent: env.changes(Spending).sum("spent") },
        within: { granted: env.changes(Dated).sum("amount") },
        unknownAfter: hours(6),
      }),
    );
    const driver = testJob(dated).upsert(Dated, 1, { at: 0 }, { budgetId: 7, amount: "5.00 EUR", from: H - 1000 });
    spend(driver, 1, H, "8.00 EUR").end(9 * H);
    expect(said(driver)).toEqual(["fail exceeded 3.00 @1"]);
  });

  it("tells parts of nothing at their own deadline, and how late the whole came", () => {
    const driver = testJob(budgets());
    spend(driver, 1, H, "8.00 EUR");
    spend(driver, 2, 2 * H, "1.00 EUR");
    driver.upsert(Budget, 1, { at: 10 * H }, { budgetId: 7, amount: "10.00 EUR" }).end(20 * H);
    expect(said(driver)).toEqual(["fail unknown 9.00 @7", "pass null 0 @10"]);
    expect(driver.alerts().map(({ action, dueAt, lateByMs }) => [action, dueAt, lateByMs])).toEqual([
      ["opened", 7 * H, null],
      ["resolved", 7 * H, 3 * H],
    ]);
  });

  it("is pending until then, and right where there are no parts", () => {
    const driver = testJob(budgets()).upsert(Budget, 1, { at: 0 }, { budgetId: 8, amount: "10.00 EUR" });
    spend(driver, 1, H, "8.00 EUR");
    expect(
      driver
        .end(6 * H)
        .finals()
        .map(({ key, status }) => `${key} ${status}`),
    ).toEqual(["7 pending", "8 pass"]);
  });

  it("has names for an excess by one part, by several, and for parts of nothing", () => {
    const classes = { exceeded: "too-much", repeated: "too-often", unknown: "of-nothing" };
    const driver = testJob(budgets({ classes })).upsert(Budget, 1, { at: 0 }, { budgetId: 7, amount: "10.00 EUR" });
    spend(driver, 1, H, "11.00 EUR");
    spend(driver, 2, 2 * H, "1.00 EUR");
    driver.delete(Budget, 1, { at: 7 * H }).end(20 * H);
    expect(said(driver)).toEqual(["fail too-much 1.00 @1", "fail too-often 2.00 @2", "fail of-nothing 12.00 @7"]);
  });
});

describe("a bound that cannot be judged is refused", () => {
  it.each<[string, object]>([
    ["no parts", { of: {} }],
    ["no whole", { within: {} }],
    ["no deadline for parts of nothing", { unknownAfter: undefined }],
    ["a deadline without a unit", { unknownAfter: 24 }],
    ["a class that is no name", { classes: { exceeded: "Too much" } }],
    ["two causes of one name", { classes: { exceeded: "wrong", unknown: "wrong" } }],
    ["a key that a model lacks", { by: "shopId" }],
  ])("%s", (_, changes) => {
    expect(() => budgets(changes as never).graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });

  it.each<[string, (env: Parameters<Parameters<typeof job>[1]>[0]) => object]>([
    ["a whole with a deadline", (env) => ({ within: { granted: env.changes(Budget).sum("amount").within(hours(1)) } })],
    ["a whole that only takes away", (env) => ({ within: { granted: minus(env.changes(Budget).sum("amount")) } })],
    ["one name on both sides", (env) => ({ within: { spent: env.changes(Budget).sum("amount") } })],
  ])("%s", (_, changes) => {
    const wrong = job("wrong", (env) => {
      const of = { spent: env.changes(Spending).sum("spent") };
      env.bound("budgets", { by: "budgetId", of, unknownAfter: hours(6), ...(changes(env) as { within: never }) });
    });
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });
});
