import { describe, expect, it } from "vitest";
import { connect, id, idOf, integer, job, list, map, model, money, table, text, value } from "../../index.ts";
import { keptBy } from "../../runtime/checkpoint/upgrade.ts";
import { JobHarness } from "../../test/support/job-harness.ts";
import type { MapState } from "./state-spec.ts";

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { id: id(), customer: id(), amount: integer() },
});
const Payment = model("Payment", {
  from: table("bank", "payments"),
  fields: { id: id(), orderId: id(), amount: integer() },
});
const Parcel = model("Parcel", { from: table("depot", "parcels"), fields: { orderId: id(), weight: integer() } });
const Limit = model("Limit", { from: table("desk", "limits"), fields: { customer: id(), most: integer() } });

const order = (name: string, amount: bigint, customer = "eve") => ({
  id: idOf(name),
  customer: idOf(customer),
  amount,
});
const payment = (orderId: string, amount: bigint, name = "p") => ({ id: idOf(name), orderId: idOf(orderId), amount });

/** An order waits ten ms for its payment; what comes without an order goes aside. */
const matching = job("matching", (env) => {
  const matched = connect("match", {
    inputs: {
      orders: env.changes(Order).asEvents().keyBy("id"),
      payments: env.changes(Payment).asEvents().keyBy("orderId"),
    },
    state: { open: value({ amount: integer() }) },
    emits: { order: id(), what: text() },
    sides: { unexpected: { payment: id(), order: id() } },
    on: {
      orders({ amount }, { state, time, setTimer }) {
        state.open.set({ amount });
        setTimer(time + 10);
      },
      payments(row, { key, state, emit, emitTo }) {
        const open = state.open.get();
        if (open === undefined) return emitTo("unexpected", { payment: row.id, order: key });
        state.open.clear();
        emit({ order: key, what: row.amount === open.amount ? "paid" : `paid ${row.amount} of ${open.amount}` });
      },
    },
    onTimer: ({ key, state, emit }) => {
      if (state.open.get() !== undefined) emit({ order: key, what: "not paid" });
      state.open.clear();
    },
  });
  matched.to("out");
  matched.side("unexpected").to("unexpected");
});

const shown = (harness: JobHarness, sink = "out") =>
  harness.take(sink).map((row) => Object.values(row).join(" ").replaceAll("'", ""));

describe("connect", () => {
  it("hands the rows of a key to each input's function, over the same state and timers", () => {
    const harness = new JobHarness(matching, 3)
      .row(Order, order("a", 5n), 0)
      .row(Order, order("b", 7n), 1, { worker: 1 })
      .row(Order, order("c", 9n), 2, { worker: 2 })
      .row(Payment, payment("b", 6n), 3)
      .row(Payment, payment("a", 5n), 4, { worker: 2 });
    expect(shown(harness)).toEqual(["b paid 6 of 7", "a paid"]);
    expect(shown(harness.watermark(12))).toEqual(["c not paid"]);
    expect(harness.keys()).toBe(0);
  });

  it("hands rows to a side output, which can be asked for any number of times", () => {
    const harness = new JobHarness(matching, 2).row(Payment, payment("x", 1n, "p1"), 5);
    expect(shown(harness, "unexpected")).toEqual(["p1 x"]);
    expect(shown(harness)).toEqual([]);

    const twice = job("twice", (env) => {
      const sided = env
        .changes(Order)
        .asEvents()
        .keyBy("id")
        .process("sided", {
          state: {},
          emits: { order: id() },
          sides: { large: { amount: integer() }, ignored: { order: id() } },
          onElement: ({ amount }, { key, emit, emitTo }) => {
            if (amount! > 10n) emitTo("large", { amount });
            else emit({ order: key });
            emitTo("ignored", { order: key });
          },
        });
      sided.side("large").to("large");
      sided.side("large").select("amount").to("again");
      sided.to("out");
    });
    const sides = new JobHarness(twice).row(Order, order("a", 11n), 1).row(Order, order("b", 1n), 2);
    expect([shown(sides), shown(sides, "large"), shown(sides, "again")]).toEqual([["b"], ["11"], ["11"]]);
  });

  it("the watermark is the least of all inputs'", () => {
    const harness = new JobHarness(matching).row(Order, order("a", 5n), 0).watermark(50, Order);
    expect(shown(harness)).toEqual([]);
    expect(shown(harness.watermark(9, Payment))).toEqual([]);
    expect(shown(harness.watermark(10, Payment))).toEqual(["a not paid"]);
  });

  it("takes any number of inputs, by keys of several parts too", () => {
    const joined = job("joined", (env) => {
      const touched =
        (what: string) =>
        (_: unknown, { state, key, emit }: Touched) => {
          state.seen.add({ what });
          const seen = state.seen.get().map(({ what }) => what);
          emit({ key, seen: seen.join("+") });
        };
      connect("seen", {
        inputs: {
          orders: env.changes(Order).asEvents().keyBy("id", "amount"),
          payments: env.changes(Payment).keyBy("orderId", "amount"),
          parcels: env.changes(Parcel).asEvents().keyBy("orderId", "weight"),
        },
        state: { seen: list({ what: text() }) },
        emits: { key: id(), seen: text() },
        on: { orders: touched("order"), payments: touched("payment"), parcels: touched("parcel") },
      }).to("out");
    });
    const harness = new JobHarness(joined, 2)
      .row(Order, order("a", 5n), 0)
      .row(Parcel, { orderId: idOf("a"), weight: 5n }, 1)
      .row(Parcel, { orderId: idOf("a"), weight: 6n }, 2)
      .row(Parcel, { orderId: null, weight: 6n }, 2)
      .row(Payment, payment("a", 5n), 3, { kind: -1 });
    expect(shown(harness)).toEqual(["a|5 order", "a|5 order+parcel", "a|6 parcel", "a|5 order+parcel+payment"]);
  });

  it("goes on from what was held, at any parallelism", () => {
    let harness = new JobHarness(matching, 1);
    const again = (parallelism: number) => {
      harness = new JobHarness(matching, parallelism, harness.hold());
    };
    for (const name of ["a", "b", "c", "d", "e"]) harness.row(Order, order(name, 1n), 1);
    again(3);
    harness.row(Payment, payment("c", 1n), 2).row(Payment, payment("x", 1n), 2);
    expect([shown(harness), shown(harness, "unexpected")]).toEqual([["c paid"], ["p x"]]);
    again(2);
    expect(shown(harness.watermark(11)).sort()).toEqual(["a not paid", "b not paid", "d not paid", "e not paid"]);
    expect(harness.keys()).toBe(0);
  });
});

