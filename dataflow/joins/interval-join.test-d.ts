import { id, integer, type JoinedStream, job, minutes, model, type Stream, table, text } from "../../index.ts";

/** What compiles and what does not in interval joins: every line under `@ts-expect-error` must fail, no other one. */

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), shop: text(), items: integer() },
});
const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), orderId: id(), till: text(), number: integer() },
});

const bounds = { from: minutes(-5), to: minutes(5) };

export const compiles = job("joins", (env) => {
  const orders = env.changes(Order).asEvents();
  const payments = env.changes(Payment).asEvents();
  const joined: Stream<{ readonly shop: typeof Order.fields.shop; readonly paid: typeof Payment.fields.number }> =
    orders.keyBy("orderId").intervalJoin("by id", payments.keyBy("orderId"), {
      ...bounds,
      type: "leftOuter",
      late: "aside",
      select: (order, payment) => ({ shop: order.shop, paid: payment.number }),
    });
  joined.keyBy("paid");

  const two = orders.keyBy("shop", "items").intervalJoin("by two fields", payments.keyBy("till", "number"), {
    ...bounds,
    type: "inner",
    select: ({ shop }, { till }) => ({ shop, till }),
  });
  const lateOrders: Stream<typeof Order.fields> = two.late("left");
  const latePayments: Stream<typeof Payment.fields> = two.late("right");
  lateOrders.to("late");
  latePayments.to("late");

  // @ts-expect-error there is no middle
  two.late("middle");
  // @ts-expect-error the field was not selected
  two.where({ items: 1 });
  // @ts-expect-error late payments have no shop
  two.late("right").where({ shop: "main" });
});

export const wrongKeys = job("wrong-keys", (env) => {
  const orders = env.changes(Order).asEvents();
  const payments = env.changes(Payment).asEvents();
  const spec = { ...bounds, type: "inner", select: () => ({}) } as const;
  // @ts-expect-error both sides of a join must be keyed by values of the same types
  orders.keyBy("orderId").intervalJoin("id and text", payments.keyBy("till"), spec);
  // @ts-expect-error both sides of a join must be keyed by values of the same types
  orders.keyBy("orderId").intervalJoin("one and two", payments.keyBy("orderId", "till"), spec);
  // @ts-expect-error both sides of a join must be keyed by values of the same types
  orders.keyBy("shop", "items").intervalJoin("another order", payments.keyBy("number", "till"), spec);
  // @ts-expect-error a stream that is not keyed has no partners
  orders.keyBy("orderId").intervalJoin("not keyed", payments, spec);
  // @ts-expect-error a changelog is no stream of events
  orders.keyBy("orderId").intervalJoin("changelog", env.changes(Payment).keyBy("orderId"), spec);
});

export const wrongSpecs = job("wrong-specs", (env) => {
  const orders = env.changes(Order).asEvents().keyBy("orderId");
  const payments = env.changes(Payment).asEvents().keyBy("orderId");
  const select = () => ({});
  // @ts-expect-error a bound has a unit: minutes(-5)
  orders.intervalJoin("no unit", payments, { from: -5, to: minutes(5), type: "inner", select });
  // @ts-expect-error an interval has two ends
  orders.intervalJoin("no end", payments, { from: minutes(-5), type: "inner", select });
  // @ts-expect-error the types are inner, leftOuter, rightOuter and fullOuter
  orders.intervalJoin("no type", payments, { ...bounds, type: "outer", select });
  // @ts-expect-error late rows are joined or kept aside
  orders.intervalJoin("no such way", payments, { ...bounds, type: "inner", late: "drop", select });
  // @ts-expect-error the left side has no such field
  orders.intervalJoin("no field", payments, { ...bounds, type: "inner", select: ({ till }) => ({ till }) });
  // @ts-expect-error a value is no field
  orders.intervalJoin("a value", payments, { ...bounds, type: "inner", select: () => ({ n: 1 }) });
});

/** The types that a job's own functions name. */
export const named = (
  joined: JoinedStream<typeof Order.fields, typeof Payment.fields, { readonly shop: typeof Order.fields.shop }>,
) => joined.late("left").to("late");
