import { expect, it } from "vitest";
import { job, model, money } from "../../index.ts";
import { tablesThatNeedBefore } from "./job.ts";

it("the tables of a source that any model has `before: full`", () => {
  const fields = { amount: money() };
  const from = (source: string, table: string) => ({ source, table, before: "full" as const });
  const one = model("One", { from: [from("shop", "payments"), { source: "shop", table: "carts" }], fields });
  const other = model("Other", { from: [from("shop", "refunds"), from("ledger", "lines")], fields });
  const plain = model("Plain", { from: { source: "shop", table: "payments" }, fields });
  const declared = job("declared", (env) => {
    for (const each of [plain, one, other]) env.changes(each).asEvents().to(each.name);
  });
  const graph = declared.graph();
  expect([...tablesThatNeedBefore(graph, "shop")]).toEqual(["payments", "refunds"]);
  expect([...tablesThatNeedBefore(graph, "ledger")]).toEqual(["lines"]);
  expect(tablesThatNeedBefore(graph, "bank").size).toBe(0);
  expect(tablesThatNeedBefore(undefined, "shop").size).toBe(0);
});
