import { isError, messageOf } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { Clock } from "../../base/time.ts";
import type { AlertSink, News } from "../../connectors/alerts/notification.ts";
import type { SentAttempt, WaitingNotice } from "../../connectors/desk/records.ts";
import { masked } from "../secrets.ts";
import { type Patience, waitAfter } from "./backoff.ts";
import type { Finding, Scrutiny } from "./scrutiny.ts";

/** What a lane works with. */
export interface LaneOptions {
  readonly sink: AlertSink;
  readonly patience: Patience;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  /** Says what is told now. */
  readonly scrutiny: Scrutiny;
  /** Aborts what is on its way. */
  readonly signal: AbortSignal;
  /** Notices whose turn it is. */
  readonly due: (at: number, limit: number) => readonly WaitingNotice[];
  /** Takes in what became of one. */
  readonly settle: (attempt: SentAttempt) => void;
  /** Told of trouble that is not the sink's: the desk, which may only be busy. */
  readonly troubled: (error: unknown) => void;
}

/** Alerts that the source of truth is asked about at once. */
const MOST_CONFIRMED_AT_ONCE = 16;

/** The way to one sink: takes what is due, has it confirmed, sends it, and rests while the sink is away. */
export class Lane {
  readonly #options: LaneOptions;
  /** Ids of notices that are under way, or whose end is not on the desk yet. */
  readonly #taken = new Set<string>();
  readonly #ready: Confirmed[] = [];
  readonly #going = new Set<Promise<void>>();
  #sending = 0;
  /** How often in a row the sink was away, and until when it is left alone. */
  #failures = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** True while nothing is under way. */
  get isIdle(): boolean {
    return this.#taken.size === 0;
  }

  /** Begins what can be begun now. */
  look(): void {
    const { clock, due, sink, signal } = this.#options;
    const now = clock.now();
    if (signal.aborted || now < this.#restsUntil) return;
    const most = MOST_CONFIRMED_AT_ONCE + sink.concurrency;
    if (this.#taken.size < most) {
      for (const notice of due(now, most)) {
        if (this.#taken.has(notice.id) || this.#taken.size === most) continue;
        this.#taken.add(notice.id);
        this.#follow(this.#prepare(notice));
      }
    }
    this.#sendReady();
  }

  /** What became of one is on the desk. */
  settled(id: string): void {
    this.#taken.delete(id);
  }

  /** Waits for the end of what was broken off, and closes the sink. */
  async close(): Promise<void> {
    await Promise.all(this.#going);
    await this.#options.sink.close();
  }

  #follow(going: Promise<void>): void {
    this.#going.add(going);
    going.finally(() => this.#going.delete(going));
  }

  async #prepare(notice: WaitingNotice): Promise<void> {
    const { clock, settle } = this.#options;
    const news = JSON.parse(notice.body) as News;
    const finding = await this.#examine(notice, news);
    if (finding === undefined) return;
    if (finding.is === "told") return this.#isReady({ notice, news, confirmation: finding.confirmation });
    if (finding.is === "dropped") return this.settled(notice.id);
    const at = clock.now();
    const { note } = finding;
    if (finding.is === "to-drop") settle({ id: notice.id, state: "dropped", note, nextAt: at, at, isAttempt: false });
    else settle({ id: notice.id, state: "waiting", note, nextAt: finding.nextAt, at, isAttempt: false });
  }

  /** Undefined where nothing can be said: a later look takes it again. */
  async #examine(notice: WaitingNotice, news: News): Promise<Finding | undefined> {
    const { scrutiny, troubled } = this.#options;
    try {
      return await scrutiny.examine(notice, news);
    } catch (error) {
      this.settled(notice.id);
      troubled(error);
      return undefined;
    }
  }

  #isReady(confirmed: Confirmed): void {
    this.#ready.push(confirmed);
    this.#sendReady();
  }

  #sendReady(): void {
    const { clock, sink, signal } = this.#options;
    while (this.#ready.length > 0 && this.#sending < sink.concurrency) {
      if (signal.aborted || clock.now() < this.#restsUntil) return;
      this.#sending++;
      this.#follow(this.#send(this.#ready.shift()!));
    }
  }

  async #send({ notice, news, confirmation }: Confirmed): Promise<void> {
    const { sink, signal, clock, settle } = this.#options;
    try {
      await sink.send({ idempotencyKey: notice.id, news, confirmation }, signal);
      this.#failures = 0;
      const at = clock.now();
      settle({ id: notice.id, state: "sent", note: confirmation, nextAt: at, at, isAttempt: true });
    } catch (error) {
      if (!signal.aborted) this.#failed(notice, error);
    }
    this.#sending--;
    this.#sendReady();
  }

  /** One that the sink does not take waits by itself; where the sink is away, all wait. */
  #failed({ id, attempts, queuedAt }: WaitingNotice, error: unknown): void {
    const { clock, patience, random, settle } = this.#options;
    const at = clock.now();
    const note = masked(isError(error) ? String(error.details.reason ?? error.message) : messageOf(error));
    let nextAt: number;
    if (isError(error, "NOTIFICATION_REFUSED")) nextAt = at + waitAfter(attempts + 1, patience, random);
    else nextAt = this.#rest(at, isError(error) ? Number(error.details.retryAfterMs ?? 0) : 0);
    const isOver = at - queuedAt >= patience.giveUpAfterMs;
    settle({ id, state: isOver ? "given-up" : "waiting", note, nextAt, at, isAttempt: true });
  }

  /** Until when the sink is left alone. What was on its way together fails together, and counts once. */
  #rest(at: number, askedMs: number): number {
    const { patience, random } = this.#options;
    if (at >= this.#restsUntil) {
      this.#failures++;
      this.#restsUntil = at + waitAfter(this.#failures, patience, random, askedMs);
    }
    return this.#restsUntil;
  }
}

interface Confirmed {
  readonly notice: WaitingNotice;
  readonly news: News;
  /** What was found when the source of truth was asked. */
  readonly confirmation: string | null;
}
