import { raise } from "../../base/errors.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import { type AlertBook, IN_FORCE } from "./alert-book.ts";
import { checkedNote, type DecisionLog } from "./decision-log.ts";
import { type AlertChoice, MAX_ROWS, type MoneyAlert } from "./records.ts";

/**
 * What people do about alerts: each is a decision, and holds for the alert as it was then. One that is resolved, or breaks
 * again, or, once accepted, changes, is nobody's any more.
 */
export class AlertHandling {
  readonly #file: SqliteFile;
  readonly #alerts: AlertBook;
  readonly #decisions: DecisionLog;

  constructor(file: SqliteFile, alerts: AlertBook, decisions: DecisionLog) {
    this.#file = file;
    this.#alerts = alerts;
    this.#decisions = decisions;
  }

  /** Does the same about each of these, by id or how it begins; all of it or nothing. Gives them as they are then. */
  decide(ids: readonly string[], choice: AlertChoice, at: number): MoneyAlert[] {
    const note = checkedNote(choice.note, choice.decision === "accepted" ? "accept an alert" : undefined);
    return this.#file.transaction(() => {
      const alerts = ids.map((id) => this.#alerts.find(id, at));
      for (const alert of alerts) this.#decide(alert, choice, note, at);
      return alerts.map(({ id }) => this.#alerts.find(id, at));
    });
  }

  /** Gives back the alerts whose snooze is over, and are open still. */
  endSnoozes(at: number): MoneyAlert[] {
    const sql = `SELECT h.id FROM alert_handling h WHERE state = 'snoozed' AND until <= ? AND ${IN_FORCE} LIMIT ?`;
    const ended = this.#file.all<{ id: string }>(sql, [at, MAX_ROWS]);
    if (ended.length === 0) return [];
    return this.#file.transaction(() =>
      ended.map(({ id }) => {
        this.#file.run("DELETE FROM alert_handling WHERE id = ?", [id]);
        return this.#alerts.find(id, at);
      }),
    );
  }

  #decide({ id, state, verdictVersion }: MoneyAlert, { decision, until }: AlertChoice, note: string, at: number): void {
    const action = ACTIONS[decision];
    if (state === "resolved")
      raise("ALERT_NOT_OPEN", { id, state, action, reason: "it opens again by itself when it breaks again." });
    const isOpen = state === "open" || state === "warning";
    if (decision === "reopened" && isOpen)
      raise("ALERT_NOT_OPEN", { id, state, action, reason: "nobody has it in hand." });
    if (decision === "reopened") this.#file.run("DELETE FROM alert_handling WHERE id = ?", [id]);
    else this.#file.run(HANDLE, [id, decision, until ?? null, note, this.#decisions.who, at, verdictVersion]);
    this.#decisions.add({ kind: "alert", id, decision, note, at, ...(until === undefined ? {} : { until }) });
  }
}

const ACTIONS = { acknowledged: "acknowledge", snoozed: "snooze", accepted: "accept", reopened: "reopen" } as const;

const HANDLE = "INSERT OR REPLACE INTO alert_handling VALUES (?, ?, ?, ?, ?, ?, ?)";
