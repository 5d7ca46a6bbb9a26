import { expect, it, vi } from "vitest";
import { hours } from "../base/time.ts";
import { id, model, money, table } from "../dataflow/model.ts";
import { testJob } from "../testing/index.ts";
import { job } from "./job.ts";
import { Ledger } from "./ledger.ts";
import { MOST_SHOWN } from "./ordered-entries.ts";
import { RowSet } from "./row-set.ts";

const Order = model("Order", { from: table("shop", "orders"), fields: { orderId: id(), amount: money() } });
const Line = model("Line", { from: table("ledger", "lines"), fields: { orderId: id(), net: money() } });
const books = job("books", (env) => env.audit("books", { of: Order, bulkLimit: 5 }));
const settled = job("settled", (env) =>
  env.reconcile("settled", {
    by: "orderId",
    expect: { ordered: env.changes(Order).sum("amount") },
    actual: { settled: env.changes(Line).sum("net") },
    missingAfter: hours(1),
  }),
);
const WRITES = 1_000;

it("a transaction of many writes costs as much a write as one of few: what waits is not gone through for each", () => {
  const looks = vi.spyOn(Ledger.prototype, "nextPoint");
  const driver = testJob(books);
  for (let row = 1; row <= WRITES; row++) {
    driver.upsert(Order, row, { at: 1_000, transaction: "7" }, { orderId: row, amount: "1.00 EUR" });
  }
  driver.commit("shop", "7", 1_000, { orders: WRITES }).end(60_000);
  expect(driver.verdicts().map((verdict) => verdict.class)).toEqual(["bulk-change"]);
  expect(looks.mock.calls.length).toBeLessThan(10);
  looks.mockRestore();
});

it("a key with very many rows that fails again and again is told of without a look at all of them", () => {
  const driver = testJob(settled);
  driver.upsert(Order, 1, { at: 1_000 }, { orderId: 1, amount: "1.00 EUR" });
  const rows = MOST_SHOWN + 100;
  for (let row = 1; row <= rows; row++) driver.upsert(Line, row, { at: 1_000 }, { orderId: 1, net: "1.00 EUR" });
  driver.advance(10_000);
  const looks = vi.spyOn(RowSet.prototype, "entries");
  for (let change = 1; change <= 20; change++) {
    const at = 10_000 + change * 5_000;
    driver.upsert(Line, change, { at }, { orderId: 1, net: `${change + 1}.00 EUR` });
    driver.advance(at + 4_000);
  }
  const verdicts = driver.verdicts();
  expect(verdicts.length).toBe(21);
  expect(verdicts.at(-1)).toMatchObject({ class: "over-charge", omitted: rows + 1 - MOST_SHOWN });
  expect(verdicts.at(-1)!.contributions.length).toBe(MOST_SHOWN);
  expect(new Set(verdicts.map(({ digest }) => digest)).size).toBe(21);
  expect(looks.mock.calls.length).toBe(0);
  looks.mockRestore();
});
