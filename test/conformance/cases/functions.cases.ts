import { connect, hours, id, instant, integer, job, minutes, model, table, text, tumbling, value } from "countercheck";
import { at, beat, type ConformanceCase, type RowStep, rowsOf } from "../format.ts";

const Cart = model("ProcessCart", { from: table("process-shop", "carts"), fields: { key: id(), status: text() } });
const Rule = model("ProcessRule", { from: table("process-rules", "rules"), fields: { key: id(), minutes: integer() } });
const cart = rowsOf("process-shop", "carts");
const rule = rowsOf("process-rules", "rules");

/** State, timers, a side output, and rules that every subtask knows. */
export const processCase: ConformanceCase = {
  name: "process",
  job: job("process-case", (env) => {
    const told = env
      .changes(Cart)
      .asEvents()
      .keyBy("key")
      .process("process-carts", {
        state: { open: value({ since: instant(), changes: integer() }) },
        emits: { key: id(), since: instant(), changes: integer() },
        sides: { paid: { key: id(), changes: integer() } },
        onElement: ({ status }, { key, state, time, setTimer, emitTo }) => {
          const changes = (state.open.get()?.changes ?? 0n) + 1n;
          if (status === "paid") {
            state.open.clear();
            return emitTo("paid", { key, changes });
          }
          state.open.set({ since: time, changes });
          setTimer(time + minutes(30));
        },
        onTimer: ({ key, state, time, emit }) => {
          const open = state.open.get();
          if (open === undefined || open.since! + minutes(30) > time) return;
          emit({ key, ...open });
          state.open.clear();
        },
      });
    told.to("process-abandoned");
    told.side("paid").to("process-paid");
    connect("process-rules", {
      inputs: { carts: env.changes(Cart).keyBy("key") },
      broadcast: { rules: env.changes(Rule).asEvents() },
      state: {},
      broadcastState: {},
      emits: { key: id(), status: text() },
      sides: { heard: { key: id(), minutes: integer() } },
      on: {
        carts: ({ key, status }, { kind, emit }) => {
          if (kind === "add" && status === "paid") emit({ key, status });
        },
        rules: ({ key, minutes: wait }, { emitTo }) => emitTo("heard", { key: key!, minutes: wait }),
      },
    })
      .side("heard")
      .to("process-heard");
  }),
  splits: 1,
  parts: [
    [
      cart("08:00", "c1", { key: "left", status: "open" }),
      cart("08:01", "c2", { key: "bought", status: "open" }),
      cart("08:02", "c3", { key: "kept", status: "open" }),
      rule("08:02", "r1", { key: "wait", minutes: 30 }),
      beat("08:10"),
    ],
    [cart("08:15", "c2", { key: "bought", status: "paid" }), beat("08:20")],
    [cart("08:28", "c3", { key: "kept", status: "grown" }), beat("08:30")],
    [rule("08:40", "r1", { key: "wait", minutes: 20 }), beat("10:00")],
  ],
  expected: {
    "process-abandoned": { kept: ["since=08:28 changes=2"], left: ["since=08:00 changes=1"] },
    "process-heard": { wait: ["minutes=30", "minutes=20"] },
    "process-paid": { bought: ["changes=2"] },
  },
};

const Gift = model("UnionGift", { from: table("union-desk", "gifts"), fields: { key: id(), points: integer() } });
const Buy = model("UnionBuy", { from: table("union-shop", "buys"), fields: { key: id(), points: integer() } });
const gift = rowsOf("union-desk", "gifts");
const buy = rowsOf("union-shop", "buys");

