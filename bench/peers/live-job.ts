import { hours, id, instant, job, milliseconds, model, money, table, text } from "countercheck";

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

/** The check of the peers where clocks of databases agree: nothing is waited for but what proves that all was read. */
export default job("peers-live", (env) => {
  const lines = env.changes(SettlementLine);
  env.reconcile("payment-settlement", {
    by: "paymentId",
    expect: { captured: env.changes(Payment).where({ status: "captured" }).sum("amount") },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
    skew: milliseconds(0),
  });
});
