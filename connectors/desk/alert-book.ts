import { raise } from "../../base/errors.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { AlertRecord, EmittedAlert } from "../../schemas/contracts.ts";
import {
  type AlertQuery,
  type AlertState,
  type AlertStep,
  type EngineAlert,
  MAX_ROWS,
  type MoneyAlert,
  type SeenEngineAlert,
} from "./records.ts";
import { capped, where } from "./tables.ts";

/** Money alerts, folded from their steps, and engine alerts, counted. */
export class AlertBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** A step that is known, by its id, verdict version and action, changes nothing. Gives those that are new. */
  record(steps: readonly EmittedAlert[]): EmittedAlert[] {
    return this.#file.transaction(() => {
      const fresh = steps.filter((step) => this.#isNew(step));
      // One table after the other: the pages of both together do not fit the caches.
      for (const step of fresh) this.#fold(step);
      return fresh;
    });
  }

  /** Puts the alerts of these ids back to what these steps made of them; those that have none are gone. */
  putBack(ids: Iterable<string>, steps: readonly AlertRecord[]): void {
    this.#file.transaction(() => {
      // Which fields differed is known here alone.
      const known = steps.map((step) => ({ ...step, fields: this.#fieldsOf(step) }));
      for (const id of ids) {
        this.#file.run("DELETE FROM alert_steps WHERE id = ?", [id]);
        this.#file.run("DELETE FROM alerts WHERE id = ?", [id]);
      }
      this.record(known);
    });
  }

  /** At a wall time, by which snoozes may be over. */
  list(query: AlertQuery, at: number): MoneyAlert[] {
    const { sql, values } = where(columnsOf(query));
    const text = `SELECT * FROM (${HANDLED}) ${sql} ORDER BY changed_at DESC, id DESC LIMIT ?`;
    return this.#file.all<StoredAlert>(text, [at, ...values, capped(query.limit)]).map(toAlert);
  }

  /** How many there are in each state. */
  counts(query: Omit<AlertQuery, "limit">, at: number): Partial<Record<AlertState, number>> {
    const { sql, values } = where(columnsOf(query));
    const text = `SELECT shown, count(*) AS count FROM (${HANDLED}) ${sql} GROUP BY shown`;
    const rows = this.#file.all<{ shown: AlertState; count: number }>(text, [at, ...values]);
    return Object.fromEntries(rows.map(({ shown, count }) => [shown, count]));
  }

  /** The one alert whose id is this, or begins so. ALERT_UNKNOWN, ALERT_AMBIGUOUS. */
  find(prefix: string, at: number): MoneyAlert {
    const text = `SELECT * FROM (${HANDLED}) WHERE id >= ? AND id < ? || char(1114111) ORDER BY id LIMIT ?`;
    const found = this.#file.all<StoredAlert>(text, [at, prefix, prefix, MAX_ROWS]).map(toAlert);
    const exact = found.find(({ id }) => id === prefix);
    if (exact !== undefined) return exact;
    if (prefix === "" || found.length === 0) raise("ALERT_UNKNOWN", { id: prefix });
    const known = found.slice(0, 5).map(({ id }) => id.slice(0, prefix.length + 6));
    if (found.length > 1) raise("ALERT_AMBIGUOUS", { id: prefix, count: found.length, known: known.join(", ") });
    return found[0]!;
  }

  /** What happened to an alert, in that order. */
  steps(id: string): AlertStep[] {
    const sql = `SELECT verdict_version AS verdictVersion, action, time, at_risk AS atRisk, late_by_ms AS lateByMs
      FROM alert_steps WHERE id = ? ORDER BY verdict_version, time LIMIT ?`;
    return this.#file.all<AlertStep>(sql, [id, MAX_ROWS]).map((row) => ({ ...row }));
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

  #fieldsOf({ id, verdictVersion, action }: AlertRecord): readonly string[] | undefined {
    const sql = "SELECT fields FROM alert_steps WHERE id = ? AND verdict_version = ? AND action = ?";
    const fields = this.#file.all<{ fields: string | null }>(sql, [id, verdictVersion, action])[0]?.fields;
    return fields == null ? undefined : JSON.parse(fields);
  }

  /** Writes a step down; false where it is known. */
  #isNew({ id, verdictVersion, action, time, atRisk, lateByMs, note, fields }: EmittedAlert): boolean {
    const differing = fields === undefined ? null : JSON.stringify(fields);
    return this.#file.run(STEP, [id, verdictVersion, action, time, atRisk, lateByMs, note, differing]) === 1;
  }

  #fold(step: EmittedAlert): void {
    const state: AlertState = step.action === "resolved" ? "resolved" : step.action === "warned" ? "warning" : "open";
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
      step.note,
    ]);
  }
}

const STEP = `INSERT OR IGNORE INTO alert_steps (id, verdict_version, action, time, at_risk, late_by_ms, note, fields)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

const FOLD = `INSERT INTO alerts (id, check_uid, key, class, currency, period, state, opened_at, changed_at, updates, at_risk,
    verdict_version, due_at, late_by_ms, repeats, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at,
    updates = updates + excluded.updates, at_risk = excluded.at_risk, verdict_version = excluded.verdict_version,
    due_at = excluded.due_at, late_by_ms = excluded.late_by_ms, repeats = repeats + excluded.repeats,
    note = excluded.note`;

/**
 * Of `alert_handling h`: what was decided holds while its alert is as it was then. An acknowledged or snoozed one may change;
 * an accepted one may not.
 */
export const IN_FORCE = `NOT EXISTS (SELECT 1 FROM alert_steps s WHERE s.id = h.id AND s.verdict_version > h.verdict_version
    AND (h.state = 'accepted' OR s.action <> 'updated'))`;

/** Alerts with what people do about them, at a wall time. */
const HANDLED = `SELECT a.*, h.state AS handling, h.until, h.note AS handling_note, h.who, h.at,
    CASE WHEN h.id IS NULL OR a.state = 'resolved' THEN a.state ELSE h.state END AS shown
  FROM alerts a LEFT JOIN alert_handling h ON h.id = a.id AND (h.until IS NULL OR h.until > ?) AND ${IN_FORCE}`;

function columnsOf({ state, check, class: cause, currency }: Omit<AlertQuery, "limit">) {
  return { shown: state, check_uid: check, class: cause, currency };
}

const SEE_ENGINE_ALERT = `INSERT INTO engine_alerts VALUES (?, ?, ?, ?, 1, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + 1, message = excluded.message, last_seen = max(last_seen, excluded.last_seen)`;

interface StoredAlert
  extends Omit<MoneyAlert, "check" | "openedAt" | "changedAt" | "atRisk" | "verdictVersion" | "handling"> {
  /** With what people do about it. */
  readonly shown: AlertState;
  readonly handling: NonNullable<MoneyAlert["handling"]>["state"] | null;
  readonly until: number | null;
  readonly handling_note: string;
  readonly who: string;
  readonly at: number;
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
    state: stored.shown,
    openedAt: stored.opened_at,
    changedAt: stored.changed_at,
    updates: stored.updates,
    atRisk: stored.at_risk,
    verdictVersion: stored.verdict_version,
    dueAt: stored.due_at,
    lateByMs: stored.late_by_ms,
    repeats: stored.repeats,
    note: stored.note,
    handling: handlingOf(stored),
  };
}

function handlingOf({ handling, shown, until, handling_note: note, who, at }: StoredAlert): MoneyAlert["handling"] {
  return handling === null || handling !== shown ? null : { state: handling, until, note, who, at };
}