/** Streams as one, derived and sampled models, and answers of somebody else. */
export const unionCase: ConformanceCase = {
  name: "unions",
  job: job("union-case", (env) => {
    const gifts = env.changes(Gift);
    const both = env.changes(Buy).asEvents().union(gifts.asEvents());
    both
      .keyBy("key")
      .window(tumbling(hours(1)))
      .aggregate("union-points", (rows) => ({ key: rows.key("key"), points: rows.sum("points") }))
      .to("union-points");
    gifts
      .derive("UnionDoubled", { key: id(), doubled: integer() }, ({ key, points }) => ({
        key,
        doubled: points === null ? null : 2n * points,
      }))
      .sample(0.3, "key")
      .asEvents()
      .to("union-sampled");
    gifts
      .asEvents()
      .lookup("union-asked", {
        emits: { key: id(), level: text() },
        lookup: async (rows) => rows.map(({ key, points }) => ({ key, level: points! > 3n ? "high" : "low" })),
        timeout: minutes(1),
        ordered: true,
      })
      .to("union-asked");
  }),
  splits: 1,
  parts: [
    [gift("08:00", 1, { key: "ann", points: 3 }), buy("08:05", "b1", { key: "ann", points: 4 }), beat("08:10")],
    [gift("08:20", 2, { key: "ben", points: 5 }), gift("08:21", 3, { key: "cid", points: 1 }), beat("08:30")],
    [buy("08:40", "b2", { key: "ben", points: 6 }), beat("09:10")],
    [gift("09:20", 1, { key: "ann", points: 7 }), gift("09:21", 4, { key: "dot", points: 9 }), beat("11:00")],
  ],
  expected: {
    "union-asked": { ann: ["level=low", "level=high"], ben: ["level=high"], cid: ["level=low"], dot: ["level=high"] },
    "union-points": { ann: ["points=7", "points=7"], ben: ["points=11"], cid: ["points=1"], dot: ["points=9"] },
    "union-sampled": { ben: ["doubled=10"], cid: ["doubled=2"] },
  },
};

const Entry = model("WriteEntry", {
  from: table("write-ledger", "entries"),
  fields: { name: text(), amount: integer() },
});
const entry = (time: string, transaction: string, rowId: number, values: RowStep["values"]): RowStep => ({
  ...rowsOf("write-ledger", "entries")(time, rowId, values),
  transaction,
});
const commit = (time: string, transaction: string, entries: number) => ({
  ...{ at: at(time), source: "write-ledger", commit: transaction, counts: { entries } },
});

/** Writes with the row before and after, and the ends of their transactions. */
export const writeCase: ConformanceCase = {
  name: "writes",
  job: job("write-case", (env) => {
    const told = { key: id(), operation: text(), by: id(), amount: integer(), before: integer() };
    env
      .writes(Entry)
      .asEvents()
      .map(told, ({ rowId, operation, transactionId, amount, amountBefore }) => {
        return { key: rowId, operation, by: transactionId, amount, before: amountBefore };
      })
      .to("write-writes");
    env
      .transactions("write-ledger")
      .asEvents()
      .map({ key: id(), counts: text() }, ({ transactionId, tableCounts }) => {
        return { key: transactionId, counts: tableCounts };
      })
      .to("write-ends");
  }),
  splits: 1,
  parts: [
    [entry("08:00", "100", 1, { name: "a", amount: 1 }), commit("08:00", "100", 1), beat("08:10")],
    [
      entry("08:20", "101", 1, { name: "a", amount: 2 }),
      entry("08:20", "101", 2, { name: "b", amount: 3 }),
      commit("08:20", "101", 2),
      beat("08:30"),
    ],
    [entry("08:40", "102", 1, null), commit("08:40", "102", 1), beat("08:50")],
    [entry("09:00", "103", 1, { name: "a", amount: 4 }), commit("09:00", "103", 1), beat("10:00")],
  ],
  expected: {
    "write-ends": {
      "'100": ['counts={"entries":1}'],
      "'101": ['counts={"entries":2}'],
      "'102": ['counts={"entries":1}'],
      "'103": ['counts={"entries":1}'],
    },
    "write-writes": {
      "1": [
        "operation=insert by='100 amount=1 before=null",
        "operation=update by='101 amount=2 before=1",
        "operation=delete by='102 amount=null before=2",
        "operation=insert by='103 amount=4 before=null",
      ],
      "2": ["operation=insert by='101 amount=3 before=null"],
    },
  },
};
