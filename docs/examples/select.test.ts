import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Payment } from "./select.ts";

it("hands on the named fields", () => {
  const driver = testJob(example)
    .upsert(Payment, 1, { at: 1 }, { id: 1, orderId: 5, amount: "12.50 EUR", status: "booked", note: "by phone" })
    .upsert(Payment, 2, { at: 2 }, { id: 2, orderId: 6, amount: "1.00 EUR", status: "open" });
  expect(driver.sink("booked")).toEqual([{ orderId: "5", amount: { minor: 1250n, currency: "EUR" } }]);
});
