import { type Duration, hours, id, instant, type Job, job, model, money, table, text } from "countercheck";

/** A capture of a payment. */
const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
  businessTime: "capturedAt",
});

/** What the acquirer settles of a payment. */
const SettlementLine = model("SettlementLine", {
  from: table("ledger", "settlement_lines"),
  fields: { paymentId: id(), net: money(), fee: money(), bookedAt: instant() },
  businessTime: "bookedAt",
});

/** The check that all peers make: what is captured is settled within a day, net and fee. `options`: others than the defaults. */
export function peersJob(name: string, options: { readonly skew?: Duration; readonly retain?: Duration } = {}): Job {
  return job(name, (env) => {
    const lines = env.changes(SettlementLine);
    env.reconcile("payment-settlement", {
      by: "paymentId",
      expect: { captured: env.changes(Payment).where({ status: "captured" }).sum("amount") },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: hours(24),
      ...options,
    });
  });
}

export default peersJob("peers");
