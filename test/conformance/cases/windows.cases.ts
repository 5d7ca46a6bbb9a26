import { hours, id, job, minutes, model, money, session, sliding, table, text, tumbling } from "countercheck";
import { beat, type ConformanceCase, rowsOf } from "../format.ts";

const Sale = model("WindowSale", {
  from: table("window-tills", "sales"),
  fields: { key: id("till"), amount: money({ currency: "EUR" }) },
});
const sale = rowsOf("window-tills", "sales");
const sold = (till: string, amount: string) => ({ key: till, amount: `${amount} EUR` });

/** Tumbling, sliding and session windows, late rows aside; four splits, one of them silent. */
export const windowCase: ConformanceCase = {
  name: "windows",
  job: job("window-case", (env) => {
    const sales = env.changes(Sale).asEvents().keyBy("key");
    const tumbled = sales.window(tumbling(minutes(10))).aggregate("window-tumbling", (rows) => ({
      key: rows.key("key"),
      from: rows.windowStart(),
      sales: rows.count(),
      total: rows.sum("amount", { currency: "EUR" }),
    }));
    tumbled.to("window-tumbling");
    tumbled.late().to("window-late");
    sales
      .window(sliding(minutes(20), minutes(10)))
      .aggregate("window-sliding", (rows) => ({
        key: rows.key("key"),
        to: rows.windowEnd(),
        most: rows.max("amount", { currency: "EUR" }),
      }))
      .to("window-sliding");
    sales
      .window(session(minutes(5)))
      .aggregate("window-session", (rows) => ({
        key: rows.key("key"),
        from: rows.windowStart(),
        to: rows.windowEnd(),
        sales: rows.count(),
      }))
      .to("window-session");
  }),
  splits: 4,
  parts: [
    [
      sale("08:04", 1, sold("north", "1.00")),
      sale("08:01", 2, sold("north", "2.00")),
      sale("08:12", 3, sold("north", "3.00")),
      sale("08:03", 4, sold("south", "4.00")),
      beat("08:11"),
    ],
    [sale("08:02", 5, sold("south", "50.00")), sale("08:13", 6, sold("south", "6.00")), beat("08:19")],
    [sale("08:15", 7, sold("north", "7.00")), sale("08:31", 8, sold("north", "8.00")), beat("08:30")],
    [beat("10:00")],
  ],
  expected: {
    "window-late": { south: ["amount=5000 EUR"] },
    "window-session": {
      north: [
        "from=08:01 to=08:09 sales=2",
        "from=08:12 to=08:17 sales=1",
        "from=08:15 to=08:20 sales=1",
        "from=08:31 to=08:36 sales=1",
      ],
      south: ["from=08:03 to=08:08 sales=1", "from=08:13 to=08:18 sales=1"],
    },
    "window-sliding": {
      north: [
        "to=08:10 most=200 EUR",
        "to=08:20 most=700 EUR",
        "to=08:30 most=700 EUR",
        "to=08:40 most=800 EUR",
        "to=08:50 most=800 EUR",
      ],
      south: ["to=08:10 most=400 EUR", "to=08:20 most=5000 EUR", "to=08:30 most=600 EUR"],
    },
    "window-tumbling": {
      north: [
        "from=08:00 sales=2 total=300 EUR",
        "from=08:10 sales=2 total=1000 EUR",
        "from=08:30 sales=1 total=800 EUR",
      ],
      south: ["from=08:00 sales=1 total=400 EUR", "from=08:10 sales=1 total=600 EUR"],
    },
  },
};

const Order = model("JoinOrder", {
  from: table("join-shop", "orders"),
  fields: { key: id(), item: text() },
});
const Payment = model("JoinPayment", {
  from: table("join-bank", "payments"),
  fields: { key: id(), amount: money({ currency: "EUR" }) },
});
const order = rowsOf("join-shop", "orders");
const payment = rowsOf("join-bank", "payments");

/** By interval, with what has no counterpart, and of tables whose rows change and go. */
export const joinCase: ConformanceCase = {
  name: "joins",
  job: job("join-case", (env) => {
    const orders = env.changes(Order);
    const payments = env.changes(Payment);
    orders
      .asEvents()
      .keyBy("key")
      .intervalJoin("join-interval", payments.asEvents().keyBy("key"), {
        from: minutes(-5),
        to: minutes(30),
        type: "leftOuter",
        select: (left, right) => ({ key: left.key, item: left.item, amount: right.amount }),
      })
      .to("join-interval");
    orders
      .keyBy("key")
      .join("join-tables", payments.keyBy("key"), {
        type: "inner",
        select: (left, right) => ({ key: left.key, item: left.item, amount: right.amount }),
        ttl: hours(100),
      })
      .to("join-tables");
  }),
  splits: 1,
  parts: [
    [
      order("08:00", 1, { key: "paid", item: "pen" }),
      order("08:01", 2, { key: "unpaid", item: "ink" }),
      payment("08:20", "p1", { key: "paid", amount: "1.00 EUR" }),
      beat("08:20"),
    ],
    [payment("08:25", "p2", { key: "paid", amount: "2.00 EUR" }), beat("08:29")],
    [payment("08:40", "p3", { key: "unpaid", amount: "3.00 EUR" }), beat("08:50")],
    [payment("08:55", "p1", null), beat("10:00")],
  ],
  expected: {
    "join-interval": { paid: ["item=pen amount=100 EUR", "item=pen amount=200 EUR"], unpaid: ["item=ink amount=null"] },
    "join-tables": {
      paid: [
        "$op=add item=pen amount=100 EUR",
        "$op=add item=pen amount=200 EUR",
        "$op=retract item=pen amount=100 EUR",
      ],
      unpaid: ["$op=add item=ink amount=300 EUR"],
    },
  },
};

