import { atMost, days, id, instant, job, model, money, table, text } from "countercheck";

export const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { id: id(), item: text(), placed: instant() },
});
export const Payment = model("Payment", {
  from: table("bank", "payments"),
  fields: { order: id(), amount: money({ currency: "EUR" }), made: instant() },
});

/** Every order with its payments, or without one while there is none. */
export default job("paid-orders", (env) => {
  env
    .changes(Order)
    .keyBy("id")
    .join("paid", env.changes(Payment).keyBy("order"), {
      type: "leftOuter",
      where: (order, payment) => [atMost(order.placed, payment.made)],
      select: (order, payment) => ({ order: order.id, item: order.item, paid: payment.amount }),
      ttl: days(90),
    })
    .to("paid-orders");
});
