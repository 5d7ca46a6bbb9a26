import { setImmediate as yieldToEvents } from "node:timers/promises";
import { isError, raise } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import { type Graph, modelsOf } from "../dataflow/graph.ts";
import type { Control } from "../dataflow/operator.ts";
import type { RecordFault, SourceReader, Suspension } from "../dataflow/source.ts";
import { JobTasks } from "./job-tasks.ts";
import type { OperatorMetrics } from "./operators/operator-host.ts";
import { type EngineAlert, SourceDriver, type SourceMetrics } from "./source-driver.ts";
import { StaleWatch } from "./stale-watch.ts";

/** Picks which of the splits that can be read is read next. */
export type Scheduler = (candidates: readonly ReadableSplit[]) => ReadableSplit;

/** A split that has not ended, and how far it has been read by now. */
export interface ReadableSplit {
  readonly driver: SourceDriver;
  readonly split: number;
  /** Event time through which it has been read. */
  readonly through: number;
}

/** Reads what lies furthest behind in event time, so that the least must wait in state. */
export const furthestBehindFirst: Scheduler = (candidates) =>
  candidates.reduce((least, candidate) => (candidate.through < least.through ? candidate : least));

/** What a run hands to the outside. All calls come from the runner, one at a time. */
export interface RunnerOutput {
  /** A record of a side output or sink, by name. */
  emit(output: string, record: unknown): void;
  engineAlert(alert: EngineAlert): void;
  fault(fault: RecordFault): void;
  suspension(suspension: Suspension): void;
  /** Called now and then, and at the end: brings out what was gathered. */
  flush(): void | Promise<void>;
}

/** What people decided while the job runs: elements for every input. */
export type Decisions = () => readonly Control[];

export interface RunnerOptions {
  readonly graph: Graph;
  readonly readers: readonly SourceReader[];
  readonly output: RunnerOutput;
  readonly clock: Clock;
  /** How long deleted rows keep their position, in ms of event time. */
  readonly retainMs: number;
  /** Without a source's frontier moving for this long, by the clock, it is stale; undefined: never. */
  readonly staleAfterMs?: number;
  /** Go on when all has been read, instead of failing on a log without an end. */
  readonly follow: boolean;
  readonly scheduler?: Scheduler;
  readonly decisions?: Decisions;
}

/** A look at a run while it goes. */
export interface RunnerMetrics {
  readonly sources: readonly SourceMetrics[];
  readonly operators: readonly OperatorMetrics[];
}

const READ_BYTES = 256 * 1024;
/** Reads between two looks at the event loop: signals, progress, decisions. */
const READS_PER_TURN = 16;
const IDLE_MS = 50;
const RETRIES = 5;
const RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

/**
 * Runs a job in this process: reads its sources, drives its tasks through the task protocol, hands on what they emit.
 * One worker: the exchanges between tasks are direct calls.
 */