interface Touched {
  readonly key: ReturnType<typeof idOf>;
  readonly state: { readonly seen: { add(row: { what: string }): void; get(): readonly { what: string | null }[] } };
  emit(row: { key: ReturnType<typeof idOf>; seen: string }): void;
}

/** Orders above their customer's limit, which people change. */
const limited = (seen: Record<string, unknown> = {}) =>
  job("limited", (env) => {
    connect("limits", {
      inputs: { orders: env.changes(Order).asEvents().keyBy("id") },
      broadcast: { limits: env.changes(Limit) },
      state: {},
      broadcastState: { most: map({ most: integer() }) },
      emits: { order: id(), above: integer() },
      on: {
        orders({ customer, amount }, { key, broadcastState, emit }) {
          Object.assign(seen, { most: broadcastState.most, size: broadcastState.most.size });
          const most = broadcastState.most.get(customer!)?.most ?? 0n;
          if (amount! > most) emit({ order: key, above: amount! - most });
        },
        limits({ customer, most }, { kind, broadcastState }) {
          if (kind === "add") broadcastState.most.set(customer!, { most });
          else broadcastState.most.delete(customer!);
        },
      },
    }).to("out");
  });

const limit = (customer: string, most: bigint) => ({ customer: idOf(customer), most });

describe("broadcast", () => {
  it("is seen by every subtask, whichever it was read in", () => {
    const harness = new JobHarness(limited(), 3)
      .row(Limit, limit("eve", 10n), 0)
      .row(Limit, limit("bob", 20n), 0, { worker: 2 });
    for (const [at, name] of ["a", "b", "c", "d"].entries()) {
      harness
        .row(Order, order(name, 15n), 1, { worker: at })
        .row(Order, order(name, 15n, "bob"), 1, { worker: at + 1 });
    }
    expect(shown(harness).sort()).toEqual(["a 5", "b 5", "c 5", "d 5"]);
  });

  it("is the same in all subtasks, and all of it is saved by each", () => {
    const harness = new JobHarness(limited(), 3);
    for (let i = 0; i < 20; i++) harness.row(Limit, limit(`c${i}`, BigInt(i)), 0, { worker: i });
    const [first, ...others] = harness.watermark(5).hold().saved.get("limits")!;
    expect(others).toEqual([first, first]);
  });

  it("is looked at by functions in every subtask, and what they emit comes out once", () => {
    const told = job("told", (env) => {
      const heard = connect("hear", {
        inputs: { orders: env.changes(Order).keyBy("id") },
        broadcast: { limits: env.changes(Limit).asEvents() },
        state: {},
        emits: { customer: id(), at: integer() },
        sides: { high: { most: integer() } },
        on: {
          orders() {},
          limits({ customer, most }, { emit, emitTo, time }) {
            emit({ customer, at: BigInt(time) });
            if (most! > 10n) emitTo("high", { most });
          },
        },
      });
      heard.to("out");
      heard.side("high").to("high");
    });
    for (const parallelism of [1, 3]) {
      const harness = new JobHarness(told, parallelism).row(Limit, limit("eve", 10n), 1);
      harness.row(Limit, limit("bob", 20n), 2, { worker: 1 });
      expect([shown(harness), shown(harness, "high")]).toEqual([["eve 1", "bob 2"], ["20"]]);
    }
  });

  it("goes with the job to another parallelism", () => {
    let harness = new JobHarness(limited(), 2).row(Limit, limit("eve", 10n), 0).row(Limit, limit("bob", 20n), 0);
    for (const parallelism of [4, 1, 3]) {
      harness = new JobHarness(limited(), parallelism, harness.hold());
      for (const name of ["a", "b", "c", "d"]) harness.row(Order, order(name, 11n), 1);
      expect(shown(harness).sort()).toEqual(["a 1", "b 1", "c 1", "d 1"]);
      expect(shown(harness.row(Order, order("a", 20n, "bob"), 2))).toEqual([]);
    }
    expect(harness.keys()).toBe(0);
  });

  it("of a changelog is corrected by it", () => {
    const harness = new JobHarness(limited(), 2)
      .row(Limit, limit("eve", 10n), 0)
      .row(Limit, limit("eve", 10n), 5, { kind: -1 })
      .row(Limit, limit("eve", 12n), 5)
      .row(Order, order("a", 13n), 6);
    expect(shown(harness)).toEqual(["a 1"]);
    harness.row(Limit, limit("eve", 12n), 7, { kind: -1 }).row(Order, order("a", 13n), 8);
    expect(shown(harness)).toEqual(["a 13"]);
  });

  it("cannot be written by who looks at it only", () => {
    const seen: { most?: MapState<unknown>; size?: number } = {};
    new JobHarness(limited(seen)).row(Limit, limit("eve", 1n), 0).row(Order, order("a", 1n), 1);
    expect(seen.size).toBe(1);
    expect([seen.most!.set, seen.most!.delete, seen.most!.clear]).toEqual([undefined, undefined, undefined]);
  });

  it("is named by checkpoints, so that nothing of it is dropped unasked, and read by the job's next version", () => {
    const states = keptBy(limited().graph()).kept.map(({ states }) => states.map(({ name }) => name));
    expect(states).toEqual([["$ttl", "most"]]);
    const next = job("limited", (env) => {
      connect("limits", {
        inputs: { orders: env.changes(Order).asEvents().keyBy("id") },
        state: {},
        broadcastState: { fresh: map({ most: money() }), most: map({ since: text(), most: integer() }) },
        emits: { order: id(), since: text(), most: integer(), fresh: integer() },
        on: {
          orders: ({ customer }, { key, broadcastState: { most, fresh }, emit }) =>
            emit({ order: key, ...most.get(customer!)!, fresh: BigInt(fresh.size) }),
        },
      }).to("out");
    });
    const held = new JobHarness(limited(), 2).row(Limit, limit("eve", 10n), 0).hold();
    const harness = new JobHarness(next, 3, held).row(Order, order("a", 1n), 1);
    expect(harness.take()).toEqual([{ order: "'a", since: null, most: 10n, fresh: 0n }]);
  });

  it("holds the watermark back like any input", () => {
    const waiting = job("waiting", (env) => {
      connect("wait", {
        inputs: { orders: env.changes(Order).asEvents().keyBy("id") },
        broadcast: { limits: env.changes(Limit) },
        state: {},
        emits: { order: id() },
        on: { orders: (_, { setTimer }) => setTimer(5), limits() {} },
        onTimer: ({ key, emit }) => emit({ order: key }),
      }).to("out");
    });
    const harness = new JobHarness(waiting, 2).row(Order, order("a", 1n), 1).watermark(9, Order);
    expect(shown(harness)).toEqual([]);
    expect(shown(harness.watermark(9, Limit))).toEqual(["a"]);
  });
});

describe("a process function over a changelog", () => {
  it("is told of adds and retracts", () => {
    const counting = job("counting", (env) => {
      env
        .changes(Order)
        .where({ customer: "eve" })
        .keyBy("customer")
        .process("total", {
          state: { total: value({ amount: integer() }) },
          emits: { customer: id(), total: integer(), kind: text(), at: integer() },
          onElement: ({ amount }, { key, kind, state, time, emit }) => {
            const total = (state.total.get()?.amount ?? 0n) + (kind === "add" ? amount! : -amount!);
            state.total.set({ amount: total });
            emit({ customer: key, total, kind, at: BigInt(time) });
          },
        })
        .to("out");
    });
    const harness = new JobHarness(counting)
      .row(Order, order("a", 5n), 1)
      .row(Order, order("b", 7n), 2)
      .row(Order, order("a", 5n), 3, { kind: -1 })
      .row(Order, order("a", 6n), 3);
    expect(shown(harness)).toEqual(["eve 5 add 1", "eve 12 add 2", "eve 7 retract 3", "eve 13 add 3"]);
  });
});
