import { days, hours } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, instant, model, money, type TableOptions, table, text } from "../../dataflow/model.ts";

/** The shop's settlement, over tables that are declared as the options say. */
export function shopJob(options?: TableOptions): Job {
  const Payment = model("Payment", {
    from: table("shop", "payments", options),
    fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
    businessTime: "capturedAt",
  });
  const Refund = model("Refund", {
    from: table("shop", "refunds", options),
    fields: { paymentId: id(), kind: text(), status: text(), amount: money(), refundedAt: instant() },
    businessTime: "refundedAt",
  });
  const Line = model("Line", {
    from: table("ledger", "settlement_lines", options),
    fields: { paymentId: id(), net: money(), fee: money(), bookedAt: instant() },
    businessTime: "bookedAt",
  });
  return job("shop", (env) => {
    const payments = env.changes(Payment).where({ status: "captured" });
    const refunds = env.changes(Refund).where({ status: "succeeded" });
    const lines = env.changes(Line);
    env.reconcile("settlement", {
      by: "paymentId",
      expect: {
        captured: payments.sum("amount"),
        refunded: minus(refunds.where({ kind: "refund" }).sum("amount").within(days(5))),
        reversed: minus(refunds.where({ kind: "reversal" }).sum("amount").within(days(5))),
      },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: hours(24),
    });
  });
}
