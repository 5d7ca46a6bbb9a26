import type { Batch } from "../base/batch.ts";
import { assert } from "../base/errors.ts";
import type { Node } from "../dataflow/graph.ts";
import type { Control } from "../dataflow/operator.ts";
import { OperatorHost, type OperatorMetrics } from "./operators/operator-host.ts";
import { FanOut, type Receiver } from "./operators/receiver.ts";
import { SinkWriter } from "./operators/sink-writer.ts";
import { Events, Filter, MapRows, Pass } from "./operators/transforms.ts";
import type { TaskPlan } from "./plan.ts";
import type { Task, TaskOutput } from "./task.ts";

/** A task in this process: the nodes of a plan's task, wired to each other and to the driver's output. */
export class ChainTask implements Task {
  /** Of the task's keyed operators, in order. */
  readonly metrics: OperatorMetrics[] = [];
  readonly #plan: TaskPlan;
  readonly #inputs: { readonly receiver: Receiver; readonly input: number }[] = [];

  constructor(plan: TaskPlan) {
    this.#plan = plan;
  }

  open(output: TaskOutput): void {
    const outs = new Map<Node, FanOut>(this.#plan.nodes.map((node) => [node, new FanOut()]));
    const receivers = new Map<Node, Receiver>();
    for (const node of this.#plan.nodes) {
      const receiver = this.#make(node, outs.get(node)!, output);
      receivers.set(node, receiver);
      for (const [index, input] of node.inputs.entries()) outs.get(input)?.add(receiver, index);
    }
    for (const [index, edge] of this.#plan.outputs.entries()) outs.get(edge.from)!.add(toOutput(output, index), 0);
    for (const { node, input } of this.#plan.inputs) {
      const receiver = receivers.get(node);
      assert(receiver !== undefined, `task input ${node.uid} is one of its nodes`);
      this.#inputs.push({ receiver, input });
    }
  }

  batch(input: number, batch: Batch): void {
    const target = this.#inputs[input]!;
    target.receiver.batch(target.input, batch);
  }

  control(input: number, element: Control): void {
    const target = this.#inputs[input]!;
    target.receiver.control(target.input, element);
  }

  end(input: number): void {
    const target = this.#inputs[input]!;
    target.receiver.end(target.input);
  }

  #make(node: Node, next: FanOut, output: TaskOutput): Receiver {
    const emit = (tag: string, record: unknown) => output.emit(tag, record);
    switch (node.type) {
      case "changes":
      case "union":
        return new Pass(node, next);
      case "filter":
        return new Filter(node, next);
      case "events":
        return new Events(node, next);
      case "map":
        return new MapRows(node, next);
      case "sink":
        return new SinkWriter(node, emit);
      case "operator": {
        const host = new OperatorHost(node, next, emit);
        this.metrics.push(host.metrics);
        return host;
      }
    }
  }
}

function toOutput(output: TaskOutput, index: number): Receiver {
  return {
    batch: (_input, batch) => output.forward(index, batch),
    control: (_input, element) => output.control(index, element),
    end: () => output.end(index),
  };
}
