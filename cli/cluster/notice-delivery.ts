import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time.ts";
import type { Notice, SentAttempt } from "../../connectors/desk/records.ts";
import { unconfirmed } from "../notify/confirmation.ts";
import type { DispatchedSink } from "../notify/dispatcher.ts";
import { Lane } from "../notify/lane.ts";
import { Scrutiny } from "../notify/scrutiny.ts";
import { HeldStorms } from "./held-storms.ts";
import { NoticeQueue } from "./notice-queue.ts";
import { bytesOfNotice } from "./waiting-results.ts";

/** What notices are delivered with. */
export interface NoticeDeliveryOptions {
  readonly job: string;
  readonly sinks: readonly DispatchedSink[];
  readonly clock: Clock;
  readonly random: Random;
  /** Writes a line for those who look after the job. */
  readonly note: (line: string) => void;
}

/** From one look at the queue to the next, while something waits. */
const LOOK_EVERY_MS = 200;

/**
 * Tells sinks what was laid down for them, beside all else: at least once, in order for each alert. A sink that is away is
 * left alone for a while; one that takes nothing for as long as its patience lasts is not told.
 */
export class NoticeDelivery {
  readonly #options: NoticeDeliveryOptions;
  readonly #queue = new NoticeQueue();
  readonly #storms: HeldStorms;
  readonly #lanes: readonly Lane[];
  readonly #stop = new AbortController();
  #bytes = 0;
  #isGoing = false;

  constructor(options: NoticeDeliveryOptions) {
    this.#options = options;
    this.#storms = new HeldStorms(options.job);
    this.#lanes = options.sinks.map((sink) => this.#laneOf(sink));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing waits to be told. */
  get isIdle(): boolean {
    return this.#queue.size === 0;
  }

  /** What waits to be told, with the wall time at which it was laid down. */
  waiting(): Iterable<{ readonly notice: Notice; readonly at: number }> {
    return this.#queue.waiting();
  }

  /** Lays notices down, at a wall time; those of sinks that the job no longer has are left out. */
  deliver(notices: readonly Notice[], at: number): void {
    for (const notice of notices) {
      if (!this.#options.sinks.some(({ name }) => name === notice.sink)) continue;
      if (!this.#storms.holds(notice, at, (id) => this.#takeBack(id))) this.#add(notice, at);
    }
    this.#goOn();
  }

  /** What it must know of storms to go on with them; plain JSON. */
  saveStorms(): unknown {
    return this.#storms.save();
  }

  /** Goes on with what several saved; before what waits is laid down again by `again`. */
  restoreStorms(saved: unknown): void {
    this.#storms.restore(saved);
    this.#goOn();
  }

  /** Lays down again, after a restore, what waited to be told: it is of no storm. */
  again(notices: readonly Notice[], at: number): void {
    for (const notice of notices)
      if (this.#options.sinks.some(({ name }) => name === notice.sink)) this.#add(notice, at);
    this.#goOn();
  }

  /** Breaks off what is on its way, and closes the sinks. What was not taken is in checkpoints. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #add(notice: Notice, at: number): void {
    if (this.#queue.add(notice, at)) this.#bytes += bytesOfNotice(notice);
  }

  #takeBack(id: string): readonly Notice[] {
    const taken = this.#queue.takeBack(id);
    for (const notice of taken) this.#bytes -= bytesOfNotice(notice);
    return taken;
  }

  #goOn(): void {
    if (!this.#isGoing && (!this.isIdle || this.#storms.isGoing)) void this.#go();
  }

  async #go(): Promise<void> {
    const { signal } = this.#stop;
    this.#isGoing = true;
    while ((!this.isIdle || this.#storms.isGoing) && !signal.aborted) {
      const now = this.#options.clock.now();
      for (const notice of this.#storms.tell(now)) this.#add(notice, now);
      for (const lane of this.#lanes) lane.look();
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal);
    }
    this.#isGoing = false;
  }

  #laneOf({ name, sink, patience }: DispatchedSink): Lane {
    const { clock, random, note } = this.#options;
    const { signal } = this.#stop;
    // Nothing is held back, since no source of truth is asked.
    const scrutiny = new Scrutiny({
      ...{ confirmer: unconfirmed, patience, clock, signal },
      ...{ dropIfOver: () => false, openOfStorm: () => 0, isTold: () => true },
    });
    const settle = (attempt: SentAttempt) => {
      const notice = this.#queue.settle(attempt);
      lane.settled(attempt.id);
      if (notice === undefined) return;
      this.#bytes -= bytesOfNotice(notice);
      if (attempt.state === "given-up")
        note(`the sink ${name} was not told of alert ${notice.alert} (${notice.action}): ${attempt.note}`);
    };
    const due = (at: number, limit: number) => this.#queue.due(name, at, limit);
    const troubled = (error: unknown) => note(String(error));
    const lane = new Lane({ sink, patience, clock, random, scrutiny, signal, due, settle, troubled });
    return lane;
  }
}
