import { id, model, table, text } from "countercheck";

export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: {
    paymentId: id(),
    status: text({ column: "state", values: { 1: "created", 2: "captured", 3: "failed" } }),
    method: text({ values: { CC: "card", DD: "direct-debit" }, otherwise: "other" }),
    channel: text({ default: "web" }),
  },
});
