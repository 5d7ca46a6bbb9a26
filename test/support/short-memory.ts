import { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import type { Job } from "../../checks/job.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import type { Control } from "../../dataflow/operator.ts";
import { OperatorHost, type StateBackend } from "../../runtime/operators/operator-host.ts";
import { FanOut } from "../../runtime/operators/receiver.ts";
import { hashBytes, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import { StateStore } from "../../state/state-store.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";

interface Subtask {
  readonly host: OperatorHost;
  readonly backend: StateBackend;
}

/**
 * The one check of a job, in hosts that have so little memory that most keys are on the disk, and that can be begun anew from a
 * checkpoint, in another number and by another version of the job.
 */
export class ShortOfMemory {
  /** All that it said, in the order of each key. */
  readonly told: { readonly output: string; readonly record: Record<string, unknown> }[] = [];
  readonly #disk = new MemoryDisk();
  readonly #statuses = new Map<string, Control>();
  #starts = 0;
  #node!: OperatorNode;
  #subtasks: readonly Subtask[];

  constructor(job: Job) {
    this.#subtasks = this.#open(job, 1);
  }

  get keys(): number {
    return this.#subtasks.reduce((sum, { host }) => sum + host.metrics.keys(), 0);
  }

  batch(input: number, batch: Batch): void {
    const keys = batch.column(this.#node.keys[input]!) as TextColumn;
    for (const [index, { host }] of this.#subtasks.entries()) {
      const own = new Batch(batch.layout);
      for (let row = 0; row < batch.count; row++) {
        if (subtaskOf(groupOf(keys.text(row)), this.#subtasks.length) === index) own.append(batch, row);
      }
      if (own.count > 0) host.batch(input, own);
    }
  }

  control(element: Control): void {
    if (element.type === "status") this.#statuses.set(element.source, element);
    for (const { host } of this.#subtasks) {
      for (let input = 0; input < this.#node.inputs.length; input++) host.control(input, element);
    }
  }

  /** Takes a checkpoint and goes on. */
  save(): void {
    for (const { host, backend } of this.#subtasks) {
      host.save();
      backend.store.checkpoint();
    }
  }

  /** Begins anew from a checkpoint. */
  restart(job: Job, count: number): void {
    const saved = this.#subtasks.map(({ host }) => host.save());
    const parts = this.#subtasks.map(({ backend }) => backend.store.checkpoint().part);
    const { kept } = this.#subtasks[0]!.host;
    for (const { backend } of this.#subtasks) backend.store.close();
    this.#subtasks = this.#open(job, count);
    for (const [index, { host, backend }] of this.#subtasks.entries()) {
      backend.store.restore(structuredClone(parts), (_table, group) => subtaskOf(group, count) === index);
      host.restore(kept, saved);
    }
    // Whoever watches the sources finds out anew which of them are stale.
    for (const status of this.#statuses.values()) this.control(status);
  }

  end(): void {
    for (const { host } of this.#subtasks) {
      for (let input = 0; input < this.#node.inputs.length; input++) host.end();
      host.report();
    }
  }

  #open(job: Job, count: number): readonly Subtask[] {
    this.#node = job.graph().nodes.find((node) => node.type === "operator")!;
    const emit = (output: string, record: unknown) => {
      this.told.push({ output, record: record as Record<string, unknown> });
    };
    return Array.from({ length: count }, (_, index) => {
      const store = new StateStore({ disk: this.#disk, dir: "state", prefix: `p${this.#starts++}`, memoryBytes: MIB });
      const backend = { ...memoryBackend(), store, cacheBytes: 0 };
      return { backend, host: new OperatorHost(this.#node, new FanOut(), new Map(), emit, backend, index === 0) };
    });
  }
}

const MIB = 1 << 20;

function groupOf(key: Key): number {
  const bytes = Buffer.from(key);
  return keyGroupOf(hashBytes(bytes, 0, bytes.length));
}
