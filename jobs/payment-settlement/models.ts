import { id, instant, model, money, table, text } from "countercheck";

/** A capture attempt; several rows may share a payment. */
export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: {
    paymentId: id(),
    status: text(),
    amount: money(),
    capturedAt: instant(),
  },
  businessTime: "capturedAt",
});

/** Money that goes back to the buyer: a refund, or the reversal of a capture. */
export const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: {
    paymentId: id(),
    kind: text(),
    status: text(),
    amount: money(),
    refundedAt: instant(),
  },
  businessTime: "refundedAt",
});

/** What the acquirer settles: net and fee of a payment, negative for a claw-back, in batches. */
export const SettlementLine = model("SettlementLine", {
  from: table("ledger", "settlement_lines"),
  fields: {
    paymentId: id(),
    batchId: id(),
    net: money(),
    fee: money(),
    bookedAt: instant(),
  },
  businessTime: "bookedAt",
});

/** What the acquirer pays to the bank for a batch, negative where it collects; several payouts may share a batch. */
export const Payout = model("Payout", {
  from: table("ledger", "payouts"),
  fields: {
    batchId: id(),
    status: text(),
    amount: money(),
    paidAt: instant(),
  },
  businessTime: "paidAt",
});
