import { businessDays, cutoff, days, hours, job, minus } from "countercheck";
import { Payment, Payout, Refund, SettlementLine } from "./models.ts";

/**
 * Everything captured must be settled, net and fee, within a day; what goes back must be clawed back within five. What is
 * settled must be at the bank, net, by the cutoff of the next business day.
 */
export default job("payment-settlement", (env) => {
  const payments = env.changes(Payment).where({ status: "captured" });
  const succeeded = env.changes(Refund).where({ status: "succeeded" });
  const lines = env.changes(SettlementLine);
  const payouts = env.changes(Payout).where({ status: "paid" });

  env.reconcile("payment-settlement", {
    by: "paymentId",
    expect: {
      captured: payments.sum("amount"),
      refunded: minus(succeeded.where({ kind: "refund" }).sum("amount").within(days(5))),
      reversed: minus(succeeded.where({ kind: "reversal" }).sum("amount").within(days(5))),
    },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
  });

  env.reconcile("batch-payout", {
    by: "batchId",
    expect: { net: lines.sum("net") },
    actual: { paid: payouts.sum("amount") },
    missingAfter: businessDays(1, "TARGET2", cutoff("17:00", "Europe/Berlin")),
    warnBefore: hours(2),
    classes: { "unknown-payment": "unknown-batch", "under-charge": "under-paid", "over-charge": "over-paid" },
  });
});
