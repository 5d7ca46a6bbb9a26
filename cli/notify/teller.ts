import { randomUUID } from "node:crypto";
import { seededRandom } from "../../base/random.ts";
import type { Clock } from "../../base/time.ts";
import type { Desk } from "../../connectors/desk/desk.ts";
import { DEFAULT_PATIENCE } from "./backoff.ts";
import { type Confirmer, unconfirmed } from "./confirmation.ts";
import { type DispatchedSink, Dispatcher } from "./dispatcher.ts";
import type { SinkConfig } from "./notify-config.ts";
import { openSink } from "./sinks.ts";

/** What a run tells of alerts with. */
export interface Telling {
  readonly desk: Desk;
  readonly clock: Clock;
  readonly requireMine: () => void;
}

/** How long the end of a run waits for sinks, in ms: where all was read, and where the run is to end early. */
const LAST_WORDS_MS = { complete: 10_000, interrupted: 2_000 };

/** Those whom a run tells of alerts. They are opened before it begins, so that what is missing is said before it does anything. */
export class Teller {
  readonly #sinks: readonly DispatchedSink[];
  readonly #confirmer: Confirmer;
  #dispatcher: Dispatcher | undefined;

  /** `file` is the configuration, for errors. What `openSink` raises. */
  constructor(sinks: readonly SinkConfig[], file: string, confirmer: Confirmer = unconfirmed) {
    this.#confirmer = confirmer;
    this.#sinks = sinks.map((config) => ({
      name: config.name,
      sink: openSink(config, file),
      patience: { ...DEFAULT_PATIENCE, giveUpAfterMs: config.giveUpAfterMs },
    }));
  }

  /** Goes on with what waits on the desk, and with what comes. */
  begin(telling: Telling): void {
    if (this.#sinks.length === 0) return;
    const random = seededRandom(randomUUID());
    this.#dispatcher = new Dispatcher({ ...telling, random, sinks: this.#sinks, confirmer: this.#confirmer });
  }

  /** Throws what makes telling impossible. */
  check(): void {
    this.#dispatcher?.check();
  }

  /** Waits a moment for what can be told now. */
  async lastWords(end: keyof typeof LAST_WORDS_MS): Promise<void> {
    await this.#dispatcher?.drain(LAST_WORDS_MS[end]);
  }

  async close(): Promise<void> {
    if (this.#dispatcher !== undefined) await this.#dispatcher.close();
    else await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
  }
}
