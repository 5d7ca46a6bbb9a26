import type { Batch } from "../base/batch.ts";
import { ByteReader } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import type { Node, SideNode } from "../dataflow/graph.ts";
import { FAILED } from "../dataflow/lookups/lookup.ts";
import type { Control } from "../dataflow/operator.ts";
import { DeriveRows } from "./operators/derive-rows.ts";
import { keyedTables } from "./operators/keyed-tables.ts";
import { LookupStage } from "./operators/lookup-stage.ts";
import { OperatorHost, type OperatorMetrics, type StateBackend } from "./operators/operator-host.ts";
import { FanOut, type Receiver } from "./operators/receiver.ts";
import { Sample } from "./operators/sample.ts";
import { SinkWriter } from "./operators/sink-writer.ts";
import { Events, Filter, KeyRows, MapRows, Pass, Select, Timed } from "./operators/transforms.ts";
import type { TaskPlan } from "./plan.ts";
import { SnapshotParts } from "./snapshot-parts.ts";
import type { AskingTask, CheckpointPart, KeptState, PartsAtBarrier, TaskOutput } from "./task.ts";

/** Part of what an operator keeps besides its keys' state. */
const NO_GROUP = -1;

/** A task in this process: the nodes of a plan's task, wired to each other and to the driver's output. */
export class ChainTask implements AskingTask {
  readonly #plan: TaskPlan;
  readonly #backend: StateBackend;
  readonly #isFirst: boolean;
  readonly #hosts: OperatorHost[] = [];
  readonly #lookups: LookupStage[] = [];
  /** What former subtasks kept besides their keys' state, until all is there. */
  readonly #saved = new Map<string, Uint8Array[]>();
  readonly #inputs: { readonly receiver: Receiver; readonly input: number }[] = [];

  /** `isFirst`: of the task's subtasks. */
  constructor(plan: TaskPlan, backend: StateBackend, isFirst = true) {
    this.#plan = plan;
    this.#backend = backend;
    this.#isFirst = isFirst;
  }

  /** The task's keyed operators, in order. */
  get hosts(): readonly OperatorHost[] {
    return this.#hosts;
  }

  /** The task's look-ups, in order. */
  get lookups(): readonly LookupStage[] {
    return this.#lookups;
  }

  get metrics(): OperatorMetrics[] {
    return [...this.#hosts, ...this.#lookups].map(({ metrics }) => metrics);
  }

  get kept(): KeptState[] {
    return [...this.#hosts, ...this.#lookups].map(({ kept }) => kept);
  }

  get isBusy(): boolean {
    return this.#isBehind || this.#lookups.some(({ isBusy }) => isBusy);
  }

  get isFull(): boolean {
    return this.#isBehind || this.#lookups.some(({ isFull }) => isFull);
  }

  open(output: TaskOutput, wake = () => {}): void {
    const outs = new Map<Node, FanOut>(this.#plan.nodes.map((node) => [node, new FanOut()]));
    const receivers = new Map<Node, Receiver>();
    for (const node of this.#plan.nodes) {
      if (node.type === "side") continue;
      const receiver = this.#make(node, outs, output, wake);
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

  processingTime(time: number): void {
    for (const host of this.#hosts) host.processingTime(time);
  }

  poll(now: number): boolean {
    let some = false;
    for (const lookup of this.#lookups) if (lookup.poll(now)) some = true;
    for (const host of this.#hosts) {
      if (!host.isBehind) continue;
      host.catchUp();
      some = true;
    }
    return some;
  }

  end(input: number): void {
    const target = this.#inputs[input]!;
    target.receiver.end(target.input);
  }

  report(): void {
    for (const host of this.#hosts) host.report();
  }

  /** What belongs to no key group, as it is now; what else was changed is in the store then. */
  saveOwn(): CheckpointPart[] {
    const keepers = [...this.#hosts, ...this.#lookups];
    return keepers.map((keeper) => ({ uid: keeper.kept.uid, keyGroup: NO_GROUP, bytes: keeper.save() }));
  }

  barrier(): PartsAtBarrier {
    const own = this.saveOwn();
    const snapshot = this.#backend.store.snapshot();
    const uids = new Map(this.#hosts.flatMap(({ kept }) => [...keyedTables(kept)]));
    return new SnapshotParts({ own, uids, snapshot });
  }

  take({ uid, keyGroup, bytes }: CheckpointPart): void {
    if (keyGroup === NO_GROUP) {
      this.#saved.set(uid, [...(this.#saved.get(uid) ?? []), bytes]);
      return;
    }
    const table = this.#hosts.find(({ tables }) => tables.has(uid))?.tables.get(uid);
    if (table === undefined) return;
    const input = new ByteReader(bytes);
    while (!input.isAtEnd) {
      const [key, record] = [input.block(), input.block()];
      table.put(keyGroup, key, 0, key.length, record, 0, record.length);
    }
  }

  restored(kept: readonly KeptState[], isFirst: boolean): void {
    for (const host of this.#hosts) {
      const before = kept.find(({ uid }) => uid === host.kept.uid);
      if (before !== undefined) host.restore(before, this.#saved.get(host.kept.uid) ?? []);
    }
    for (const lookup of this.#lookups) {
      const before = kept.find(({ uid }) => uid === lookup.kept.uid);
      if (before !== undefined && isFirst) lookup.restore(before, this.#saved.get(lookup.kept.uid) ?? []);
    }
    this.#saved.clear();
  }

  close(): void {
    for (const lookup of this.#lookups) lookup.close();
  }

  get #isBehind(): boolean {
    return this.#hosts.some(({ isBehind }) => isBehind);
  }

  #make(
    node: Exclude<Node, SideNode>,
    outs: ReadonlyMap<Node, FanOut>,
    output: TaskOutput,
    wake: () => void,
  ): Receiver {
    const next = outs.get(node)!;
    const emit = (tag: string, record: unknown) => output.emit(tag, record);
    switch (node.type) {
      case "changes":
      case "union":
        return new Pass(node, next);
      case "derive":
        return new DeriveRows(node, next);
      case "sample":
        return new Sample(node, next);
      case "filter":
        return new Filter(node, next);
      case "events":
        return new Events(node, next);
      case "map":
        return new MapRows(node, next);
      case "select":
        return new Select(node, next);
      case "timed":
        return new Timed(node, next);
      case "key":
        return new KeyRows(node, next);
      case "sink":
        return new SinkWriter(node, emit);
      case "lookup": {
        const lookup = new LookupStage(node, next, this.#sidesOf(node, outs).get(FAILED), wake);
        this.#lookups.push(lookup);
        return lookup;
      }
      case "operator": {
        const host = new OperatorHost(node, next, this.#sidesOf(node, outs), emit, this.#backend, this.#isFirst);
        this.#hosts.push(host);
        return host;
      }
    }
  }

  /** A node's side outputs by tag. */
  #sidesOf(node: Node, outs: ReadonlyMap<Node, FanOut>): Map<string, FanOut> {
    const sides = this.#plan.nodes.filter((side) => side.type === "side" && side.inputs[0] === node) as SideNode[];
    return new Map(sides.map((side) => [side.tag, outs.get(side)!]));
  }
}

function toOutput(output: TaskOutput, index: number): Receiver {
  return {
    batch: (_input, batch) => output.forward(index, batch),
    control: (_input, element) => output.control(index, element),
    end: () => output.end(index),
  };
}
