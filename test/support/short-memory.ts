import { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import type { Job } from "../../checks/job.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import type { Control } from "../../dataflow/operator.ts";
import { OperatorHost, type StateBackend } from "../../runtime/operators/operator-host.ts";
import { FanOut } from "../../runtime/operators/receiver.ts";
import { hashBytes, isOwn, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import { StateStore, type StateStoreOptions, type StorePart } from "../../state/state-store.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";

interface Subtask {
  readonly host: OperatorHost;
  readonly backend: StateBackend;
}

/** What a check goes on from. */
interface Checkpoint {
  /** What hosts keep besides keys. */
  readonly saved: readonly Buffer[];
  readonly parts: readonly StorePart[];
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
  readonly #sizes: Partial<StateStoreOptions>;
  readonly #cacheBytes: number;
  #starts = 0;
  #node!: OperatorNode;
  #subtasks: readonly Subtask[];
  /** Checkpoints that are being written. */
  #underWay: readonly Promise<StorePart>[] = [];

  /** `sizes`: those of its stores that are other than usual; `cacheBytes`: what records may take as objects. */
  constructor(job: Job, sizes: Partial<StateStoreOptions> = {}, cacheBytes = 0) {
    this.#sizes = sizes;
    this.#cacheBytes = cacheBytes;
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
    this.#goOn(job, count, { saved, parts });
  }

  /** Begins a checkpoint, which `tend` goes on with, when the one before it is there. */
  async saveBehind(): Promise<void> {
    await this.settle();
    this.#cut();
  }

  /** Begins anew from a checkpoint that was not written whole when `lost` happened, of which nothing is left. */
  async restartBehind(job: Job, count: number, lost: () => void): Promise<void> {
    await this.settle();
    const saved = this.#cut();
    const told = this.told.length;
    const statuses = [...this.#statuses];
    lost();
    this.told.length = told;
    this.#statuses.clear();
    for (const [source, status] of statuses) this.#statuses.set(source, status);
    const parts = await this.settle();
    this.#goOn(job, count, { saved, parts });
  }

  /** What stores do between batches. */
  tend(): void {
    for (const { backend } of this.#subtasks) backend.store.tend();
  }

  /** Goes on with a checkpoint until it is there, if one was begun; gives its parts. */
  async settle(): Promise<readonly StorePart[]> {
    for (const { backend } of this.#subtasks) while (backend.store.tend());
    const parts = await Promise.all(this.#underWay);
    this.#underWay = [];
    return parts;
  }

  end(): void {
    for (const { host } of this.#subtasks) {
      for (let input = 0; input < this.#node.inputs.length; input++) host.end();
      host.report();
    }
  }

  #cut(): Buffer[] {
    const saved = this.#subtasks.map(({ host }) => host.saveRest());
    this.#underWay = this.#subtasks.map(({ backend }) => backend.store.checkpointBehind());
    return saved;
  }

  #goOn(job: Job, count: number, { saved, parts }: Checkpoint): void {
    const { kept } = this.#subtasks[0]!.host;
    for (const { backend } of this.#subtasks) backend.store.close();
    this.#subtasks = this.#open(job, count);
    for (const [subtask, { host, backend }] of this.#subtasks.entries()) {
      const owns = (_table: string, group: number) => isOwn(group, { subtask, parallelism: count });
      backend.store.restore(structuredClone(parts), owns);
      host.restore(kept, saved);
    }
    // Whoever watches the sources finds out anew which of them are stale.
    for (const status of this.#statuses.values()) this.control(status);
  }

  #open(job: Job, count: number): readonly Subtask[] {
    this.#node = job.graph().nodes.find((node) => node.type === "operator")!;
    const emit = (output: string, record: unknown) => {
      this.told.push({ output, record: record as Record<string, unknown> });
    };
    return Array.from({ length: count }, (_, index) => {
      const place = { disk: this.#disk, dir: "state", prefix: `p${this.#starts++}` };
      const store = new StateStore({ ...place, memoryBytes: MIB, ...this.#sizes });
      const backend = { ...memoryBackend(), store, cacheBytes: this.#cacheBytes };
      return { backend, host: new OperatorHost(this.#node, new FanOut(), new Map(), emit, backend, index === 0) };
    });
  }
}

const MIB = 1 << 20;

function groupOf(key: Key): number {
  const bytes = Buffer.from(key);
  return keyGroupOf(hashBytes(bytes, 0, bytes.length));
}
