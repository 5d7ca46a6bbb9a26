import type { Control } from "../dataflow/operator.ts";
import type { Manifest } from "./checkpoint/manifest.ts";
import { Restored } from "./checkpoint/restored.ts";
import type { OutboxRecord } from "./outbox.ts";
import { Worker, type WorkerOptions, type WorkerPart, type WorkerStatus } from "./worker.ts";

/** A worker as its coordinator sees it, wherever it runs. */
export interface WorkerHandle {
  /** Goes on from a checkpoint, or begins; before anything else. STATE_CORRUPT, STATE_INCOMPATIBLE, STATE_DROPPED. */
  start(from: Manifest | undefined): Promise<void>;
  /** Does some work, if the worker does not do so by itself; false when there was none. */
  turn(): boolean | Promise<boolean>;
  /** Takes a checkpoint's barrier through the worker's tasks; gives its part once that is durable. */
  checkpoint(): Promise<WorkerPart>;
  /** A control element for all inputs. */
  control(element: Control): void;
  /** What people decided, in the words of who makes the worker; the first call, behind `start`, lets it begin to read. */
  decide(decisions: readonly unknown[]): void;
  processingTime(time: number): void;
  /** Ends the sources where they are. */
  drain(): void;
  /** As of a moment ago. Throws what the worker failed with. */
  status(): WorkerStatus;
  /** Hands out what is known of every key, when all has ended, in pieces. */
  report(take: (records: readonly OutboxRecord[]) => void): Promise<void>;
  close(): Promise<void>;
}

/** How a worker in this thread is made. */
export interface LocalWorkerOptions extends Omit<WorkerOptions, "onCheckpoint"> {
  readonly parallelism: number;
  /** State that the job no longer has may be left behind. */
  readonly allowDroppedState: boolean;
  /** What people decided, as control elements. */
  readonly applyDecision: (decision: unknown) => readonly Control[];
}

/** A worker in this thread, driven by its coordinator's turns. */
export class LocalWorker implements WorkerHandle {
  readonly #options: LocalWorkerOptions;
  readonly #worker: Worker;
  #onPart: ((part: Promise<WorkerPart>) => void) | undefined;

  constructor(options: LocalWorkerOptions) {
    this.#options = options;
    this.#worker = new Worker({ ...options, onCheckpoint: (part) => this.#onPart?.(part) });
  }

  async start(from: Manifest | undefined): Promise<void> {
    const { index, parallelism, allowDroppedState } = this.#options;
    if (from !== undefined) await this.#worker.restore(new Restored(from, index, parallelism), allowDroppedState);
    this.#worker.start();
  }

  turn(): boolean | Promise<boolean> {
    return this.#worker.turn();
  }

  checkpoint(): Promise<WorkerPart> {
    return new Promise((resolve) => {
      this.#onPart = resolve;
      this.#worker.checkpoint();
    });
  }

  control(element: Control): void {
    this.#worker.control(element);
  }

  decide(decisions: readonly unknown[]): void {
    for (const decision of decisions) {
      for (const element of this.#options.applyDecision(decision)) this.#worker.control(element);
    }
  }

  processingTime(time: number): void {
    this.#worker.processingTime(time);
  }

  drain(): void {
    this.#worker.drain();
  }

  status(): WorkerStatus {
    return this.#worker.status();
  }

  async report(take: (records: readonly OutboxRecord[]) => void): Promise<void> {
    this.#worker.report(take);
  }

  async close(): Promise<void> {
    this.#worker.close();
  }
}
