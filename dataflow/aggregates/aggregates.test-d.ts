import {
  flag,
  hours,
  type Id,
  id,
  instant,
  integer,
  job,
  type MoneyValue,
  minutes,
  model,
  money,
  number,
  table,
  text,
  tumbling,
} from "../../index.ts";

/** What compiles and what does not in aggregates: every line under `@ts-expect-error` must fail, every other one must not. */

const Sale = model("Sale", {
  from: table("shop", "sales"),
  fields: {
    shop: id(),
    item: text(),
    pieces: integer(),
    weight: number(),
    isGift: flag(),
    at: instant(),
    paid: money(),
  },
});

export const compiles = job("aggregates", (env) => {
  const sales = env.changes(Sale);
  const totals = sales.keyBy("shop", "paid.currency").aggregate("totals", (rows) => ({
    shop: rows.key("shop"),
    currency: rows.key("paid.currency"),
    sales: rows.count(),
    named: rows.count("item"),
    pieces: rows.sum("pieces"),
    weight: rows.sum("weight"),
    paid: rows.sum("paid"),
    euros: rows.sum("paid", { currency: "EUR" }),
    most: rows.max("paid"),
    least: rows.min("item"),
    at: rows.min("at"),
    mean: rows.avg("pieces"),
    gift: rows.last("isGift"),
    first: rows.first("paid"),
    shops: rows.distinct("shop"),
    longest: rows.fold({
      keeps: { text: text() },
      gives: integer(),
      add: (kept, { item }) => ({ text: (kept.text ?? "").length > (item ?? "").length ? kept.text : item }),
      retract: (kept) => kept,
      result: ({ text }) => (text === null ? null : BigInt(text.length)),
    }),
  }));
  totals.asEvents().map({ shop: id(), n: integer(), share: number(), paid: money(), gift: flag() }, (total) => {
    const shop: Id | null = total.shop;
    const currency: string | null = total.currency;
    const pieces: bigint | null = total.pieces;
    const weight: number | null = total.weight;
    const paid: MoneyValue | null = total.paid ?? total.euros ?? total.most ?? total.first;
    const least: string | null = total.least ?? currency;
    const longest: bigint | null = total.longest;
    return {
      shop,
      n: pieces ?? longest ?? BigInt(least?.length ?? 0),
      share: weight ?? total.mean,
      paid,
      gift: total.gift,
    };
  });
  // A result is a model of its own: its instant is one, and its ids are keys.
  totals.asEvents().timedBy("at", { lag: minutes(1) });
  totals.keyBy("shop").aggregate("again", (rows) => ({ best: rows.max("pieces") }), { ttl: hours(1) });
});

export const wrong = job("wrong-aggregates", (env) => {
  const sales = env.changes(Sale).keyBy("shop");
  sales.aggregate("wrong", (rows) => ({
    // @ts-expect-error it is no part of the key
    item: rows.key("item"),
    // @ts-expect-error currencies would mix: { currency: "EUR" }, or the key has it
    paid: rows.sum("paid"),
    // @ts-expect-error nor have amounts of several currencies an order
    most: rows.max("paid"),
    // @ts-expect-error pieces have no currency
    pieces: rows.sum("pieces", { currency: "EUR" }),
    // @ts-expect-error texts have no sum
    items: rows.sum("item"),
    // @ts-expect-error nor have points in time
    at: rows.sum("at"),
    // @ts-expect-error money has no mean
    mean: rows.avg("paid"),
    // @ts-expect-error a flag has no order
    gift: rows.min("isGift"),
    // @ts-expect-error there is no such field
    count: rows.count("pieses"),
    // @ts-expect-error nor here
    last: rows.last("pieses"),
    // @ts-expect-error only windows have a start
    start: rows.windowStart(),
  }));
  // @ts-expect-error results are aggregates, not fields
  sales.aggregate("fields", () => ({ n: integer() }));
  // @ts-expect-error a ttl has a unit: hours(1)
  sales.aggregate("ttl", (rows) => ({ n: rows.count() }), { ttl: 3_600_000 });
  const counted = sales.aggregate("counted", (rows) => ({ shop: rows.key("shop"), n: rows.count() }));
  // @ts-expect-error what is not computed is not there
  counted.where({ item: "lamp" });
  sales.aggregate("folds", (rows) => ({
    n: rows.fold({
      keeps: { n: integer() },
      gives: integer(),
      // @ts-expect-error what is kept has no such field
      add: (kept) => ({ n: kept.m }),
      // @ts-expect-error the result is an integer
      result: () => "1",
    }),
    m: rows.fold({
      keeps: { n: integer() },
      gives: integer(),
      // @ts-expect-error the rows have no such field
      add: (_, row) => ({ n: row.pieses }),
      result: ({ n }) => n,
    }),
  }));
});

export const windows = job("windows", (env) => {
  const sales = env
    .changes(Sale)
    .asEvents()
    .timedBy("at", { lag: minutes(1) })
    .keyBy("shop");
  const hourly = sales.window(tumbling(hours(1))).aggregate("hourly", (rows) => ({
    from: rows.windowStart(),
    pieces: rows.sum("pieces"),
    // @ts-expect-error in windows too
    paid: rows.sum("paid"),
  }));
  hourly.timedBy("from", { lag: hours(1) });
  // @ts-expect-error a sum is no point in time
  hourly.timedBy("pieces", { lag: hours(1) });
});
