import { type Duration, hours, id, instant, type Job, job, model, money, table, text } from "countercheck";

/** What runs of the check differ in; left out: the defaults. */
export interface PeersOptions {
  readonly skew?: Duration;
  readonly retain?: Duration;
  /** Both tables say the whole row before an update or a delete, so that no row stage keeps it. */
  readonly before?: "full";
}

/** The check that all peers make: what is captured is settled within a day, net and fee. */
export function peersJob(name: string, { before, ...options }: PeersOptions = {}): Job {
  // A capture of a payment.
  const payment = model("Payment", {
    from: table("shop", "payments", { before }),
    fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
    businessTime: "capturedAt",
  });
  // What the acquirer settles of a payment.
  const settlementLine = model("SettlementLine", {
    from: table("ledger", "settlement_lines", { before }),
    fields: { paymentId: id(), net: money(), fee: money(), bookedAt: instant() },
    businessTime: "bookedAt",
  });
  return job(name, (env) => {
    const lines = env.changes(settlementLine);
    env.reconcile("payment-settlement", {
      by: "paymentId",
      expect: { captured: env.changes(payment).where({ status: "captured" }).sum("amount") },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: hours(24),
      ...options,
    });
  });
}

export default peersJob("peers");
