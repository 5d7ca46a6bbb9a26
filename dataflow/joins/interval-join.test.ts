import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import type { Job } from "../../checks/job.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, instant, integer, model, money, table, text } from "../model.ts";
import type { IntervalJoinSpec } from "./interval-join.ts";
import type { JoinType } from "./join-type.ts";
import type { Refs, Selection } from "./selection.ts";

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), shop: text() },
});
const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), orderId: id(), amount: money() },
});

const MINUTE = 60_000;

/** Orders with the payments from five minutes before to ten minutes after. */
const paidOrders = (type: JoinType, late: "join" | "aside" = "join"): Job =>
  jobOf((env) => {
    const orders = env.changes(Order).asEvents().keyBy("orderId");
    const payments = env.changes(Payment).asEvents().keyBy("orderId");
    const paid = orders.intervalJoin("paid", payments, {
      from: minutes(-5),
      to: minutes(10),
      type,
      late,
      select: (order, payment) => ({ order: order.orderId, paid: payment.orderId, payment: payment.paymentId }),
    });
    paid.late("left").to("late orders");
    paid.late("right").to("late payments");
    paid
      .map({ ...SHOWN, key: id() }, ({ order, paid, payment }) => ({ key: order ?? paid, order, payment }) as never)
      .keyBy("key")
      .process("told", {
        state: {},
        emits: { ...SHOWN, minute: instant(), watermark: instant() },
        onElement: ({ order, payment }, { emit, time, watermark }) =>
          emit({ order, payment, minute: time / MINUTE, watermark: watermark / MINUTE }),
      })
      .to("out");
  });

const SHOWN = { order: id(), payment: id() };

/** A harness in minutes, that shows results as `order payment @minute`. */
class Shop extends JobHarness {
  order(orderId: string, minute: number): this {
    return this.row(Order, { orderId: idOf(orderId), shop: "main" }, minute * MINUTE);
  }
  payment(paymentId: string, orderId: string, minute: number): this {
    return this.row(Payment, { paymentId: idOf(paymentId), orderId: idOf(orderId) }, minute * MINUTE);
  }
  at(minute: number): this {
    return this.watermark(minute * MINUTE);
  }
  pairs(): string[] {
    return this.take().map(({ order, payment, minute }) => `${shown(order)} ${shown(payment)} @${minute}`);
  }
  late(): string[] {
    return [...this.take("late orders"), ...this.take("late payments")].map(({ orderId }) => shown(orderId));
  }
}

const shown = (value: unknown): string => (value === null ? "-" : String(value).slice(1));

