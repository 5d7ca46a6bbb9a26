import { expect, it } from "vitest";
import job from "../jobs/payment-settlement/job.ts";
import { Payment, SettlementLine } from "../jobs/payment-settlement/models.ts";
import { testJob } from "../testing/index.ts";

const H = 3_600_000;
it("walks", () => {
  const t = testJob(job);
  t.upsert(Payment, 1, { at: H }, { paymentId: 7, status: "captured", amount: "10.00 EUR", capturedAt: H });
  t.advance(30 * H);
  expect(t.verdicts().map((v) => [v.key, v.version, v.status, v.class, v.time])).toEqual([
    ["7", 1, "fail", "missing", 25 * H + 2000],
  ]);
  t.upsert(SettlementLine, 1, { at: 31 * H }, { paymentId: 7, net: "9.00 EUR", fee: "1.00 EUR", bookedAt: 31 * H });
  t.advance(40 * H);
  expect(t.verdicts().map((v) => [v.key, v.version, v.status, v.class, v.time])).toHaveLength(2);
  console.log(JSON.stringify(t.verdicts()[0], null, 1), t.alerts());
});
