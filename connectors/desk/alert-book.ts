import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { AlertRecord } from "../../schemas/contracts.ts";
import type { AlertQuery, AlertState, EngineAlert, MoneyAlert, SeenEngineAlert } from "./records.ts";
import { capped, where } from "./tables.ts";

/** Money alerts, folded from their steps, and engine alerts, counted. */
export class AlertBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** A step that is known, by its id, verdict version and action, changes nothing. Gives those that are new. */
  record(steps: readonly AlertRecord[]): AlertRecord[] {
    return this.#file.transaction(() =>
      steps.filter((step) => {
        const isNew = this.#file.run("INSERT OR IGNORE INTO alert_steps VALUES (?, ?, ?)", [
          step.id,
          step.verdictVersion,
          step.action,
        ]);
        if (isNew === 1) this.#fold(step);
        return isNew === 1;
      }),
    );
  }

  /** Puts the alerts of these ids back to what these steps made of them; those that have none are gone. */
  putBack(ids: Iterable<string>, steps: readonly AlertRecord[]): void {
    this.#file.transaction(() => {
      for (const id of ids) {
        this.#file.run("DELETE FROM alert_steps WHERE id = ?", [id]);
        this.#file.run("DELETE FROM alerts WHERE id = ?", [id]);
      }
      this.record(steps);
    });
  }

  list(query: AlertQuery): MoneyAlert[] {
    const { state, check, class: cause, currency, limit } = query;
    const { sql, values } = where({ state, check_uid: check, class: cause, currency });
    const text = `SELECT * FROM alerts ${sql} ORDER BY changed_at DESC, id DESC LIMIT ?`;
    return this.#file.all<StoredAlert>(text, [...values, capped(limit)]).map(toAlert);
  }

  /** Gives the ids of those that were never seen before. */
  recordEngine(alerts: readonly EngineAlert[], at: number): Set<string> {
    const isKnown = "SELECT 1 FROM engine_alerts WHERE id = ?";
    return this.#file.transaction(() => {
      const fresh = new Set<string>();
      for (const { id, code, source, message } of alerts) {
        if (this.#file.all(isKnown, [id]).length === 0) fresh.add(id);
        this.#file.run(SEE_ENGINE_ALERT, [id, code, source, message, at, at]);
      }
      return fresh;
    });
  }

  /** Takes off one seeing of each. */
  takeBackEngine(alerts: readonly Pick<EngineAlert, "id">[]): void {
    for (const { id } of alerts) {
      this.#file.run("UPDATE engine_alerts SET count = count - 1 WHERE id = ?", [id]);
      this.#file.run("DELETE FROM engine_alerts WHERE id = ? AND count = 0", [id]);
    }
  }

  listEngine(limit: number): SeenEngineAlert[] {
    const sql = `SELECT id, code, source, message, count, first_seen AS firstSeen, last_seen AS lastSeen
      FROM engine_alerts ORDER BY last_seen DESC, id LIMIT ?`;
    return this.#file.all<SeenEngineAlert>(sql, [capped(limit)]).map((row) => ({ ...row }));
  }

  #fold(step: AlertRecord): void {
    const state: AlertState = step.action === "resolved" ? "resolved" : "open";
    this.#file.run(FOLD, [
      step.id,
      step.check,
      step.key,
      step.class,
      step.currency,
      step.period,
      state,
      step.time,
      step.time,
      step.action === "updated" ? 1 : 0,
      step.atRisk,
      step.verdictVersion,
      step.dueAt,
      step.lateByMs,
      step.repeats,
    ]);
  }
}

const FOLD = `INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at,
    updates = updates + excluded.updates, at_risk = excluded.at_risk, verdict_version = excluded.verdict_version,
    due_at = excluded.due_at, late_by_ms = excluded.late_by_ms, repeats = repeats + excluded.repeats`;

const SEE_ENGINE_ALERT = `INSERT INTO engine_alerts VALUES (?, ?, ?, ?, 1, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + 1, message = excluded.message, last_seen = max(last_seen, excluded.last_seen)`;

interface StoredAlert extends Omit<MoneyAlert, "check" | "openedAt" | "changedAt" | "atRisk" | "verdictVersion"> {
  readonly check_uid: string;
  readonly opened_at: number;
  readonly changed_at: number;
  readonly at_risk: string;
  readonly verdict_version: number;
  readonly due_at: number | null;
  readonly late_by_ms: number | null;
}

function toAlert(stored: StoredAlert): MoneyAlert {
  return {
    id: stored.id,
    check: stored.check_uid,
    key: stored.key,
    class: stored.class,
    currency: stored.currency,
    period: stored.period,
    state: stored.state,
    openedAt: stored.opened_at,
    changedAt: stored.changed_at,
    updates: stored.updates,
    atRisk: stored.at_risk,
    verdictVersion: stored.verdict_version,
    dueAt: stored.due_at,
    lateByMs: stored.late_by_ms,
    repeats: stored.repeats,
  };
}