describe("an interval join", () => {
  it("gives a pair as soon as both rows are there, at the later time, both bounds included", () => {
    const shop = new Shop(paidOrders("inner"));
    expect(shop.order("a", 10).pairs()).toEqual([]);
    expect(shop.payment("p", "a", 20).pairs()).toEqual(["a p @20"]);
    expect(shop.payment("too late", "a", 21).payment("too early", "a", 4).payment("other", "b", 10).pairs()).toEqual(
      [],
    );
    expect(shop.payment("q", "a", 5).pairs()).toEqual(["a q @10"]);
    expect(shop.order("a", 15).pairs()).toEqual(["a p @20", "a too late @21"]);
  });

  it("keeps a row until the watermark reaches the end of its interval", () => {
    const shop = new Shop(paidOrders("inner"));
    shop.order("a", 10).payment("p", "b", 17);
    expect(shop.at(19).payment("q", "a", 20).pairs()).toEqual(["a q @20"]);
    expect(shop.at(20).keys()).toBe(2);
    expect(shop.payment("r", "a", 20).pairs(), "a late row finds no order any more").toEqual([]);
    expect([shop.at(22).keys(), shop.at(25).keys()]).toEqual([1, 0]);
  });

  it("gives unmatched rows once, when their interval is over, and they are not late", () => {
    const shop = new Shop(paidOrders("fullOuter"));
    shop.order("a", 10).payment("p", "b", 12).order("c", 11).payment("q", "c", 12);
    expect(shop.pairs()).toEqual(["c q @12"]);
    expect(shop.at(16).pairs()).toEqual([]);
    const results = shop.at(40).take();
    expect(results.map(({ order, payment }) => `${shown(order)} ${shown(payment)}`)).toEqual(["- p", "a -"]);
    for (const { minute, watermark } of results) expect(minute).toBeGreaterThan(watermark as number);
    expect(shop.end().pairs()).toEqual([]);
    expect(shop.keys()).toBe(0);
  });

  it.each<[JoinType, string[]]>([
    ["inner", []],
    ["leftOuter", ["a - @10"]],
    ["rightOuter", ["- p @12"]],
    ["fullOuter", ["a - @10", "- p @12"]],
  ])("%s", (type, unmatched) => {
    const shop = new Shop(paidOrders(type)).order("a", 10).payment("p", "b", 12).at(60);
    expect(shop.pairs().sort()).toEqual(unmatched.sort());
    expect(shop.keys()).toBe(0);
  });

  it("ends with its input", () => {
    const shop = new Shop(paidOrders("leftOuter")).order("a", 10).order("b", 11).payment("p", "a", 10).end();
    expect(shop.pairs()).toEqual(["a p @10", "b - @11"]);
    expect(shop.keys()).toBe(0);
  });

  it("pairs late rows with what is kept; those whose interval is over too come out at once", () => {
    const shop = new Shop(paidOrders("leftOuter")).order("a", 10).at(14);
    expect(shop.payment("late", "a", 12).pairs()).toEqual(["a late @12"]);
    expect(shop.order("later", 4).pairs()).toEqual(["later - @4"]);
    expect(shop.payment("much later", "z", 9).pairs()).toEqual([]);
    expect(shop.late()).toEqual(["z"]);
  });

  it("keeps late rows out where the job says so", () => {
    const shop = new Shop(paidOrders("fullOuter", "aside")).order("a", 10).at(14);
    expect(shop.payment("p", "a", 14).order("b", 3).payment("q", "a", 15).pairs()).toEqual(["a q @15"]);
    expect(shop.late()).toEqual(["b", "a"]);
  });

  it("takes nothing back where the watermark goes back, since a run begins again", () => {
    const held = new Shop(paidOrders("leftOuter")).order("a", 10).at(25).hold();
    const shop = new Shop(paidOrders("leftOuter"), 2, { ...held, watermarks: new Map() }).at(12);
    expect(shop.order("b", 13).pairs(), "its interval is over").toEqual(["b - @13"]);
    expect(shop.at(60).pairs()).toEqual([]);
  });

  it("calls nothing late because the run before was drained", () => {
    const drained = new Shop(paidOrders("leftOuter", "aside")).order("a", 10).at(5).end();
    expect(drained.pairs()).toEqual(["a - @10"]);
    const shop = new Shop(paidOrders("leftOuter", "aside"), 2, drained.hold());
    expect([shop.order("b", 6).payment("p", "b", 7).pairs(), shop.late()]).toEqual([["b p @7"], []]);
  });

  it("goes by the clock where the job says so: rows may still come at the time that it is", () => {
    const byClock = jobOf((env) => {
      const orders = env.changes(Order).asEvents().keyBy("orderId");
      const payments = env.changes(Payment).asEvents().keyBy("orderId");
      const spec = { from: minutes(-5), to: minutes(10), type: "leftOuter", time: "processing" } as const;
      orders
        .intervalJoin("paid", payments, { ...spec, select: (l, r) => ({ order: l.orderId, payment: r.paymentId }) })
        .to("out");
    });
    const clock = (shop: Shop, minute: number) => shop.processingTime(minute * MINUTE);
    const shown = (shop: Shop) => shop.take().map(({ order, payment }) => `${order} ${payment}`);
    const shop = clock(new Shop(byClock), 1).order("a", 99).order("b", 0).at(1_000);
    expect(shown(clock(shop, 11).payment("p", "a", 0))).toEqual(["'a 'p"]);
    expect(shown(clock(shop, 11.1))).toEqual(["'b null"]);
    const restored = new Shop(byClock, 2, clock(shop, 20).order("c", 0).hold());
    expect(shown(restored.end())).toEqual([]);
    expect([shown(clock(restored, 31)), restored.keys()]).toEqual([["'c null"], 0]);
  });

  it("has no place for rows without an event time", () => {
    const shop = new Shop(paidOrders("leftOuter")).row(Order, { orderId: idOf("a") }, 0, { seed: 5 });
    expect([shop.late(), shop.end().pairs()]).toEqual([["a"], []]);
  });

  it("keeps what is selected exactly: every kind of field, nulls too", () => {
    const Thing = model("Thing", { from: table("shop", "things"), fields: { ...FIELDS, key: id() } });
    const Other = model("Other", { from: table("shop", "others"), fields: { key: id(), n: integer() } });
    const joined = jobOf((env) => {
      const things = env.changes(Thing).asEvents().keyBy("key");
      const others = env.changes(Other).asEvents().keyBy("key");
      const spec = { from: minutes(-1), to: minutes(1), type: "inner" } as const;
      things
        .intervalJoin("both", others, { ...spec, select: (l, r) => ({ ...l, again: l.fee, n: r.n, m: r.n }) })
        .to("out");
    });
    const harness = new JobHarness(joined);
    const nothing = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, null]));
    harness.row(Thing, { ...VALUES, key: idOf(1) }, 1).row(Thing, { key: idOf(1) }, 2);
    const restored = new JobHarness(joined, 2, harness.hold()).row(Other, { key: idOf(1), n: -(2n ** 63n) }, 3);
    const n = { n: -(2n ** 63n), m: -(2n ** 63n) };
    expect(restored.take()).toEqual([
      { ...VALUES, again: VALUES.fee, key: "1", ...n },
      { ...nothing, again: null, key: "1", ...n },
    ]);
  });
});

