import {
  connect,
  hours,
  type Id,
  id,
  instant,
  integer,
  job,
  list,
  type MoneyValue,
  map,
  model,
  money,
  type RowKind,
  table,
  text,
  value,
} from "../../index.ts";

/** What compiles and what does not in side outputs and several inputs: every line under `@ts-expect-error` must fail. */

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { id: id(), customer: id(), amount: money(), note: text(), placedAt: instant() },
});
const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { id: id(), orderId: id(), amount: money(), reference: text(), lines: integer() },
});
const Limit = model("Limit", { from: table("shop", "limits"), fields: { customer: id(), most: money() } });

const open = { amount: money(), customer: id() };

/** Keyed streams and changelogs, broadcast ones, state of both kinds, side outputs and timers. */
export const compiles = job("compiles", (env) => {
  const orders = env.changes(Order).where({ note: "x" }).keyBy("id");
  const payments = env.changes(Payment).asEvents().keyBy("orderId");
  const limits = env.changes(Limit);
  const matched = connect("matched", {
    inputs: { orders, payments },
    broadcast: { limits, more: limits.asEvents() },
    state: { open: value(open), seen: list({ reference: text() }, { ttl: hours(1) }) },
    broadcastState: { most: map({ most: money() }) },
    emits: { order: id(), paid: money() },
    sides: { unexpected: { payment: id() }, over: { order: id(), by: integer() } },
    on: {
      orders(row, { key, kind, state, broadcastState, emitTo, setTimer, time }) {
        const note: string | null = row.note;
        const most: MoneyValue | null | undefined = broadcastState.most.get(row.customer ?? "")?.most;
        const what: RowKind = kind;
        if (what === "retract" || note === null) return state.open.clear();
        state.open.set({ amount: row.amount, customer: row.customer });
        if (most !== null) emitTo("over", { order: key, by: 1n });
        setTimer(time + hours(1));
      },
      payments(row, { key, state, emit, emitTo, setProcessingTimer, processingTime }) {
        const lines: bigint | null = row.lines;
        if (lines === 0n || state.open.get() === undefined) emitTo("unexpected", { payment: row.id });
        state.seen.add({ reference: row.reference });
        emit({ order: key, paid: row.amount });
        setProcessingTimer(processingTime + 1);
      },
      limits(row, { kind, broadcastState, time, watermark }) {
        if (kind === "retract" || time < watermark) broadcastState.most.delete(row.customer!);
        else broadcastState.most.set(row.customer!, { most: row.most });
      },
      more: (row, { broadcastState }) => broadcastState.most.set(row.customer ?? "", { most: row.most }),
    },
    onTimer: ({ key, state, broadcastState, emit }) => {
      if (broadcastState.most.has("x")) emit({ order: key, paid: state.open.get()?.amount ?? null });
    },
    onProcessingTimer: ({ emitTo, key }) => emitTo("over", { order: key, by: null }),
  });
  matched.keyBy("order");
  const unexpected: { readonly fieldTypes: { readonly payment: { readonly type?: Id } } } = matched.side("unexpected");
  unexpected.fieldTypes.payment;
  matched.side("over").keyBy("order", "by");

  connect("one", { inputs: { orders }, state: {}, emits: {}, on: { orders() {} } }).to("one");
  payments
    .process("sides", {
      state: {},
      emits: { order: id() },
      sides: { late: { reference: text() } },
      onElement: (row, { emitTo }) => emitTo("late", { reference: row.reference }),
      onTimer: ({ emitTo }) => emitTo("late", { reference: "none" }),
    })
    .side("late")
    .where({ reference: "none" });
  orders.process("kinds", {
    state: {},
    emits: { what: text() },
    onElement: (_, { kind, emit }) => emit({ what: kind }),
  });
});

