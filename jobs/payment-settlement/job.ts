import { days, hours, job, minus } from "countercheck";
import { Payment, Refund, SettlementLine } from "./models.ts";

/** Everything captured must be settled, net and fee, within a day; what goes back must be clawed back within five. */
export default job("payment-settlement", (env) => {
  const payments = env.changes(Payment).where({ status: "captured" });
  const succeeded = env.changes(Refund).where({ status: "succeeded" });
  const lines = env.changes(SettlementLine);

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
});