it("a row is a partner though nothing of it is selected", () => {
  const withPayments = jobOf((env) => {
    const orders = env.changes(Order).asEvents().keyBy("orderId");
    const payments = env.changes(Payment).asEvents().keyBy("orderId");
    const spec = { from: minutes(-5), to: minutes(10), type: "inner" } as const;
    orders.intervalJoin("paid", payments, { ...spec, select: ({ orderId }) => ({ orderId }) }).to("out");
  });
  const held = new Shop(withPayments).payment("p", "a", 10).payment("q", "a", 10).hold();
  expect(new Shop(withPayments, 1, held).order("a", 10).order("b", 10).take()).toEqual([
    { orderId: "'a" },
    { orderId: "'a" },
  ]);
});

describe("another version of a job", () => {
  const version = (
    type: JoinType,
    select: (order: Refs<typeof Order.fields>, payment: Refs<typeof Payment.fields>) => Selection,
  ) =>
    jobOf((env) => {
      const orders = env.changes(Order).asEvents().keyBy("orderId");
      const payments = env.changes(Payment).asEvents().keyBy("orderId");
      orders.intervalJoin("paid", payments, { from: minutes(-5), to: minutes(10), type, select }).to("out");
    });
  const first = version("inner", (order, payment) => ({ order: order.orderId, payment: payment.paymentId }));

  it("goes on with the rows that were kept, without the fields that were not", () => {
    const held = new Shop(first).order("a", 10).order("b", 10).payment("p", "a", 11).hold();
    const next = new Shop(
      version("leftOuter", (order, payment) => ({ id: order.orderId, shop: order.shop, amount: payment.amount })),
      2,
      held,
    );
    const amount = { minor: 5n, currency: "EUR" };
    next
      .row(Payment, { orderId: idOf("b"), amount }, 12 * MINUTE)
      .order("c", 12)
      .at(60);
    expect(next.take()).toEqual([
      { id: "'b", shop: null, amount },
      { id: "'c", shop: "main", amount: null },
    ]);
    expect(next.keys()).toBe(0);
  });

  it("cannot take a text for a number", () => {
    const held = new Shop(version("inner", (order, payment) => ({ shop: order.shop, payment: payment.paymentId })))
      .order("a", 10)
      .hold();
    const Renumbered = model("Order", { from: table("shop", "orders"), fields: { orderId: id(), shop: integer() } });
    const next = jobOf((env) => {
      const orders = env.changes(Renumbered).asEvents().keyBy("orderId");
      const payments = env.changes(Payment).asEvents().keyBy("orderId");
      const spec = { from: minutes(-5), to: minutes(10), type: "inner" } as const;
      orders.intervalJoin("paid", payments, { ...spec, select: ({ shop }, { paymentId }) => ({ shop, paymentId }) });
    });
    expect(() => new JobHarness(next, 1, held)).toThrow(expect.objectContaining({ code: "STATE_INCOMPATIBLE" }));
  });
});

const FIELDS = { note: text(), items: integer(), fee: money(), at: instant() };
const VALUES = { note: "fünf", items: 2n ** 60n + 1n, fee: { minor: -7n, currency: "EUR" }, at: 1.5 };

describe("a job's mistakes", () => {
  const spec = { from: minutes(-5), to: minutes(10), type: "inner", select: () => ({}) } as const;
  const join = (wrong: Partial<Record<keyof IntervalJoinSpec<never, never, never>, unknown>>) =>
    jobOf((env) => {
      const orders = env.changes(Order).asEvents().keyBy("orderId");
      orders.intervalJoin("paid", orders, { ...spec, ...wrong } as never);
    }).graph();

  it.each([
    [{ from: minutes(11) }, /nothing is in it/],
    [{ to: undefined }, /name both, as in minutes/],
    [{ from: 0.5 }, /name both/],
    [{ type: "outer" }, /"outer", and should be one of "inner", "leftOuter"/],
    [{ time: "event time" }, /"event" or "processing"/],
    [{ late: "drop" }, /"join" or "aside"/],
  ])("%j", (wrong, message) => expect(() => join(wrong)).toThrow(message));

  it("keys of other kinds never meet", () => {
    const wrong = jobOf((env) => {
      const orders = env.changes(Order).asEvents();
      orders.keyBy("orderId").intervalJoin("paid", orders.keyBy("shop") as never, spec);
    });
    expect(() => wrong.graph()).toThrow(expect.objectContaining({ code: "JOB_KEYS_DIFFER" }));
  });
});
