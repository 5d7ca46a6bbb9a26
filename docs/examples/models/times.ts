import { id, instant, model, table } from "countercheck";

export const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), orderedAt: instant(), paidAt: instant({ column: "gmt_modified", unit: "s" }) },
  businessTime: "paidAt",
});
