import { id, instant, model, money, table, text } from "countercheck";

/** Attempts to capture a payment. */
export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { id: id(), paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
});

/** Money that goes back to the buyer. */
export const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: { id: id(), paymentId: id(), status: text(), amount: money() },
});

/** What is settled; rows change, and go. */
export const Line = model("Line", {
  from: table("ledger", "settlement_lines"),
  fields: { batchId: id(), lineNo: id(), paymentId: id(), net: money() },
});

/** The same table as if its rows were only inserted: what is no insert is a dead letter, and what a connector says again comes again. */
export const Booking = model("Booking", {
  from: table("ledger", "settlement_lines"),
  fields: { batchId: id(), lineNo: id(), paymentId: id(), net: money() },
  insertsOnly: true,
});
