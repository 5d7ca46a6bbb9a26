import { id, instant, model, money, table, text } from "countercheck";

export const Payment = model("Payment", {
  from: [
    table("shop", "payments"),
    table("legacy", "pay_order", {
      paymentId: id("order_no"),
      amount: money({ column: "amt_cents", minorUnits: true, currency: "EUR" }),
      status: text({ column: "state", values: { 1: "captured", 2: "failed" } }),
      capturedAt: instant({ column: "gmt_paid", unit: "s" }),
    }),
  ],
  fields: {
    paymentId: id(),
    amount: money(),
    status: text({ values: { CAPTURED: "captured", FAILED: "failed" } }),
    capturedAt: instant(),
  },
  businessTime: "capturedAt",
});
