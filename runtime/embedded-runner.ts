import { setImmediate as yieldToEvents } from "node:timers/promises";
import { raise } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import type { Control } from "../dataflow/operator.ts";
import type { CheckpointStore } from "./checkpoint/checkpoint-store.ts";
import { Checkpointer, type RunObserver, type Sink } from "./checkpoint/checkpointer.ts";
import type { Manifest } from "./checkpoint/manifest.ts";
import { recover } from "./checkpoint/recovery.ts";
import type { RunState } from "./checkpoint/state-folder.ts";
import { Nap } from "./nap.ts";
import type { OutboxRecord } from "./outbox.ts";
import type { SourceMetrics } from "./source-driver.ts";
import { sourceStale } from "./source-trouble.ts";
import { StaleWatch } from "./stale-watch.ts";
import type { WorkerStatus } from "./worker.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** What a run in this process is made of. */
export interface RunnerOptions {
  readonly run: RunState;
  readonly checkpoints: CheckpointStore;
  /**
   * Makes all workers, for a run that goes on from a checkpoint or begins. One in this thread calls `wake` when it has
   * something to do that it did not have in its last turn.
   */
  readonly openWorkers: (from: Manifest | undefined, wake: () => void) => WorkerHandle[];
  readonly sink: Sink;
  /** Told of each checkpoint whose outbox is out. */
  readonly onDelivered?: (checkpoint: Manifest) => void;
  readonly observer: RunObserver;
  readonly clock: Clock;
  /** From the end of one checkpoint to the next, in ms. */
  readonly checkpointEveryMs: number;
  /** Throws FENCED once another runner has taken over. */
  readonly requireMine: () => void;
  /** Without a source's frontier moving for this long, by the clock, it is stale; undefined: never. */
  readonly staleAfterMs?: number;
  /** What people decided since the last call, in the words of who makes the workers. */
  readonly decisions?: () => readonly unknown[];
  /** Called now and then, with a look at the run. */
  readonly onProgress?: (metrics: RunnerMetrics) => void;
  readonly requests?: RunRequests;
  /** Lets others have their turn between two turns of the workers. Default: what waits in this thread's event loop. */
  readonly yieldToOthers?: () => Promise<void>;
  /** Copies a checkpoint, whose outbox is out, into a folder. */
  readonly writeSavepoint: (checkpoint: Manifest, dir: string) => Promise<void>;
  /** Throws where that could not be done, before anything is done for it. */
  readonly requireRoom?: (dir: string) => void;
}

/** What is asked of a run from outside, looked up now and then. */
export interface RunRequests {
  /** What to do next, if anything; asked once for each. */
  next(): RunRequest | undefined;
}

/** A savepoint, a stop, or both; `drain` ends the sources where they are, so that what waits for their end comes out. */
export interface RunRequest {
  readonly savepoint?: string;
  readonly stop?: "drain" | "keep";
  /** Called when it is done, or has failed. */
  readonly done: (error: unknown) => void;
}

/** A look at a run while it goes. */
export interface RunnerMetrics {
  readonly sources: readonly SourceMetrics[];
  readonly operators: readonly { readonly uid: string; readonly rowsIn: number; readonly keys: number }[];
}

/** How a run ended, and its last checkpoint, which is out. */
export interface RunResult {
  /** Everything was read, or ended by `drain`; else it is to be gone on with. */
  readonly isComplete: boolean;
  readonly last: Manifest;
}

const IDLE_MS = 20;
/** While something is waited for that takes a moment. */
const BUSY_MS = 1;
const TELL_TIME_MS = 10;

/**
 * Runs a job in this process: drives its workers, takes checkpoints, and brings their outboxes to the sinks. All state is
 * in the checkpoints, so that a run which died goes on from the last one with nothing lost and nothing done twice.
 */
