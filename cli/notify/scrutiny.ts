import { messageOf } from "../../base/errors.ts";
import type { Clock } from "../../base/time.ts";
import type { News, StormNews } from "../../connectors/alerts/notification.ts";
import type { WaitingNotice } from "../../connectors/desk/records.ts";
import { masked } from "../secrets.ts";
import type { Patience } from "./backoff.ts";
import type { AlertInDoubt, Confirmation, Confirmer } from "./confirmation.ts";

/** What notices are examined with. */
export interface ScrutinyOptions {
  readonly confirmer: Confirmer;
  readonly patience: Patience;
  readonly clock: Pick<Clock, "now">;
  /** Aborts what is asked. */
  readonly signal: AbortSignal;
  /** Drops one whose alert is resolved by now, with what else waits of it; false where it is open still. */
  readonly dropIfOver: (id: string, at: number, note: string) => boolean;
  /** How many alerts of a storm are not resolved. */
  readonly openOfStorm: (storm: string) => number;
  /** True where the sink has been told of an alert, or of a storm. */
  readonly isTold: (alert: string) => boolean;
}

/** What becomes of a notice: it is told, with what was found; it waits; it was dropped by itself, or is to be dropped. */
export type Finding =
  | { readonly is: "told"; readonly confirmation: string | null }
  | { readonly is: "waiting"; readonly note: string; readonly nextAt: number }
  | { readonly is: "dropped" }
  | { readonly is: "to-drop"; readonly note: string };

/** What tells that an alert is there: only that is confirmed first. */
const OPENING: ReadonlySet<string> = new Set(["opened", "reopened", "returned"]);

/**
 * Has what says that an alert is there confirmed before it is told, and holds it back where it is not. Of a storm its
 * sample is asked about, until it was told once.
 */
export class Scrutiny {
  readonly #options: ScrutinyOptions;

  constructor(options: ScrutinyOptions) {
    this.#options = options;
  }

  /** Undefined once the signal came. */
  async examine(notice: WaitingNotice, news: News): Promise<Finding | undefined> {
    const { clock, dropIfOver, isTold, openOfStorm, signal } = this.#options;
    // What was sent in vain may have arrived, so that it is neither held back nor dropped any more.
    const isUntold = notice.attempts === 0;
    if (news.about === "money" && OPENING.has(news.action)) {
      const isOver = (note: string) => isUntold && dropIfOver(notice.id, clock.now(), note);
      if (notice.note !== null && isOver(notice.note)) return { is: "dropped" };
      const confirmation = await this.#confirm(news);
      if (signal.aborted) return undefined;
      if (confirmation.note !== "" && isOver(confirmation.note)) return { is: "dropped" };
      return this.#held(notice, isUntold, news, confirmation);
    }
    if (news.about !== "storm" || news.sample.length === 0 || isTold(news.id)) return TOLD;
    const confirmation = await this.#confirmStorm(news);
    if (signal.aborted) return undefined;
    const { note } = confirmation;
    if (note !== "" && isUntold && openOfStorm(news.id) === 0) return { is: "to-drop", note };
    return this.#held(notice, isUntold, inDoubt(news)[0]!, confirmation);
  }

  #held({ queuedAt }: WaitingNotice, isUntold: boolean, alert: AlertInDoubt, confirmation: Confirmation): Finding {
    const { clock, confirmer, patience } = this.#options;
    const { outcome, note, holdBackMs, lookAgainMs = patience.lookAgainMs } = confirmation;
    const now = clock.now();
    const until = queuedAt + (holdBackMs ?? (outcome === "refuted" ? patience.holdBackMs : 0));
    if (isUntold && outcome !== "confirmed" && now < until)
      return { is: "waiting", note, nextAt: Math.min(now + lookAgainMs, until) };
    if (outcome === "refuted") confirmer.disagrees?.(alert, note);
    return { is: "told", confirmation: note === "" ? null : note };
  }

  async #confirm(alert: AlertInDoubt): Promise<Confirmation> {
    const { confirmer, signal } = this.#options;
    try {
      return await confirmer.confirm(alert, signal);
    } catch (error) {
      return { outcome: "unknown", note: masked(messageOf(error)) };
    }
  }

  /** One that is confirmed is enough; all must be refuted. */
  async #confirmStorm(storm: StormNews): Promise<Confirmation> {
    const all = await Promise.all(inDoubt(storm).map((alert) => this.#confirm(alert)));
    const found = (outcome: Confirmation["outcome"]) => all.find((each) => each.outcome === outcome);
    return found("confirmed") ?? found("unknown") ?? all[0]!;
  }
}

const TOLD: Finding = { is: "told", confirmation: null };

function inDoubt({ check, sample }: StormNews): AlertInDoubt[] {
  return sample.map((alert) => ({ check, ...alert }));
}
