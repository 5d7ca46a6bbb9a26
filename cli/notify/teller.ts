import { randomUUID } from "node:crypto";
import { CountercheckError } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import type { Clock } from "../../base/time.ts";
import type { ActingTurn } from "../../connectors/alerts/webhook/webhook-sink.ts";
import type { Desk } from "../../connectors/desk/desk.ts";
import type { CacheMetrics } from "../../connectors/redis/multilevel-cache.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import { DEFAULT_PATIENCE } from "./backoff.ts";
import { type AlertInDoubt, unconfirmed } from "./confirmation.ts";
import { type DispatchedSink, Dispatcher } from "./dispatcher.ts";
import { noticesOf, noticesOfState } from "./notices.ts";
import type { SinkConfig } from "./notify-config.ts";
import type { Rereading } from "./rereading.ts";
import { openSink } from "./sinks.ts";
import { tellStorms } from "./storms.ts";

/** What a run tells of alerts with. */
export interface Telling {
  readonly job: string;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly requireMine: () => void;
  /** The newest verdict on what an alert is of. */
  readonly verdictOf: (alert: AlertInDoubt) => Promise<VerdictRecord | undefined>;
}

/** How long the end of a run waits for sinks, in ms: where all was read, and where the run is to end early. */
const LAST_WORDS_MS = { complete: 10_000, interrupted: 2_000 };

/** Those whom a run tells of alerts. They are opened before it begins, so that what is missing is said before it does anything. */
export class Teller {
  readonly #configs: readonly SinkConfig[];
  readonly #sinks: readonly DispatchedSink[];
  readonly #rereading: Rereading | undefined;
  #dispatcher: Dispatcher | undefined;
  #correct: () => void = () => undefined;
  #closed: Promise<void> | undefined;

  /** `rereading` confirms alerts, and is closed with it; sinks that act do so in their `turn`. `file` is the configuration, for errors. What `openSink` raises. */
  constructor(
    sinks: readonly SinkConfig[],
    file: string,
    rereading: Rereading | undefined,
    turn: ActingTurn | undefined,
  ) {
    this.#configs = sinks;
    this.#rereading = rereading;
    this.#sinks = sinks.map((config) => ({
      name: config.name,
      sink: openSink(config, file, turn),
      patience: { ...DEFAULT_PATIENCE, giveUpAfterMs: config.giveUpAfterMs },
    }));
  }

  /** Goes on with what waits on the desk, and with what comes. */
  begin({ job, desk, clock, requireMine, verdictOf }: Telling): void {
    if (this.#sinks.length === 0) return;
    const limits = new Map(this.#configs.map(({ name, storm }) => [name, storm]));
    const onLook = (isLast: boolean) => {
      const at = clock.now();
      tellStorms(desk, job, limits, at, isLast);
      desk.endSnoozes((alert) => noticesOfState(this.#configs, job, alert, "returned", at), at);
    };
    const onDisagreement = ({ check, key }: AlertInDoubt, note: string) => {
      const { code, message } = new CountercheckError("TRUTH_DISAGREES", { check, key, note });
      const trouble = { id: `${code}/${check}`, code, source: check, message };
      const notices = noticesOf(this.#configs, job, 0, { alerts: [], engineAlerts: [trouble] });
      desk.recordTrouble(trouble, notices, clock.now());
    };
    this.#correct = () => {
      requireMine();
      const at = clock.now();
      desk.correctTold((alert) => noticesOfState(this.#configs, job, alert, "reopened", at), at);
    };
    this.#rereading?.begin({ verdictOf, onDisagreement });
    const [random, sinks, confirmer] = [seededRandom(randomUUID()), this.#sinks, this.#rereading ?? unconfirmed];
    this.#dispatcher = new Dispatcher({ desk, clock, random, sinks, confirmer, onLook, requireMine });
  }

  /** Where workers say which keys change; undefined where nobody relies on it. */
  get changedKeys(): SharedArrayBuffer | undefined {
    return this.#rereading?.changedKeys;
  }

  /** How often the source of truth was asked about alerts, and what answered; undefined where nothing is to be asked. */
  get truthAsked(): CacheMetrics | undefined {
    return this.#rereading?.metrics;
  }

  /** Lines for the progress of a run. */
  lines(): string[] {
    const asked = this.truthAsked;
    if (asked === undefined) return [];
    const { local, redis, source } = asked;
    const [all, share] = [local + redis + source, (part: number) => `${Math.round((100 * part) / all)} %`];
    if (all === 0) return [];
    return [
      `  source of truth: ${all} questions, answered by ${share(local)} local, ${share(redis)} Redis, ${share(source)} source`,
    ];
  }

  /** Throws what makes telling impossible. */
  check(): void {
    this.#dispatcher?.check();
  }

  /** Waits a moment for what can be told now. Where all was read, that sets right what runs before have told. */
  async lastWords(end: keyof typeof LAST_WORDS_MS): Promise<void> {
    if (end === "complete") this.#correct();
    await this.#dispatcher?.drain(LAST_WORDS_MS[end], end === "complete");
  }

  /** Before the desk is closed. However often it is called, what it has is closed once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#closeSinks();
    } finally {
      await this.#rereading?.close();
    }
  }

  async #closeSinks(): Promise<void> {
    if (this.#dispatcher !== undefined) await this.#dispatcher.close();
    else await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
  }
}
