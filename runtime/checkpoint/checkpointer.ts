import { assert } from "../../base/errors.ts";
import type { Clock } from "../../base/time.ts";
import type { EngineAlert, OutboxRecord } from "../outbox.ts";
import type { WorkerPart } from "../worker.ts";
import type { WorkerHandle } from "../worker-handle.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import type { Manifest } from "./manifest.ts";
import type { RunState } from "./state-folder.ts";

/** Where outboxes go. Nothing reaches it that could be lost. */
export interface Sink {
  /** Where the sinks stand, to be kept in a checkpoint; plain data. */
  position(): unknown;
  /**
   * Brings an outbox out, whole and in order, then its marker. May be called again for the same checkpoint, after a crash
   * at any moment of the first call, and leaves the same.
   */
  deliver(delivery: Delivery): Promise<void>;
  /**
   * Before all else, for a run that goes on from this checkpoint: brings out what of it is not out yet, and remembers what
   * is out of later ones, which are lost, so that it does not come again.
   */
  recover(delivery: Delivery): Promise<void>;
  /** True when an outbox of this epoch was brought out. */
  hasDelivered(epoch: number): boolean;
}

/** An outbox on its way. */
export interface Delivery {
  readonly epoch: number;
  readonly attempt: number;
  readonly checkpoint: number;
  readonly records: readonly OutboxRecord[];
  /** Where the sinks stood before it. */
  readonly before: unknown;
  /** Wall time of the checkpoint, in epoch ms. */
  readonly takenAt: number;
}

/** Watches what a run emits, from checkpoint to checkpoint; what it knows is kept in them. */
export interface RunObserver {
  observe(records: readonly OutboxRecord[]): void;
  /** What it knows, as plain data. */
  save(): unknown;
  restore(saved: unknown): void;
}

/** What checkpoints are made with. */
export interface CheckpointerOptions {
  readonly run: RunState;
  readonly checkpoints: CheckpointStore;
  readonly sink: Sink;
  readonly observer: RunObserver;
  readonly clock: Pick<Clock, "now">;
  readonly checkpointEveryMs: number;
  /** Told of each checkpoint whose outbox is out. */
  readonly onDelivered?: (checkpoint: Manifest) => void;
  /** Throws once another runner has taken over; asked before anything is written that it would read, or removed. */
  readonly requireMine: () => void;
}

/** An outbox of so many records does not wait for its time. */
const MANY_RECORDS = 50_000;

/** Takes checkpoints, one at a time, and brings their outboxes out. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #workers: readonly WorkerHandle[];
  #newest: Manifest | undefined;
  #dueAt: number;
  #underWay: Promise<Manifest> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** The checkpoint under way, once all workers have given their parts. */
  #writing: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** What the coordinator itself emitted. */
  #own: OutboxRecord[] = [];

  constructor(options: CheckpointerOptions, workers: readonly WorkerHandle[], newest: Manifest | undefined) {
    this.#options = options;
    this.#workers = workers;
    this.#newest = newest;
    this.#dueAt = options.clock.now() + options.checkpointEveryMs;
  }

  /** Emits an engine alert with the next checkpoint. */
  alert(alert: EngineAlert): void {
    this.#own.push({ kind: "engine-alert", alert });
  }

  /** Begins a checkpoint when one is due, or when so much was emitted that it must go. Throws what the last one failed with. */
  poll(emitted: number): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#underWay !== undefined) return;
    if (this.#options.clock.now() < this.#dueAt && emitted < MANY_RECORDS) return;
    this.#begin().catch(() => undefined);
  }

  /** A checkpoint of now, once its outbox is out. */
  async take(): Promise<Manifest> {
    await this.#underWay;
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#begin();
  }

  /** Lets a checkpoint that is under way go no further; when it resolves, nothing of it is still being written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing.catch(() => undefined);
  }

  /** What one that fails had gathered is in no other, so the run cannot go on. */
  async #begin(): Promise<Manifest> {
    const underWay = this.#take();
    this.#underWay = underWay;
    try {
      return await underWay;
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      this.#underWay = undefined;
      this.#dueAt = this.#options.clock.now() + this.#options.checkpointEveryMs;
    }
  }

  async #take(): Promise<Manifest> {
    const parts = await Promise.all(this.#workers.map((worker) => worker.checkpoint()));
    const writing = this.#write(parts);
    this.#writing = writing;
    return writing;
  }

  async #write(parts: readonly WorkerPart[]): Promise<Manifest> {
    const { run, checkpoints, sink, observer, clock } = this.#options;
    const records = [...this.#own.splice(0), ...parts.flatMap((part) => part.outbox)];
    observer.observe(records);
    const { epoch, attempt } = run;
    const checkpoint = (this.#newest?.checkpoint ?? 0) + 1;
    const takenAt = clock.now();
    const before = sink.position();
    const observed = observer.save();
    const head = { job: run.job, epoch, attempt, checkpoint, takenAt, before, observed } as const;
    const manifest = await checkpoints.write({ ...head, ...joined(parts) }, records, () => this.#requireGoing());
    this.#requireGoing();
    await sink.deliver({ epoch, attempt, checkpoint, records, before, takenAt });
    this.#requireGoing();
    this.#options.onDelivered?.(manifest);
    checkpoints.prune(this.#newest === undefined ? [manifest] : [this.#newest, manifest]);
    this.#newest = manifest;
    return manifest;
  }

  #requireGoing(): void {
    assert(!this.#isClosed, "a checkpoint goes no further once its run has failed");
    this.#options.requireMine();
  }
}

/** The workers' parts as one. */
function joined(parts: readonly WorkerPart[]) {
  const sorted = [...parts].sort((left, right) => left.worker - right.worker);
  const [first] = sorted;
  const rows = new Map(sorted.flatMap((part) => part.rows.map((row) => [row.table, row] as const)));
  return {
    parallelism: sorted.length,
    stores: sorted.map(({ store }) => store),
    kept: first!.kept,
    operators: first!.kept.map(({ uid }) => {
      const saved = sorted.flatMap(({ operators }) => operators.filter((entry) => entry.uid === uid));
      return { uid, saved: saved.map((entry) => entry.saved) };
    }),
    rows: [...rows.values()],
    splits: sorted.flatMap(({ splits }) => splits),
    sources: [...new Set(sorted.flatMap(({ sources }) => sources.map(({ source }) => source)))].map((source) => {
      const saved = sorted.flatMap(({ sources }) => sources.filter((entry) => entry.source === source));
      return { source, saved: saved.map((entry) => entry.saved) };
    }),
  };
}
