import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Payment } from "./tumbling-windows.ts";

const minute = 60_000;
const euros = (amount: number) => ({ minor: BigInt(amount * 100), currency: "EUR" });

it("adds up payments by terminal and five minutes, when no others can come", () => {
  const driver = testJob(example);
  const pay = (paymentId: number, at: number, paidAt: number, amount: string) =>
    driver.upsert(Payment, paymentId, { at: at * minute }, { paymentId, terminal: 7, amount, paidAt: paidAt * minute });
  pay(1, 1, 1, "20.00 EUR");
  pay(2, 6, 5.5, "5.00 EUR");
  pay(3, 6.5, 4.5, "30.00 EUR");
  expect(driver.sink("takings")).toEqual([]);
  driver.advance(7 * minute);
  expect(driver.sink("takings")).toEqual([{ terminal: "7", payments: 2n, total: euros(50), from: 0 }]);
  pay(4, 8, 3, "1.00 EUR");
  driver.advance(12 * minute);
  expect(driver.sink("too-late")).toEqual([{ paymentId: "4" }]);
  expect(driver.sink("takings").slice(1)).toEqual([{ terminal: "7", payments: 1n, total: euros(5), from: 5 * minute }]);
  expect(driver.keys()).toBe(0);
});
