import { assert, raise } from "../../base/errors.ts";
import type { SqliteFile } from "../../base/sqlite-file.ts";
import { formatTime } from "../../base/time.ts";
import type { Suspension } from "../../dataflow/source.ts";
import { checkedNote, type DecisionLog } from "./decision-log.ts";
import { MAX_ROWS, type SuspensionEntry, type SuspensionState } from "./records.ts";
import { capped } from "./tables.ts";

/** Which suspended checks go on: those of one suspension, or one check wherever it is suspended. */
export type ResumeTarget = { readonly id: string } | { readonly check: string };

/** Checks that must not judge until somebody says so. */
export class SuspensionBook {
  readonly #file: SqliteFile;
  readonly #decisions: DecisionLog;

  constructor(file: SqliteFile, decisions: DecisionLog) {
    this.#file = file;
    this.#decisions = decisions;
  }

  record(suspension: Suspension, checks: readonly string[], at: number): void {
    assert(checks.length > 0, "a suspension names the checks that it suspends");
    const { id, source, table, models, cause, message, time } = suspension;
    this.#file.transaction(() => {
      const values = [id, source, table, JSON.stringify(models), cause, message, time, at];
      this.#file.run(`INSERT INTO suspensions VALUES (?, ?, ?, ?, ?, ?, ?, ?) ${MET}`, values);
      for (const check of checks)
        this.#file.run(`INSERT INTO suspended_checks VALUES (?, ?, 'open') ${AGAIN}`, [id, check]);
    });
  }

  /** What a suspension had left out was read: checks that nobody resumed go on. One that is not known changes nothing. */
  mend(id: string): void {
    this.#file.run("UPDATE suspended_checks SET state = 'mended' WHERE id = ? AND state = 'open'", [id]);
  }

  /** Breaking changes that were not met since a wall time: the models can be read now. */
  mendUnmet(since: number): void {
    const unmet = "SELECT id FROM suspensions WHERE cause = 'breaking-change' AND recorded_at < ?";
    this.#file.run(`UPDATE suspended_checks SET state = 'mended' WHERE state = 'open' AND id IN (${unmet})`, [since]);
  }

  get(id: string): SuspensionEntry | undefined {
    const sql = `SELECT s.*, ${IS_OPEN} AS is_open FROM suspensions s WHERE id = ?`;
    return this.#file.all<StoredSuspension>(sql, [id]).map((stored) => this.#toEntry(stored))[0];
  }

  list(state: SuspensionState | undefined, limit = MAX_ROWS): SuspensionEntry[] {
    const narrowed = state === undefined ? "" : `WHERE ${state === "open" ? "" : "NOT "}${IS_OPEN}`;
    const sql = `SELECT s.*, ${IS_OPEN} AS is_open FROM suspensions s ${narrowed} ORDER BY recorded_at, id LIMIT ?`;
    return this.#file.all<StoredSuspension>(sql, [capped(limit)]).map((stored) => this.#toEntry(stored));
  }

  resume(target: ResumeTarget, note: string, at: number): number {
    const kept = checkedNote(note, "resume a check");
    const [column, value] = "id" in target ? ["id", target.id] : ["check_uid", target.check];
    return this.#file.transaction(() => {
      const sql = `SELECT id, check_uid FROM suspended_checks WHERE state = 'open' AND ${column} = ? ORDER BY id, check_uid`;
      const open = this.#file.all<{ id: string; check_uid: string }>(sql, [value]);
      if (open.length === 0) this.#refuse(target);
      for (const { id, check_uid: check } of open) {
        this.#file.run("UPDATE suspended_checks SET state = 'resumed' WHERE id = ? AND check_uid = ?", [id, check]);
        this.#decisions.add({ kind: "suspension", id, check, decision: "resumed", note: kept, at });
      }
      return open.length;
    });
  }

  #refuse(target: ResumeTarget): never {
    const [id, check] = "id" in target ? [target.id] : [undefined, target.check];
    const what = id ?? check;
    const last = this.#decisions.ofSuspension(id, check);
    if (last !== undefined) raise("SUSPENSION_ALREADY_RESUMED", { what, who: last.who, at: formatTime(last.at) });
    const open = this.#file.all<{ check_uid: string }>(
      "SELECT DISTINCT check_uid FROM suspended_checks WHERE state = 'open' ORDER BY check_uid LIMIT 20",
    );
    raise("SUSPENSION_UNKNOWN", { what, known: open.map((row) => row.check_uid).join(", ") || "nothing" });
  }

  #toEntry(stored: StoredSuspension): SuspensionEntry {
    const { id, source, cause, message, time } = stored;
    const sql = "SELECT check_uid, state FROM suspended_checks WHERE id = ? ORDER BY check_uid";
    const checks = this.#file.all<{ check_uid: string; state: SuspensionState }>(sql, [id]);
    return {
      id,
      source,
      table: stored.table_name,
      models: JSON.parse(stored.models),
      cause,
      message,
      time,
      state: stored.is_open === 1 ? "open" : checks.some(({ state }) => state === "resumed") ? "resumed" : "mended",
      recordedAt: stored.recorded_at,
      checks: checks.map(({ check_uid: check, state }) => ({ check, state })),
    };
  }
}

/** One that was mended is met again by a job whose model cannot read the schema any more. */
const AGAIN = "ON CONFLICT DO UPDATE SET state = 'open' WHERE state = 'mended'";

/** A breaking change has the time at which it was met last, so that a run can tell those that it did not meet. */
const MET = "ON CONFLICT DO UPDATE SET recorded_at = excluded.recorded_at WHERE cause = 'breaking-change'";

const IS_OPEN = "EXISTS (SELECT 1 FROM suspended_checks c WHERE c.id = s.id AND c.state = 'open')";

interface StoredSuspension {
  readonly id: string;
  readonly source: string;
  readonly table_name: string;
  readonly models: string;
  readonly cause: Suspension["cause"];
  readonly message: string;
  readonly time: number;
  readonly recorded_at: number;
  readonly is_open: number;
}