export const wrongKeys = job("wrong-keys", (env) => {
  const orders = env.changes(Order).asEvents();
  const payments = env.changes(Payment).asEvents();
  const state = {};
  const emits = {};
  const on = { orders() {}, payments() {} };
  connect("alike", {
    inputs: { orders: orders.keyBy("id", "note"), payments: payments.keyBy("orderId", "reference") },
    state,
    emits,
    on,
  });
  connect("text-for-id", {
    inputs: {
      // @ts-expect-error a text is no id: the key of this input is of other types than the keys of the others
      orders: orders.keyBy("id"),
      payments: payments.keyBy("reference"),
    },
    state,
    emits,
    on,
  });
  connect("integer-for-id", {
    inputs: {
      // @ts-expect-error an integer is no id
      orders: orders.keyBy("id"),
      // @ts-expect-error nor an id an integer
      payments: payments.keyBy("lines"),
    },
    state,
    emits,
    on,
  });
  connect("two-for-one", {
    inputs: {
      // @ts-expect-error a key of two parts is no key of one
      orders: orders.keyBy("id", "customer"),
      // @ts-expect-error nor the other way round
      payments: payments.keyBy("orderId"),
    },
    state,
    emits,
    on,
  });
  connect("no-key", {
    // @ts-expect-error rows that share state have a key
    inputs: { orders, payments: payments.keyBy("orderId") },
    state,
    emits,
    on,
  });
  connect("broadcast-key", {
    inputs: { orders: orders.keyBy("id") },
    // @ts-expect-error what goes to all is not by key
    broadcast: { payments: payments.keyBy("id") },
    state,
    emits,
    on,
  });
});

export const wrongFunctions = job("wrong-functions", (env) => {
  const orders = env.changes(Order).asEvents().keyBy("id");
  const limits = env.changes(Limit);
  const spec = { inputs: { orders }, state: {}, emits: {} } as const;
  // @ts-expect-error each input has a function
  connect("missing", { ...spec, on: {} });
  // @ts-expect-error broadcast ones too
  connect("missing-broadcast", { ...spec, broadcast: { limits }, on: { orders() {} } });
  connect("unknown", {
    ...spec,
    on: {
      orders() {},
      // @ts-expect-error there is no such input
      payments() {},
    },
  });
  connect("wrong-rows", {
    ...spec,
    broadcast: { limits },
    broadcastState: { most: map({ most: money() }) },
    on: {
      orders(row, { broadcastState }) {
        // @ts-expect-error an order has no such field
        row.reference;
        // @ts-expect-error only broadcast rows write what all look at
        broadcastState.most.set("x", { most: null });
        // @ts-expect-error nor do they clear it
        broadcastState.most.clear();
        // @ts-expect-error there is no such state
        broadcastState.least.get("x");
      },
      limits(row, context) {
        // @ts-expect-error a broadcast row belongs to no key
        context.key;
        // @ts-expect-error so it has no keyed state
        context.state;
        context.emit({});
        // @ts-expect-error there is no such side output
        context.emitTo("late", {});
        // @ts-expect-error nor has it a timer
        context.setTimer(1);
        // @ts-expect-error amounts are money
        context.broadcastState.most.set(row.customer!, { most: 5n });
      },
    },
  });
  connect("wrong-broadcast-state", {
    ...spec,
    // @ts-expect-error state of no key is a map
    broadcastState: { most: value({ most: money() }) },
    on: { orders() {} },
  });
});

export const wrongSides = job("wrong-sides", (env) => {
  const orders = env.changes(Order).asEvents().keyBy("id");
  const results = orders.process("sides", {
    state: {},
    emits: { order: id() },
    sides: { late: { order: id(), amount: money() } },
    onElement: (row, { key, emitTo }) => {
      // @ts-expect-error there is no such side output
      emitTo("early", { order: key, amount: row.amount });
      // @ts-expect-error a field is missing
      emitTo("late", { order: key });
      // @ts-expect-error a note is no amount
      emitTo("late", { order: key, amount: row.note });
    },
  });
  // @ts-expect-error there is no such side output
  results.side("early");
  // @ts-expect-error its rows have no such field
  results.side("late").keyBy("note");
  orders
    .process("none", {
      state: {},
      emits: {},
      onElement: (_, { emitTo }) => {
        // @ts-expect-error none is declared
        emitTo("late", {});
      },
    })
    // @ts-expect-error none is declared
    .side("late");
});
