import { hours, id, job, minutes, model, table } from "countercheck";

export const Order = model("Order", { from: table("shop", "orders"), fields: { id: id(), customer: id() } });
export const Payment = model("Payment", { from: table("bank", "payments"), fields: { id: id(), orderId: id() } });

/** Each order with its payments within the hour; orders that nobody has paid by then; payments that came too late. */
export default job("paid-orders", (env) => {
  const orders = env.changes(Order).asEvents().keyBy("id");
  const payments = env.changes(Payment).asEvents().keyBy("orderId");
  const paid = orders.intervalJoin("paid", payments, {
    from: minutes(-5),
    to: hours(1),
    type: "leftOuter",
    select: (order, payment) => ({ order: order.id, customer: order.customer, payment: payment.id }),
  });
  paid.to("paid");
  paid.late("right").to("late-payments");
});
