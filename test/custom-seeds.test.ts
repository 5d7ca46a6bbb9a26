import { hours, job } from "countercheck";
import { expect, it } from "vitest";
import { Payment, SettlementLine } from "../jobs/payment-settlement/models.ts";
import { ShopLog } from "./support/shop-run.ts";

/** Two checks that must find the same: captures without any line a day later. One is a function over derived rows. */
const both = job("both", (env) => {
  const payments = env.changes(Payment).where({ status: "captured" });
  const lines = env.changes(SettlementLine);
  env.reconcile("by-kind", {
    by: "paymentId",
    expect: { captured: payments.sum("amount") },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
  });
  env.custom("by-function", {
    by: "paymentId",
    models: {
      captures: payments.derive(
        "Capture",
        { paymentId: Payment.fields.paymentId, amount: Payment.fields.amount, at: Payment.fields.capturedAt },
        ({ paymentId, amount, capturedAt }) => ({ paymentId, amount, at: capturedAt }),
        { businessTime: "at" },
      ),
      lines,
    },
    after: { captures: hours(24) },
    state: { wasMissing: 0n },
    judge({ captures, lines }, { isDue, state }) {
      if (lines.length > 0) return [];
      const due = captures.filter((capture) => isDue(capture));
      if (due.length === 0) return captures.length > 0 ? [{ pending: true }] : [];
      state.wasMissing += 1n;
      const [first] = due;
      const minor = due.reduce((sum, { amount }) => sum + (amount?.minor ?? 0n), 0n);
      return [{ class: "missing", atRisk: { minor, currency: first!.amount!.currency }, note: `${state.wasMissing}` }];
    },
  });
});

it.each([1, 2])(
  "a check by a function finds what a kind of check finds, in any order of reading: seed %i",
  async (seed) => {
    using log = await ShopLog.write(seed, 1_000, []);
    const run = await log.run(undefined, 1, both);
    expect([run.faults, run.engineAlerts]).toEqual([0, []]);
    const missing = (check: string) =>
      run.recorder.history
        .filter((entry) => entry.check === check && entry.class === "missing")
        .map(({ key, time, currency }) => `${key} ${currency} ${time}`)
        .sort();
    expect(missing("by-function").length).toBeGreaterThan(3);
    expect(missing("by-function")).toEqual(missing("by-kind"));
    for (const [interleave, workers] of [
      [1, 1],
      [2, 2],
    ] as const) {
      const other = await log.run(interleave, workers, both);
      expect(other.verdicts === run.verdicts && other.history === run.history, `order ${interleave}`).toBe(true);
    }
  },
);
