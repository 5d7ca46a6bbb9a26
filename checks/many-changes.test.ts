import { expect, it, vi } from "vitest";
import { id, model, money, table } from "../dataflow/model.ts";
import { testJob } from "../testing/index.ts";
import { job } from "./job.ts";
import { Ledger } from "./ledger.ts";

const Order = model("Order", { from: table("shop", "orders"), fields: { orderId: id(), amount: money() } });
const books = job("books", (env) => env.audit("books", { of: Order, bulkLimit: 5 }));
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
