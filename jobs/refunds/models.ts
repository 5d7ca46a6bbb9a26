import { id, instant, model, money, table, text } from "countercheck";

/** What a buyer owes: an intent to pay. */
export const Purchase = model("Purchase", {
  from: table("shop", "purchases"),
  fields: {
    purchaseId: id("purchase_no"),
    due: money({ column: "due_amount", minorUnits: true }),
  },
});

/** An attempt to have a purchase paid; several may share it. */
export const Charge = model("Charge", {
  from: table("shop", "charges"),
  fields: {
    chargeId: id("charge_no"),
    purchaseId: id("purchase_no"),
    status: text({ values: { 0: "created", 1: "captured", 2: "failed", 3: "reversed" } }),
    amount: money({ minorUnits: true }),
    createdAt: instant("gmt_create"),
  },
  businessTime: "createdAt",
});

const refundStatus = text({
  column: "status",
  values: { 0: "requested", 1: "in-flight", 2: "succeeded", 3: "failed", 4: "reversed" },
});

/** A request to give money of a charge back, from when it was made. */
export const RefundRequest = model("RefundRequest", {
  from: table("shop", "charge_refunds"),
  fields: {
    chargeId: id("charge_no"),
    /** The caller's key of the request. */
    requestKey: id("request_no"),
    reason: text(),
    /** What the channel was told that it is for. */
    channelReference: text("channel_ref"),
    /** What the channel calls it; known once it is done. */
    channelId: text("channel_no"),
    status: refundStatus,
    amount: money({ minorUnits: true }),
    requestedAt: instant("gmt_create"),
  },
  businessTime: "requestedAt",
});

/** The same table, from when the channel was done: what the ledger has to book. */
export const RefundResult = model("RefundResult", {
  from: table("shop", "charge_refunds"),
  fields: {
    refundId: id("refund_no"),
    status: refundStatus,
    amount: money({ minorUnits: true }),
    finishedAt: instant("gmt_finish"),
  },
  businessTime: "finishedAt",
});

/** The ledger's booking of a refund. */
export const RefundBooking = model("RefundBooking", {
  from: table("ledger", "refund_bookings"),
  fields: {
    refundId: id("refund_no"),
    amount: money({ minorUnits: true }),
    bookedAt: instant(),
  },
  businessTime: "bookedAt",
});