const Refund = model("RankedRefund", {
  from: table("rank-desk", "refunds"),
  fields: { refundId: id(), key: id("clerk"), amount: money({ currency: "EUR" }) },
});
const refund = rowsOf("rank-desk", "refunds");
const given = (refundId: number, clerk: string, amount: string) => ({ refundId, key: clerk, amount: `${amount} EUR` });

/** Aggregates and rankings of rows that change and go, and what is told of once. */
export const changelogCase: ConformanceCase = {
  name: "changelogs",
  job: job("changelog-case", (env) => {
    const refunds = env.changes(Refund);
    refunds
      .keyBy("key")
      .aggregate("rank-totals", (rows) => ({
        key: rows.key("key"),
        refunds: rows.count(),
        total: rows.sum("amount", { currency: "EUR" }),
        largest: rows.max("amount", { currency: "EUR" }),
      }))
      .to("rank-totals");
    refunds
      .keyBy("key", "amount.currency")
      .topN("rank-top", 2, { by: "amount", order: "desc", withRank: true })
      .to("rank-top");
    refunds.asEvents().keyBy("key").deduplicate("rank-first", { keep: "first" }).to("rank-first");
  }),
  splits: 1,
  parts: [
    [
      refund("08:00", 1, given(1, "ann", "5.00")),
      refund("08:01", 2, given(2, "ann", "9.00")),
      refund("08:02", 3, given(3, "ben", "2.00")),
      beat("08:10"),
    ],
    [refund("08:11", 4, given(4, "ann", "7.00")), refund("08:12", 2, given(2, "ann", "1.00")), beat("08:20")],
    [refund("08:21", 1, null), beat("08:30")],
    [refund("08:31", 3, given(3, "ann", "3.00")), beat("09:00")],
  ],
  expected: {
    "rank-first": { ann: ["refundId=1 amount=500 EUR"], ben: ["refundId=3 amount=200 EUR"] },
    "rank-top": {
      ann: [
        "$op=add refundId=1 amount=500 EUR rank=1",
        "$op=retract refundId=1 amount=500 EUR rank=1",
        "$op=add refundId=2 amount=900 EUR rank=1",
        "$op=add refundId=1 amount=500 EUR rank=2",
        "$op=retract refundId=1 amount=500 EUR rank=2",
        "$op=add refundId=4 amount=700 EUR rank=2",
        "$op=retract refundId=2 amount=900 EUR rank=1",
        "$op=add refundId=4 amount=700 EUR rank=1",
        "$op=retract refundId=4 amount=700 EUR rank=2",
        "$op=add refundId=1 amount=500 EUR rank=2",
        "$op=retract refundId=1 amount=500 EUR rank=2",
        "$op=add refundId=2 amount=100 EUR rank=2",
        "$op=retract refundId=2 amount=100 EUR rank=2",
        "$op=add refundId=3 amount=300 EUR rank=2",
      ],
      ben: ["$op=add refundId=3 amount=200 EUR rank=1", "$op=retract refundId=3 amount=200 EUR rank=1"],
    },
    "rank-totals": {
      ann: [
        "$op=add refunds=1 total=500 EUR largest=500 EUR",
        "$op=retract refunds=1 total=500 EUR largest=500 EUR",
        "$op=add refunds=2 total=1400 EUR largest=900 EUR",
        "$op=retract refunds=2 total=1400 EUR largest=900 EUR",
        "$op=add refunds=3 total=2100 EUR largest=900 EUR",
        "$op=retract refunds=3 total=2100 EUR largest=900 EUR",
        "$op=add refunds=2 total=1200 EUR largest=700 EUR",
        "$op=retract refunds=2 total=1200 EUR largest=700 EUR",
        "$op=add refunds=3 total=1300 EUR largest=700 EUR",
        "$op=retract refunds=3 total=1300 EUR largest=700 EUR",
        "$op=add refunds=2 total=800 EUR largest=700 EUR",
        "$op=retract refunds=2 total=800 EUR largest=700 EUR",
        "$op=add refunds=3 total=1100 EUR largest=700 EUR",
      ],
      ben: ["$op=add refunds=1 total=200 EUR largest=200 EUR", "$op=retract refunds=1 total=200 EUR largest=200 EUR"],
    },
  },
};
