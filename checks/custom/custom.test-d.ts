import {
  businessDays,
  cutoff,
  flag,
  hours,
  id,
  instant,
  integer,
  job,
  model,
  money,
  table,
  text,
} from "../../index.ts";

/** What compiles and what does not in checks by a function: every line under `@ts-expect-error` must fail. */

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), status: text({ values: { 1: "open", 2: "paid" } }), total: money(), at: instant() },
});
const Line = model("Line", {
  from: table("shop", "lines"),
  fields: { orderId: id(), sku: text(), price: money(), count: integer(), gift: flag() },
});

export const compiles = job("compiles", (env) => {
  env.custom("lines", {
    by: "orderId",
    models: { orders: env.changes(Order).where({ status: "paid" }), lines: env.changes(Line) },
    after: { orders: hours(1), lines: businessDays(1, "TARGET2", cutoff("17:00", "Europe/Berlin")) },
    state: { seen: 0n, skus: [] as string[], last: null as null | string },
    judge({ orders, lines }, { key, point, isDue, changedAt, state }) {
      state.seen += 1n;
      state.skus.push(key);
      state.last = lines[0]?.sku ?? null;
      const [order] = orders;
      if (order === undefined || !isDue(order)) return [{ pending: true }];
      const sum = lines.reduce((total, { price, count }) => total + (price?.minor ?? 0n) * (count ?? 0n), 0n);
      const missing = (order.total?.minor ?? 0n) - sum;
      if (missing <= 0n || changedAt(order) > point) return [];
      return [{ class: "lines-missing", atRisk: { minor: missing, currency: "EUR" }, note: `${missing}` }];
    },
  });
  env.custom("free", {
    by: ["orderId", "sku"],
    models: { lines: env.changes(Line) },
    judge: () => [{ class: "free" }],
  });
});

export const wrong = job("wrong", (env) => {
  const models = { orders: env.changes(Order), lines: env.changes(Line) };
  // @ts-expect-error orders have no sku
  env.custom("a", { by: "sku", models, judge: () => [] });
  // @ts-expect-error money is no key
  env.custom("b", { by: "price", models: { lines: env.changes(Line) }, judge: () => [] });
  // @ts-expect-error there are no refunds
  env.custom("c", { by: "orderId", models, judge: ({ refunds }) => refunds });
  // @ts-expect-error no order has that status
  env.custom("d", { by: "orderId", models, judge: ({ orders }) => (orders[0]?.status === "lost" ? [] : []) });
  // @ts-expect-error a finding has a class, or is pending
  env.custom("e", { by: "orderId", models, judge: () => [{ note: "?" }] });
  // @ts-expect-error it gives its findings at once
  env.custom("f", { by: "orderId", models, judge: async () => [] });
  // @ts-expect-error a deadline has a unit
  env.custom("g", { by: "orderId", models, after: { orders: 5 }, judge: () => [] });
  // @ts-expect-error no such model
  env.custom("h", { by: "orderId", models, after: { refunds: hours(1) }, judge: () => [] });
  // @ts-expect-error a date cannot be kept
  env.custom("i", { by: "orderId", models, state: { at: new Date() }, judge: () => [] });
  // @ts-expect-error events are no rows
  env.custom("j", { by: "orderId", models: { orders: env.changes(Order).asEvents() }, judge: () => [] });
});
