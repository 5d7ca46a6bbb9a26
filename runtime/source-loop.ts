import { CountercheckError } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import type { EngineAlert } from "./outbox.ts";
import type { SourceDriver } from "./source-driver.ts";
import { retryAfterMs, unreadable } from "./source-trouble.ts";

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

/** How the splits of a worker are read. */
export interface SourceLoopOptions {
  readonly drivers: readonly SourceDriver[];
  readonly clock: Pick<Clock, "now">;
  /** Go on when all has been read, instead of failing on a log without an end. */
  readonly follow: boolean;
  readonly scheduler?: Scheduler | undefined;
  /** What is read finds no more room. */
  readonly isFull?: () => boolean;
  readonly engineAlert: (alert: EngineAlert) => void;
}

const READ_BYTES = 256 * 1024;
/** Reads between two looks at the rest of the world. */
const READS_PER_TURN = 16;
const RETRIES = 5;

/** Reads the splits of one worker, a turn at a time. */
export class SourceLoop {
  readonly #options: SourceLoopOptions;
  readonly #scheduler: Scheduler;
  /** Splits that could not be read, by name: how often in a row, and when they are tried again. */
  readonly #failures = new Map<string, { readonly attempt: number; readonly retryAt: number }>();
  /** Splits of which the last turn found the end. */
  #empty = new Set<string>();

  constructor(options: SourceLoopOptions) {
    this.#options = options;
    this.#scheduler = options.scheduler ?? furthestBehindFirst;
  }

  /** All splits have ended. */
  get ended(): boolean {
    return this.#options.drivers.every((driver) => driver.ended);
  }

  /** True when the last turn found the end of all of the source's splits. */
  isCaughtUp(driver: SourceDriver): boolean {
    return driver.openSplits().every((split) => this.#empty.has(splitName(driver, split)));
  }

  /**
   * A few reads that bring something; false when nothing was there. A split that has nothing, or that waits to be tried
   * again, is looked at once a turn, so that many quiet splits keep none from being read.
   */
  turn(): boolean | Promise<boolean> {
    this.#empty = new Set();
    return this.#readOn(this.#candidates(), 0);
  }

  /** Why a bounded run that found nothing more to read cannot end: LOG_WITHOUT_END, SOURCE_STOPPED; undefined if it can. */
  whyStuck(): CountercheckError | undefined {
    if (this.#options.follow || this.#failures.size > 0 || this.ended) return undefined;
    const { drivers } = this.#options;
    const stopped = drivers.find((driver) => driver.stopped);
    if (stopped !== undefined) return new CountercheckError("SOURCE_STOPPED", { source: stopped.reader.source });
    const open = drivers.find((driver) => !driver.ended)!;
    const { topic, partition } = open.reader.splits[open.openSplits()[0]!]!;
    return new CountercheckError("LOG_WITHOUT_END", { source: open.reader.source, topic, partition });
  }

  #readOn(candidates: ReadableSplit[], already: number): boolean | Promise<boolean> {
    let reads = already;
    while (reads < READS_PER_TURN && candidates.length > 0 && this.#options.isFull?.() !== true) {
      const candidate = this.#scheduler(candidates);
      const read = this.#read(candidate.driver, candidate.split);
      if (typeof read !== "boolean") {
        return read.then((some) => this.#readOn(candidates, this.#after(candidates, candidate, some, reads)));
      }
      reads = this.#after(candidates, candidate, read, reads);
    }
    return reads > 0;
  }

  #after(candidates: ReadableSplit[], candidate: ReadableSplit, some: boolean, reads: number): number {
    const { driver, split } = candidate;
    if (!some) this.#empty.add(splitName(driver, split));
    if (!some || !driver.openSplits().includes(split)) candidates.splice(candidates.indexOf(candidate), 1);
    return some ? reads + 1 : reads;
  }

  #candidates(): ReadableSplit[] {
    const now = this.#failures.size === 0 ? 0 : this.#options.clock.now();
    return this.#options.drivers.flatMap((driver) =>
      driver.openSplits().flatMap((split) => {
        const name = splitName(driver, split);
        if ((this.#failures.get(name)?.retryAt ?? 0) <= now) return [readable(driver, split)];
        this.#empty.add(name);
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

  /** The source's environment failed: the split waits, longer each time, and tries again; a bounded run gives up after a while. */
  #failed(driver: SourceDriver, split: number, error: unknown): boolean {
    if (driver.isBroken) throw error;
    const alert = unreadable(driver.reader.source, error);
    const name = splitName(driver, split);
    const attempt = (this.#failures.get(name)?.attempt ?? 0) + 1;
    if (!this.#options.follow && attempt > RETRIES) throw error;
    this.#failures.set(name, { attempt, retryAt: this.#options.clock.now() + retryAfterMs(attempt) });
    this.#options.engineAlert(alert);
    return false;
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
