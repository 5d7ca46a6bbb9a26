import { hours, job } from "countercheck";
import { Charge, Purchase, RefundBooking, RefundRequest, RefundResult } from "./models.ts";

/** No more goes back than came, nothing goes back or is paid twice, and the ledger books what was given back. */
export default job("refunds", (env) => {
  const captured = env.changes(Charge).where({ status: "captured" });
  // What is in flight may succeed; what failed or came back gives its part, and its key, back.
  const refunds = env.changes(RefundRequest).where({ status: ["in-flight", "succeeded"] });
  // What came back later had succeeded, and was booked.
  const succeeded = env.changes(RefundResult).where({ status: ["succeeded", "reversed"] });

  env.bound("refunds-within-captured", {
    by: "chargeId",
    of: { refunded: refunds.sum("amount") },
    within: { captured: captured.sum("amount") },
    unknownAfter: hours(6),
    classes: { exceeded: "over-refund", unknown: "refund-of-unknown-payment" },
  });

  env.unique("duplicate-refunds", {
    of: refunds,
    by: "requestKey",
    money: "amount",
    class: "duplicate-refund",
  });

  env.unique("suspected-duplicate-refunds", {
    of: refunds,
    by: "chargeId",
    alike: ["amount", "reason", "channelReference"],
    within: hours(24),
    // One request is the matter of the check above, and one payout that was told twice is no loss.
    confirmedBy: ["requestKey", "channelId"],
    money: "amount",
    class: "suspected-duplicate",
  });

  env.bound("duplicate-payments", {
    by: "purchaseId",
    of: { captured: captured.sum("amount") },
    within: { due: env.changes(Purchase).sum("due") },
    unknownAfter: hours(6),
    classes: { exceeded: "over-capture", repeated: "duplicate-payment", unknown: "payment-of-unknown-purchase" },
  });

  env.reconcile("refunds-booked", {
    by: "refundId",
    expect: { succeeded: succeeded.sum("amount") },
    actual: { booked: env.changes(RefundBooking).sum("amount") },
    missingAfter: hours(12),
    classes: {
      missing: "success-never-booked",
      "unknown-payment": "booking-never-succeeded",
      "under-charge": "booked-too-little",
      "over-charge": "booked-too-much",
      "currency-mismatch": "booked-in-other-currency",
    },
  });
});