export class EmbeddedRunner {
  readonly #options: RunnerOptions;
  readonly #tasks: JobTasks;
  readonly #drivers: readonly SourceDriver[];
  readonly #stale: StaleWatch;
  readonly #scheduler: Scheduler;
  /** Splits that could not be read, by name: how often in a row, and when they are tried again. */
  readonly #failures = new Map<string, { readonly attempt: number; readonly retryAt: number }>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#scheduler = options.scheduler ?? furthestBehindFirst;
    this.#tasks = new JobTasks(options.graph, (output, record) => options.output.emit(output, record));
    this.#drivers = options.readers.map((reader) => this.#drive(reader));
    this.#stale = new StaleWatch(options.clock, options.staleAfterMs);
  }

  metrics(): RunnerMetrics {
    return {
      sources: this.#drivers.map((driver) => driver.metrics()),
      operators: this.#tasks.metrics(),
    };
  }

  /**
   * Runs until every source has ended, or the signal stops it. Throws what makes going on impossible: LOG_WITHOUT_END
   * when a bounded log lacks its end markers, SOURCE_STOPPED when a source's positions went back.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#decide();
    while (!signal.aborted && !this.#drivers.every((driver) => driver.ended)) {
      const empty = new Set<string>();
      const some = await this.#turn(empty);
      this.#decide();
      this.#watchStale(empty);
      await this.#options.output.flush();
      if (some) await yieldToEvents();
      else await this.#idle(signal);
    }
    if (!signal.aborted) this.#tasks.end();
    await this.#options.output.flush();
  }

  close(): void {
    for (const driver of this.#drivers) driver.reader.close();
  }

  /**
   * A few reads that bring something; false when nothing was there. A split that has nothing, or that waits to be tried
   * again, is looked at once a turn and added to `empty`, so that many quiet splits keep none from being read.
   */
  async #turn(empty: Set<string>): Promise<boolean> {
    const candidates = this.#candidates(empty);
    let reads = 0;
    while (reads < READS_PER_TURN && candidates.length > 0) {
      const candidate = this.#scheduler(candidates);
      const { driver, split } = candidate;
      const read = this.#read(driver, split);
      const some = typeof read === "boolean" ? read : await read;
      if (some) reads++;
      else empty.add(splitName(driver, split));
      if (!some || !driver.openSplits().includes(split)) candidates.splice(candidates.indexOf(candidate), 1);
    }
    return reads > 0;
  }

  #candidates(empty: Set<string>): ReadableSplit[] {
    const now = this.#failures.size === 0 ? 0 : this.#options.clock.now();
    return this.#drivers.flatMap((driver) =>
      driver.openSplits().flatMap((split) => {
        const name = splitName(driver, split);
        if ((this.#failures.get(name)?.retryAt ?? 0) <= now) return [readable(driver, split)];
        empty.add(name);
        return [];
      }),
    );
  }

  #read(driver: SourceDriver, split: number): boolean | Promise<boolean> {
    try {
      const read = driver.read(split, READ_BYTES);
      if (typeof read !== "boolean") return this.#settled(read, driver, split);
      this.#failures.delete(splitName(driver, split));
      return read;
    } catch (error) {
      return this.#failed(driver, split, error);
    }
  }

  async #settled(read: Promise<boolean>, driver: SourceDriver, split: number): Promise<boolean> {
    try {
      const some = await read;
      this.#failures.delete(splitName(driver, split));
      return some;
    } catch (error) {
      return this.#failed(driver, split, error);
    }
  }

  /** The environment failed: the split waits, longer each time, and tries again; a bounded run gives up after a while. */
  #failed(driver: SourceDriver, split: number, error: unknown): boolean {
    if (!isError(error) || !error.retryable) throw error;
    const name = splitName(driver, split);
    const attempt = (this.#failures.get(name)?.attempt ?? 0) + 1;
    if (!this.#options.follow && attempt > RETRIES) throw error;
    const retryAt = this.#options.clock.now() + Math.min(RETRY_MS * 2 ** (attempt - 1), MAX_RETRY_MS);
    this.#failures.set(name, { attempt, retryAt });
    const { code, message } = error;
    const { source } = driver.reader;
    this.#options.output.engineAlert({ id: `${code}/${source}`, code, source, message });
    return false;
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const stopped = this.#drivers.find((driver) => driver.stopped);
    if (!this.#options.follow && this.#failures.size === 0) {
      if (stopped !== undefined) raise("SOURCE_STOPPED", { source: stopped.reader.source });
      const open = this.#drivers.find((driver) => !driver.ended)!;
      const { topic, partition } = open.reader.splits[open.openSplits()[0]!]!;
      raise("LOG_WITHOUT_END", { source: open.reader.source, topic, partition });
    }
    await this.#options.clock.sleep(IDLE_MS, signal);
  }

  #decide(): void {
    for (const element of this.#options.decisions?.() ?? []) this.#tasks.broadcast(element);
  }

  #watchStale(empty: ReadonlySet<string>): void {
    for (const driver of this.#drivers) {
      const { source } = driver.reader;
      const caughtUp = driver.openSplits().every((split) => empty.has(splitName(driver, split)));
      const change = this.#stale.look(source, driver.frontier, caughtUp);
      if (change === undefined) continue;
      this.#tasks.broadcast({ type: "status", source, status: change });
      if (change === "active") continue;
      const message = `Nothing proves that ${source} was read further, and its frontier stands still: is its connector running, and is there a heartbeat table?`;
      this.#options.output.engineAlert({ id: `SOURCE_STALE/${source}`, code: "SOURCE_STALE", source, message });
    }
  }

  #drive(reader: SourceReader): SourceDriver {
    const models = modelsOf(this.#options.graph).filter((model) => model.from.some((t) => t.source === reader.source));
    const { output } = this.#options;
    return new SourceDriver(reader, models, this.#options.retainMs, {
      batch: (model, batch) => this.#tasks.batch(model, batch),
      control: (model, element) => this.#tasks.control(model, element),
      engineAlert: (alert) => output.engineAlert(alert),
      fault: (fault) => output.fault(fault),
      suspension: (suspension) => output.suspension(suspension),
    });
  }
}

function splitName(driver: SourceDriver, split: number): string {
  return `${driver.reader.source}/${split}`;
}

function readable(driver: SourceDriver, split: number): ReadableSplit {
  return {
    driver,
    split,
    get through() {
      return driver.readThrough(split);
    },
  };
}
