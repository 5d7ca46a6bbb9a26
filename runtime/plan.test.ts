import { describe, expect, it } from "vitest";
import { hours } from "../base/time.ts";
import { job } from "../checks/job.ts";
import { id, model, money, table } from "../dataflow/model.ts";
import { type Plan, planOf } from "./plan.ts";

const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id(), amount: money() } });
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), net: money() } });

const described = ({ tasks, entries }: Plan) => ({
  tasks: tasks.map((task) => ({
    nodes: task.nodes.map((node) => node.uid),
    inputs: task.inputs.map(({ node, input }) => `${node.uid}[${input}]`),
    outputs: task.outputs.map((edge) => `${edge.from.uid} -> ${edge.toTask}[${edge.toInput}]`),
  })),
  entries: entries.map(({ node, task, input }) => `${node.model.name} -> ${task}[${input}]`),
});

describe("a plan", () => {
  it("begins a new task at a keyed operator, and keeps nodes without state with what feeds them", () => {
    const graph = job("check", (env) =>
      env.reconcile("settled", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).where({ paymentId: 7 }).sum("amount") },
        actual: { net: env.changes(Line).sum("net") },
        missingAfter: hours(1),
      }),
    ).graph();
    const filter = "changes/Payment/where(paymentId=7)";
    expect(described(planOf(graph))).toEqual({
      tasks: [
        {
          nodes: ["changes/Payment", filter, "changes/Line"],
          inputs: ["changes/Payment[0]", "changes/Line[0]"],
          outputs: [`${filter} -> 1[0]`, "changes/Line -> 1[1]"],
        },
        { nodes: ["settled"], inputs: ["settled[0]", "settled[1]"], outputs: [] },
      ],
      entries: ["Payment -> 0[0]", "Line -> 0[1]"],
    });
  });

  it("chains what follows an operator into its task, and joins streams of two tasks in a third", () => {
    const graph = job("streams", (env) => {
      const events = env.changes(Payment).asEvents();
      const seen = events.keyBy("paymentId").process("seen", {
        state: {},
        emits: Payment.fields,
        onElement: (row, { emit }) => emit(row),
      });
      seen.union(events).to("out");
    }).graph();
    const { tasks } = described(planOf(graph));
    expect(tasks.map((task) => task.nodes)).toEqual([
      ["changes/Payment", "changes/Payment/events"],
      ["seen"],
      ["seen/union", "sink/out/seen/union"],
    ]);
    expect([tasks[0]!.outputs, tasks[1]!.outputs]).toEqual([
      ["changes/Payment/events -> 1[0]", "changes/Payment/events -> 2[1]"],
      ["seen -> 2[0]"],
    ]);
  });
});
