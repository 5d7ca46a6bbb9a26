import {
  atMost,
  hours,
  id,
  idOf,
  instant,
  integer,
  job,
  less,
  minutes,
  model,
  money,
  table,
  text,
} from "../../index.ts";

/** What compiles and what does not in joins of tables: every line under `@ts-expect-error` must fail, every other one must not. */

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { id: id(), no: integer(), at: instant(), item: text() },
});
const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { order: id(), no: integer(), at: instant(), amount: money() },
});

export const compiles = job("joins", (env) => {
  const orders = env.changes(Order).keyBy("id");
  const payments = env.changes(Payment).keyBy("order");
  const joined = orders.join("paid", payments, {
    type: "leftOuter",
    select: (order, payment) => ({ id: order.id, item: order.item, paid: payment.amount }),
    where: (order, payment) => [less(order.no, payment.no), atMost(order.at, payment.at)],
    ttl: { left: hours(24), right: minutes(1) },
  });
  joined.where({ item: "lamp", id: idOf(1) }).to("lamps");
  const twice = joined
    .keyBy("id", "paid.currency")
    .join("twice", env.changes(Payment).asEvents().keyBy("order", "amount.currency"), {
      type: "inner",
      select: (left, right) => ({ ...left, amount: right.amount }),
    });
  twice.asEvents().select("item", "amount").to("out");
});

export const wrong = job("wrong-joins", (env) => {
  const orders = env.changes(Order).keyBy("id");
  const payments = env.changes(Payment).keyBy("order");
  const select = () => ({});
  // @ts-expect-error keys of other types
  orders.join("types", env.changes(Payment).keyBy("no"), { type: "inner", select });
  // @ts-expect-error more parts on one side
  orders.join("parts", env.changes(Payment).keyBy("order", "no"), { type: "inner", select });
  // @ts-expect-error the other side has no key
  orders.join("no-key", env.changes(Payment), { type: "inner", select });
  // @ts-expect-error there is no such type
  orders.join("no-type", payments, { type: "left", select });
  // @ts-expect-error a ttl has a unit: hours(1)
  orders.join("no-unit", payments, { type: "inner", select, ttl: 3_600_000 });
  // @ts-expect-error fields are compared with others of their type
  orders.join("no-order", payments, { type: "inner", select, where: (order, payment) => [less(order.no, payment.at)] });
  // @ts-expect-error texts have no order here
  orders.join("no-texts", payments, { type: "inner", select, where: (order) => [less(order.item, order.item)] });
  // @ts-expect-error the left side has no such field
  orders.join("no-field", payments, { type: "inner", select: (order) => ({ paid: order.amount }) });
  // @ts-expect-error a selection names fields, not values
  orders.join("no-ref", payments, { type: "inner", select: () => ({ one: 1 }) });
  const joined = orders.join("paid", payments, { type: "inner", select: (order) => ({ item: order.item }) });
  // @ts-expect-error what is not selected is not there
  joined.where({ id: idOf(1) });
  // @ts-expect-error a text is no number
  joined.where({ item: 1 });
});
