import { isError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time.ts";
import type { AlertSink } from "../../connectors/alerts/notification.ts";
import type { Desk } from "../../connectors/desk/desk.ts";
import type { SentAttempt } from "../../connectors/desk/records.ts";
import type { Patience } from "./backoff.ts";
import type { Confirmer } from "./confirmation.ts";
import { Lane } from "./lane.ts";
import { Scrutiny } from "./scrutiny.ts";

/** What a dispatcher works with. */
export interface DispatcherOptions {
  readonly desk: Desk;
  readonly sinks: readonly DispatchedSink[];
  readonly clock: Clock;
  readonly random: Random;
  readonly confirmer: Confirmer;
  /** Lays down what time brings: what tells of storms and of snoozes that are over. `isLast`: nothing comes for now. */
  readonly onLook: (isLast: boolean) => void;
  /** Throws once another process has taken over, which tells of alerts from then on. */
  readonly requireMine: () => void;
}

/** A sink, and how patiently it is told. */
export interface DispatchedSink {
  readonly name: string;
  readonly sink: AlertSink;
  readonly patience: Patience;
}

/** From one look at the queue to the next. */
const LOOK_EVERY_MS = 200;
/** What came to its end so long ago is forgotten; it is looked for so often. */
const KEPT_MS = 30 * 24 * 3_600_000;
const PRUNED_EVERY_MS = 24 * 3_600_000;

/**
 * Tells sinks what is laid down for them on the desk, beside the run and never in its way: at least once, in order for each
 * alert, however often the process dies. What a sink has taken is noted a moment later, so that it may be told again after a
 * crash, with the same idempotency key.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes: readonly Lane[];
  readonly #stop = new AbortController();
  readonly #going: Promise<void>;
  /** What became of attempts and is not on the desk yet. */
  readonly #settled: SentAttempt[] = [];
  #prunedAt = Number.NEGATIVE_INFINITY;
  /** When a sink took something last. */
  #toldAt = Number.NEGATIVE_INFINITY;
  #failure: unknown;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { desk, clock, random, confirmer } = options;
    const { signal } = this.#stop;
    this.#lanes = options.sinks.map(({ name, sink, patience }) => {
      const due = (at: number, limit: number) => desk.notifications.due(name, at, limit);
      const dropIfOver = (id: string, at: number, note: string) => desk.notifications.dropIfOver(id, at, note);
      const settle = (attempt: SentAttempt) => {
        if (attempt.state === "sent") this.#toldAt = attempt.at;
        this.#settled.push(attempt);
      };
      const openOfStorm = (storm: string) => desk.storms.open(storm);
      const isTold = (alert: string) => desk.notifications.isTold(alert, name);
      const scrutiny = new Scrutiny({ confirmer, patience, clock, signal, dropIfOver, openOfStorm, isTold });
      const troubled = (error: unknown) => this.#troubled(error);
      return new Lane({ sink, patience, clock, random, scrutiny, signal, due, settle, troubled });
    });
    this.#going = this.#go();
  }

  /** Throws what made going on impossible. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Goes on until nothing is left that can be told within so many ms, or, `whileTold`, so many ms after what was told last;
   * what is left is told by the next run.
   */
  async drain(ms: number, whileTold = false): Promise<void> {
    const { desk, clock } = this.#options;
    let until = clock.now() + ms;
    while (this.#failure === undefined && clock.now() < until) {
      if (whileTold) until = Math.max(until, this.#toldAt + ms);
      this.#look(true);
      const next = desk.notifications.nextDue();
      if (this.#lanes.every((lane) => lane.isIdle) && (next === undefined || next > until)) return;
      await clock.sleep(LOOK_EVERY_MS / 10, this.#stop.signal);
    }
  }

  /** Breaks off what is on its way, which stays on the desk, and closes the sinks. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#going;
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    if (this.#failure === undefined) this.#attempt(() => this.#flush());
  }

  async #go(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#failure === undefined) {
      this.#look();
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  #look(isLast = false): void {
    this.#attempt(() => {
      this.#options.requireMine();
      this.#flush();
      this.#prune();
      this.#options.onLook(isLast);
      for (const lane of this.#lanes) lane.look();
    });
  }

  #prune(): void {
    const { desk, clock } = this.#options;
    const now = clock.now();
    if (now < this.#prunedAt + PRUNED_EVERY_MS) return;
    desk.notifications.prune(now - KEPT_MS);
    desk.told.prune(now - KEPT_MS);
    this.#prunedAt = now;
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#troubled(error);
    }
  }

  /** A desk that is busy is asked again at the next look. */
  #troubled(error: unknown): void {
    if (isError(error) && error.retryable) return;
    this.#failure = error;
    this.#stop.abort();
  }

  /** Together, since each transaction waits for the disk. */
  #flush(): void {
    if (this.#settled.length === 0) return;
    this.#options.desk.notifications.settle(this.#settled);
    for (const { id } of this.#settled.splice(0)) for (const lane of this.#lanes) lane.settled(id);
  }
}
