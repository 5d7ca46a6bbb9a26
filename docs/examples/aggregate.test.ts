import { testJob } from "countercheck/testing";
import { expect, it } from "vitest";
import example, { Refund } from "./aggregate.ts";

const euros = (amount: number) => ({ minor: BigInt(amount * 100), currency: "EUR" });

it("is right after each change, and gone with the last row", () => {
  const driver = testJob(example);
  const refund = { refundId: 1, clerk: 7, reason: "broken" };
  driver.upsert(Refund, 1, { at: 1 }, { ...refund, amount: "20.00 EUR" });
  driver.upsert(Refund, 2, { at: 2 }, { ...refund, refundId: 2, amount: "50.00 EUR" });
  const one = { clerk: "7", refunds: 1n, total: euros(20), largest: euros(20), reasons: 1n };
  const two = { clerk: "7", refunds: 2n, total: euros(70), largest: euros(50), reasons: 1n };
  expect(driver.sink("refunds-by-clerk")).toEqual([
    { $op: "add", ...one },
    { $op: "retract", ...one },
    { $op: "add", ...two },
  ]);
  driver.delete(Refund, 2, { at: 3 });
  driver.delete(Refund, 1, { at: 4 });
  expect(driver.sink("refunds-by-clerk").slice(3)).toEqual([
    { $op: "retract", ...two },
    { $op: "add", ...one },
    { $op: "retract", ...one },
  ]);
});
