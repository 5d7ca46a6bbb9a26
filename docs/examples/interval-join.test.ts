import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Order, Payment } from "./interval-join.ts";

const minute = 60_000;

it("gives orders with their payments at once, and those without one when their hour is over", () => {
  const driver = testJob(example)
    .upsert(Order, 1, { at: 10 * minute }, { id: "a", customer: 7 })
    .upsert(Order, 2, { at: 20 * minute }, { id: "b", customer: 8 })
    .upsert(Payment, 1, { at: 8 * minute }, { id: "p", orderId: "a" })
    .upsert(Payment, 2, { at: 70 * minute }, { id: "q", orderId: "a" })
    .upsert(Payment, 3, { at: 81 * minute }, { id: "r", orderId: "b" });
  expect(driver.sink("paid")).toEqual([
    { order: "'a", customer: "7", payment: "'p" },
    { order: "'a", customer: "7", payment: "'q" },
  ]);
  driver.advance(80 * minute);
  expect(driver.sink("paid").slice(2)).toEqual([{ order: "'b", customer: "8", payment: null }]);
  driver.upsert(Payment, 4, { at: 75 * minute }, { id: "s", orderId: "b" });
  expect(driver.sink("late-payments")).toEqual([{ id: "'s", orderId: "'b" }]);
  driver.advance(86 * minute);
  expect(driver.keys()).toBe(0);
});
