import type { AlertNews } from "../../connectors/alerts/notification.ts";

/**
 * What the source of truth says of an alert that is about to be told. `refuted`: it says otherwise, so that the alert is held
 * back and asked about again later; `unknown`: it could not be asked, so that the alert goes out, and says so, at once
 * unless it may be held back.
 */
export interface Confirmation {
  readonly outcome: "confirmed" | "refuted" | "unknown";
  /** For people, without secrets. */
  readonly note: string;
  /** For how long an alert that is not confirmed is held back at most, and asked about how often; in ms. */
  readonly holdBackMs?: number;
  readonly lookAgainMs?: number;
}

/** What is known of an alert when the source of truth is asked about it. */
export type AlertInDoubt = Pick<AlertNews, "id" | "check" | "key" | "currency" | "period" | "verdictVersion">;

/** Asks the source of truth again before anybody is told that an alert opened. */
export interface Confirmer {
  /**
   * Resolves with what it says; what it rejects with is taken for `unknown`. Many may be asked about at once, and the
   * signal aborts those that nobody waits for any more.
   */
  confirm(alert: AlertInDoubt, signal: AbortSignal): Promise<Confirmation>;
  /** Is told of an alert that goes out though it was refuted for as long as it was held back. */
  disagrees?(alert: AlertInDoubt, note: string): void;
}

/** For a job that has no source of truth to ask. */
export const unconfirmed: Confirmer = {
  confirm: async () => ({ outcome: "confirmed", note: "" }),
};
