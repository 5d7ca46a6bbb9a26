import type { Key } from "../../base/key.ts";
import type { AlertAction } from "../../schemas/contracts.ts";

/** What a sink tells: of one money alert, of trouble of the engine, or of very many alerts of a check at once. */
export type News = AlertNews | EngineNews | StormNews;

/** A money alert as one step left it. Times are event times in epoch ms. */
export interface AlertNews {
  readonly about: "money";
  /** `returned`: its snooze is over, and it is still open. */
  readonly action: AlertAction | "returned";
  readonly job: string;
  /** Hash of check, key, class, currency and period: the same through all of the alert's life. */
  readonly id: string;
  readonly check: string;
  readonly key: Key;
  readonly class: string;
  readonly currency: string;
  readonly period: string;
  /** Decimal text in currency units. */
  readonly atRisk: string;
  readonly verdictVersion: number;
  readonly epoch: number;
  readonly time: number;
  readonly dueAt: number | null;
  readonly lateByMs: number | null;
  /** What the check adds for people; null for nothing. */
  readonly note: string | null;
}

/** Trouble of the engine or its sources, when it is first seen. */
export interface EngineNews {
  readonly about: "engine";
  readonly action: "opened";
  readonly job: string;
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/** Very many alerts of one check, told as one. Times are wall times in epoch ms. */
export interface StormNews {
  readonly about: "storm";
  readonly action: "opened" | "updated" | "over";
  readonly job: string;
  readonly id: string;
  readonly check: string;
  readonly since: number;
  /** Alerts that opened in it and were not told one by one. */
  readonly opened: number;
  /** Those of them that are open still. */
  readonly open: number;
  /** Money at risk of those that are open: decimal texts by currency. */
  readonly atRisk: Readonly<Record<string, string>>;
  /** Those that are open with the most at risk. */
  readonly sample: readonly Pick<
    AlertNews,
    "id" | "key" | "class" | "currency" | "period" | "atRisk" | "verdictVersion"
  >[];
}

/** News on its way to one sink. */
export interface Notification {
  /** The same however often it is sent: who has seen it before has nothing to do. */
  readonly idempotencyKey: string;
  readonly news: News;
  /** What was found when the source of truth was asked again; null where it was not. */
  readonly confirmation: string | null;
}

/**
 * Where notifications go. `send` resolves once the other side has taken it over, and rejects with
 * NOTIFICATION_SINK_UNAVAILABLE, whose detail `retryAfterMs` says for how long to leave the sink alone, where it was told;
 * or with NOTIFICATION_REFUSED where only this one was not taken.
 */
export interface AlertSink {
  /** Notifications that may be on their way to it at once. */
  readonly concurrency: number;
  send(notification: Notification, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
