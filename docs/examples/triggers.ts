import { early, hours, id, job, minutes, model, table, tumbling } from "countercheck";

export const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), article: id() },
});

/** Orders by article and hour: a first word at every hundred, the count when the hour is over, and corrections for ten minutes. */
export default job("orders-by-hour", (env) => {
  env
    .changes(Order)
    .asEvents()
    .keyBy("article")
    .window(tumbling(hours(1)))
    .trigger(early({ count: 100 }))
    .allowedLateness(minutes(10))
    .aggregate("orders", (orders) => ({
      article: orders.key("article"),
      orders: orders.count(),
      hour: orders.windowStart(),
    }))
    .to("orders");
});