export class EmbeddedRunner {
  readonly #options: RunnerOptions;
  readonly #stale: StaleWatch;
  readonly #nap: Nap;
  #workers: WorkerHandle[] = [];
  #toldAt = Number.NEGATIVE_INFINITY;
  #checkpointer: Checkpointer | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#stale = new StaleWatch(options.clock, options.staleAfterMs);
    this.#nap = new Nap(options.clock);
  }

  /**
   * Goes on from the newest whole checkpoint of the run, or begins; redoes what of it is not out yet. Gives the
   * checkpoint. CHECKPOINTS_DAMAGED, STATE_INCOMPATIBLE, STATE_DROPPED, and what opening workers raises.
   */
  async recover(): Promise<Manifest | undefined> {
    const openWorkers = (from: Manifest | undefined) => this.#options.openWorkers(from, () => this.#nap.wake());
    const { workers, from, warnings } = await recover({ ...this.#options, openWorkers });
    this.#workers = workers;
    this.#checkpointer = new Checkpointer(this.#options, workers, from);
    for (const alert of warnings) this.#checkpointer!.alert(alert);
    return from;
  }

  metrics(): RunnerMetrics {
    return metricsOf(this.#look());
  }

  /**
   * Runs until every source has ended, a request or the signal stops it; then all that was emitted is out. Throws what
   * makes going on impossible: LOG_WITHOUT_END when a bounded log lacks its end markers, SOURCE_STOPPED when a source's
   * positions went back, FENCED when another runner took over.
   */
  async run(signal: AbortSignal): Promise<RunResult> {
    this.#tellTime();
    this.#decide(true);
    let stop: RunRequest | undefined;
    let workers = this.#look();
    while (!signal.aborted && stop === undefined && !hasEnded(workers) && whyStuck(workers) === undefined) {
      const some = await this.#turn();
      workers = this.#look();
      this.#decide();
      this.#watchStale(workers);
      this.#checkpointer!.poll(workers.reduce((sum, { emitted }) => sum + emitted, 0));
      this.#options.onProgress?.(metricsOf(workers));
      stop = await this.#heed();
      if (some) await this.#yield();
      else await this.#nap.sleep(IDLE_MS, signal);
    }
    if (stop?.stop === "drain") await this.#drain();
    const isComplete = hasEnded(this.#look());
    const last = await this.#finish(stop);
    const stuck = whyStuck(workers);
    if (stuck !== undefined && !signal.aborted && stop === undefined) raise(stuck.code, stuck.details);
    return { isComplete, last };
  }

  /** Hands out what is known of every key, when all has ended, in pieces. */
  async report(take: (records: readonly OutboxRecord[]) => void): Promise<void> {
    for (const worker of this.#workers) await worker.report(take);
  }

  async close(): Promise<void> {
    await this.#checkpointer?.close();
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  async #yield(): Promise<void> {
    await (this.#options.yieldToOthers ?? yieldToEvents)();
  }

  async #turn(): Promise<boolean> {
    let some = false;
    for (const worker of this.#workers) {
      const turn = worker.turn();
      if (typeof turn === "boolean" ? turn : await turn) some = true;
    }
    this.#tellTime();
    return some;
  }

  /** Now and then is enough: every operator is told, in whatever thread. */
  #tellTime(): void {
    const now = this.#options.clock.now();
    if (now - this.#toldAt < TELL_TIME_MS) return;
    this.#toldAt = now;
    for (const worker of this.#workers) worker.processingTime(now);
  }

  #look(): WorkerStatus[] {
    return this.#workers.map((worker) => worker.status());
  }

  async #drain(): Promise<void> {
    for (const worker of this.#workers) worker.drain();
    while (!hasEnded(this.#look())) if (!(await this.#turn())) await this.#nap.sleep(IDLE_MS, NEVER);
  }

  /** Takes the last checkpoint while the workers go on with what is on its way. */
  async #finish(stop: RunRequest | undefined): Promise<Manifest> {
    try {
      const last = await this.#driving(this.#checkpointer!.take());
      if (stop?.savepoint !== undefined) await this.#options.writeSavepoint(last, stop.savepoint);
      stop?.done(undefined);
      return last;
    } catch (error) {
      stop?.done(error);
      throw error;
    }
  }

  /** Does turns until the promise has settled. */
  async #driving<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    while (!settled) {
      if (await this.#turn()) await this.#yield();
      else await this.#nap.sleep(BUSY_MS, NEVER);
    }
    return promise;
  }

  #decide(first = false): void {
    const decisions = this.#options.decisions?.() ?? [];
    if (decisions.length > 0 || first) for (const worker of this.#workers) worker.decide(decisions);
  }

  /** Does what was asked for; gives a request that stops the run. */
  async #heed(): Promise<RunRequest | undefined> {
    const request = this.#options.requests?.next();
    if (request === undefined) return undefined;
    try {
      if (request.savepoint !== undefined) this.#options.requireRoom?.(request.savepoint);
      if (request.stop !== undefined) return request;
      const checkpoint = await this.#driving(this.#checkpointer!.take());
      if (request.savepoint !== undefined) await this.#options.writeSavepoint(checkpoint, request.savepoint);
      request.done(undefined);
    } catch (error) {
      request.done(error);
    }
    return undefined;
  }

  #watchStale(workers: readonly WorkerStatus[]): void {
    for (const { source, frontier, caughtUp } of combined(workers)) {
      const change = this.#stale.look(source, frontier, caughtUp);
      if (change === undefined) continue;
      const element: Control = { type: "status", source, status: change };
      for (const worker of this.#workers) worker.control(element);
      if (change === "active") continue;
      this.#checkpointer!.alert(sourceStale(source));
    }
  }
}

const NEVER = new AbortController().signal;

function hasEnded(workers: readonly WorkerStatus[]): boolean {
  return workers.every(({ ended }) => ended);
}

/** Why a run in which all that can be read was read, and a source has no end, cannot end. */
function whyStuck(workers: readonly WorkerStatus[]): WorkerStatus["stuck"] {
  const isAtEnd = workers.every(({ sourcesEnded, stuck }) => sourcesEnded || stuck !== undefined);
  return isAtEnd ? workers.find(({ stuck }) => stuck !== undefined)?.stuck : undefined;
}

/** What all workers together have seen of each source. */
function combined(workers: readonly WorkerStatus[]): (SourceMetrics & { readonly caughtUp: boolean })[] {
  const sources = new Map<string, SourceMetrics & { caughtUp: boolean }>();
  for (const { sources: own } of workers) {
    for (const each of own) {
      const known = sources.get(each.source);
      if (known === undefined) {
        sources.set(each.source, { ...each });
        continue;
      }
      known.changes += each.changes;
      known.repeats += each.repeats;
      known.faults += each.faults;
      known.rows += each.rows;
      known.frontier = Math.min(known.frontier, each.frontier);
      known.caughtUp &&= each.caughtUp;
    }
  }
  return [...sources.values()];
}

function metricsOf(workers: readonly WorkerStatus[]): RunnerMetrics {
  const operators = new Map<string, { uid: string; rowsIn: number; keys: number }>();
  for (const { uid, rowsIn, keys } of workers.flatMap((worker) => worker.operators)) {
    const known = operators.get(uid) ?? { uid, rowsIn: 0, keys: 0 };
    operators.set(uid, { uid, rowsIn: known.rowsIn + rowsIn, keys: known.keys + keys });
  }
  return { sources: combined(workers), operators: [...operators.values()] };
}
