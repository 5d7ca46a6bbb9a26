import { describe, expect, it } from "vitest";
import { Environment } from "./environment.ts";
import type { Node, OperatorNode } from "./graph.ts";
import { id, type Model, model, money, table } from "./model.ts";
import { stagelessTables } from "./whole-rows.ts";

const fields = { paymentId: id(), amount: money() };
const staged = model("Payment", { from: [table("shop", "payments"), table("shop", "old_payments")], fields });
const whole = model("Payment", {
  from: [table("shop", "payments"), table("shop", "old_payments", { before: "full" })],
  fields,
});

/** An environment with the changelog of a model, and a way to put operators behind changelogs. */
function graphOf(model: Model<typeof fields>) {
  const env = new Environment();
  const changes = env.changes(model);
  let operators = 0;
  const operator = (node: Node, tellsRepeats?: readonly boolean[]) => {
    const base: OperatorNode = {
      type: "operator",
      uid: `operator-${operators++}`,
      inputs: [node],
      fields: {},
      keys: ["paymentId"],
      create: () => undefined as never,
    };
    env.add(tellsRepeats === undefined ? base : { ...base, tellsRepeats });
  };
  const tables = (node: Node = changes.node) => [...stagelessTables(env.graph("job").nodes, node)];
  return { changes, operator, tables };
}

describe("tables whose rows come without a row stage", () => {
  it("are those that are declared, where all readers tell repeats", () => {
    const { changes, operator, tables } = graphOf(whole);
    operator(changes.node, [true]);
    expect(tables()).toEqual([1]);
  });

  it("are the same behind what hands on rows one by one", () => {
    const { changes, operator, tables } = graphOf(whole);
    const kept = changes.where({ paymentId: 7n }).filter(() => true);
    const derived = kept.derive("Sale", { paymentId: id() }, (row) => ({ paymentId: row.paymentId })).sample(0.5);
    operator(derived.node, [true]);
    expect([tables(), tables(kept.node), tables(derived.node)]).toEqual([[1], [1], [1]]);
  });

  it("are none where one reader does not tell repeats, wherever it reads", () => {
    const one = graphOf(whole);
    one.operator(one.changes.node, [true]);
    one.operator(one.changes.where({ paymentId: 7n }).node);
    const other = graphOf(whole);
    other.operator(other.changes.node, [true]);
    other.changes.to("log");
    const stream = graphOf(whole);
    stream.operator(stream.changes.node, [true]);
    stream.operator(stream.changes.asEvents().node, [true]);
    const unasked = graphOf(whole);
    unasked.operator(unasked.changes.node, [false]);
    expect([one, other, stream, unasked].map(({ tables }) => tables())).toEqual([[], [], [], []]);
  });

  it("are none of rows that are only inserted, or of writes", () => {
    const inserts = graphOf({ ...whole, insertsOnly: true });
    inserts.operator(inserts.changes.node, [true]);
    const writes = graphOf({ ...whole, writes: { of: staged, rows: staged } } as typeof staged);
    writes.operator(writes.changes.node, [true]);
    expect([inserts.tables(), writes.tables()]).toEqual([[], []]);
  });

  it("are none of what is no changelog", () => {
    const { changes, tables } = graphOf(whole);
    expect(tables(changes.asEvents().node)).toEqual([]);
  });
});
