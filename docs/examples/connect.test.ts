import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Order, Payment } from "./connect.ts";

const minute = 60_000;

it("matches rows of one key from both inputs, and ends the waiting of both", () => {
  const driver = testJob(example)
    .upsert(Order, 1, { at: 0 }, { id: "a", amount: 5n })
    .upsert(Payment, 1, { at: minute }, { orderId: "a", amount: 5n })
    .upsert(Payment, 2, { at: 2 * minute }, { orderId: "b", amount: 6n })
    .upsert(Order, 2, { at: 3 * minute }, { id: "b", amount: 7n })
    .upsert(Order, 3, { at: 4 * minute }, { id: "c", amount: 8n })
    .upsert(Payment, 3, { at: 5 * minute }, { orderId: "d", amount: 9n })
    .advance(64 * minute, "shop");
  expect(driver.sink("matches")).toEqual([
    { order: "'a", what: "paid" },
    { order: "'b", what: "paid wrongly" },
  ]);
  driver.advance(65 * minute);
  expect(driver.sink("matches").slice(2)).toEqual([
    { order: "'c", what: "not paid" },
    { order: "'d", what: "not ordered" },
  ]);
  expect(driver.keys()).toBe(0);
});
