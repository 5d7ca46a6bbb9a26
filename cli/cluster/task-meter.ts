import type { Batch } from "../../base/batch.ts";
import type { Control } from "../../dataflow/operator.ts";
import type { SourceInlet } from "../../flink/hosted-task.ts";
import type { AskingTask, CheckpointPart, KeptState, PartsAtBarrier, TaskOutput } from "../../runtime/task.ts";
import type { StateStore } from "../../state/state-store.ts";

/** Counts how long a task is at work, and how far its inputs have come. */
export class TaskMeter {
  #busyMs = 0;
  #since = performance.now();
  /** By source. */
  readonly #frontiers = new Map<string, number>();

  /** Does something that counts as work. */
  measured<T>(act: () => T): T {
    const begunAt = performance.now();
    try {
      return act();
    } finally {
      this.#busyMs += performance.now() - begunAt;
    }
  }

  control(element: Control): void {
    if (element.type === "frontier") this.#frontiers.set(element.source, element.through);
  }

  /** The least that the sources' frontiers have reached, in epoch ms; undefined before each of them moved. */
  get frontier(): number | undefined {
    const least = Math.min(...this.#frontiers.values());
    return Number.isFinite(least) ? least : undefined;
  }

  /** How long it was at work, in ms of each second since this was asked last. */
  takeBusy(): number {
    const now = performance.now();
    const busy = (1_000 * this.#busyMs) / Math.max(1, now - this.#since);
    this.#busyMs = 0;
    this.#since = now;
    return Math.min(1_000, busy);
  }
}

/** A task whose calls are measured, and whose store is kept tidy: its driver takes no checkpoints of the store. */
export class MeasuredTask implements AskingTask {
  readonly #task: AskingTask;
  readonly #meter: TaskMeter;
  readonly #store: Pick<StateStore, "compact" | "tidy">;
  readonly #requireUsable: (kept: readonly KeptState[]) => void;

  /** `requireUsable` throws where the task cannot go on from what others kept. */
  constructor(
    task: AskingTask,
    meter: TaskMeter,
    store: Pick<StateStore, "compact" | "tidy">,
    requireUsable: (kept: readonly KeptState[]) => void,
  ) {
    this.#task = task;
    this.#meter = meter;
    this.#store = store;
    this.#requireUsable = requireUsable;
  }

  get kept(): readonly KeptState[] {
    return this.#task.kept;
  }

  get isBusy(): boolean {
    return this.#task.isBusy;
  }

  get isFull(): boolean {
    return this.#task.isFull;
  }

  open(output: TaskOutput, wake?: () => void): void {
    this.#task.open(output, wake);
  }

  batch(input: number, batch: Batch): void {
    this.#meter.measured(() => {
      this.#task.batch(input, batch);
      this.#store.compact();
    });
  }

  control(input: number, element: Control): void {
    this.#meter.control(element);
    this.#meter.measured(() => {
      this.#task.control(input, element);
      this.#store.compact();
    });
  }

  processingTime(time: number): void {
    this.#meter.measured(() => this.#task.processingTime(time));
  }

  poll(now: number): boolean {
    return this.#meter.measured(() => this.#task.poll(now));
  }

  end(input: number): void {
    this.#task.end(input);
  }

  report(): void {
    this.#task.report();
  }

  barrier(): PartsAtBarrier {
    return this.#meter.measured(() => {
      this.#store.tidy();
      return this.#task.barrier();
    });
  }

  take(part: CheckpointPart): void {
    this.#task.take(part);
  }

  restored(kept: readonly KeptState[], isFirst: boolean): void | Promise<void> {
    this.#requireUsable(kept);
    return this.#task.restored(kept, isFirst);
  }

  close(): void {
    this.#task.close();
  }
}

/** What a task reads, measured, with its store kept tidy; while something is fetched for it, it does not work. */
export function measuredInlet(inlet: SourceInlet, meter: TaskMeter, store: Pick<StateStore, "compact">): SourceInlet {
  return {
    start: () => inlet.start(),
    records: (payload) =>
      meter.measured(() => {
        store.compact();
        return inlet.records(payload);
      }),
    proof: (payload) => meter.measured(() => inlet.proof(payload)),
  };
}
