import { expect, it } from "vitest";
import { days, hours } from "../base/time.ts";
import job from "../jobs/payment-settlement/job.ts";
import { Payment, SettlementLine } from "../jobs/payment-settlement/models.ts";
import { type TestDriver, testJob } from "../testing/index.ts";

const start = Date.UTC(2026, 0, 1);

/** Payment 7 is captured and settled, and a month and more goes by. */
function settledLongAgo(through: number): TestDriver {
  return testJob(job)
    .upsert(Payment, 1, { at: start }, { paymentId: 7, status: "captured", amount: "10.00 EUR", capturedAt: start })
    .upsert(SettlementLine, 1, { at: start + hours(3) }, { paymentId: 7, net: "9.00 EUR", fee: "1.00 EUR" })
    .advance(through);
}

const told = (driver: TestDriver) =>
  driver.verdicts().map((verdict) => [verdict.version, verdict.status, verdict.class]);

it("a closed key still judges a late counterpart exactly, by its totals", () => {
  const driver = settledLongAgo(start + days(100));
  driver.upsert(SettlementLine, 2, { at: start + days(101) }, { paymentId: 7, net: "10.00 EUR" });
  driver.advance(start + days(102));
  expect(told(driver)).toEqual([[1, "fail", "over-charge"]]);
  expect(driver.verdicts()[0]?.contributions.map((c) => [c.leg, c.row, c.amount])).toEqual([
    ["captured", "closed", "10.00 EUR"],
    ["settled", "2", "10.00 EUR"],
    ["settled", "closed", "9.00 EUR"],
    ["fees", "closed", "1.00 EUR"],
  ]);
});

it("a row of a closed key that changes is taken off its totals", () => {
  const driver = settledLongAgo(start + days(100));
  driver.upsert(SettlementLine, 1, { at: start + days(101) }, { paymentId: 7, net: "8.00 EUR", fee: "1.00 EUR" });
  driver.advance(start + days(103));
  expect(told(driver)).toEqual([[1, "fail", "under-charge"]]);
  driver.upsert(SettlementLine, 1, { at: start + days(104) }, { paymentId: 7, net: "9.00 EUR", fee: "1.00 EUR" });
  driver.advance(start + days(105));
  expect(told(driver)).toEqual([
    [1, "fail", "under-charge"],
    [2, "pass", null],
  ]);
});

it("a counterpart later than `retain` is unknown-after-retention, not new business", () => {
  const driver = settledLongAgo(start + days(200));
  driver.upsert(SettlementLine, 2, { at: start + days(201) }, { paymentId: 7, net: "-4.00 EUR" });
  driver.advance(start + days(202));
  expect(told(driver)).toEqual([[1, "fail", "unknown-after-retention"]]);
  expect(driver.verdicts()[0]?.atRisk).toBe("4.00");
});

it("rows of a forgotten key that are deleted say nothing", () => {
  const driver = settledLongAgo(start + days(200)).delete(SettlementLine, 1, { at: start + days(201) });
  driver.advance(start + days(202));
  expect(told(driver)).toEqual([]);
});

it("nothing is left of a key after `retain` twice over", () => {
  const driver = settledLongAgo(start + days(359));
  expect(driver.keys()).toBe(1);
  driver.advance(start + days(362));
  expect(driver.keys()).toBe(0);
});

it("a key that comes back after `retain` twice over is new business; the versions of its verdicts go on", () => {
  const driver = settledLongAgo(start + days(10));
  driver.upsert(SettlementLine, 2, { at: start + days(11) }, { paymentId: 7, net: "10.00 EUR" });
  driver.delete(SettlementLine, 2, { at: start + days(12) }).advance(start + days(400));
  const captured = { paymentId: 7, status: "captured", amount: "5.00 EUR", capturedAt: start + days(401) };
  driver.upsert(Payment, 2, { at: start + days(401) }, captured).advance(start + days(403));
  expect(told(driver)).toEqual([
    [1, "fail", "over-charge"],
    [2, "pass", null],
    [3, "fail", "missing"],
  ]);
});
