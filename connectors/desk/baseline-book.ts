import type { SqliteFile } from "../../base/sqlite-file.ts";
import { type BaselineEntry, type BaselineVerdict, MAX_ROWS } from "./records.ts";

/** What was overdue before the first change was seen, and has alerted nobody: the last word on each, and which are over. */
export class BaselineBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** What is known already, by its version, changes nothing. */
  record(verdicts: readonly BaselineVerdict[]): void {
    const isEmpty = this.#file.all("SELECT 1 FROM baseline LIMIT 1").length === 0;
    // Of most runs there is no baseline that could end, and verdicts are many.
    if (isEmpty && !verdicts.some(({ baseline }) => baseline)) return;
    for (const { check, key, currency, period, class: cause, atRisk, time, version, baseline } of verdicts) {
      const values = [check, key, currency, period];
      if (baseline) this.#file.run(PUT, [...values, cause, atRisk, time, version]);
      else this.#file.run(END, [...values, version]);
    }
  }

  /** Those that hold, by check, class and currency; the oldest first. Up to `MAX_ROWS` behind an entry. */
  page(after?: BaselineEntry): BaselineEntry[] {
    const from =
      after === undefined ? ["", "", "", "", ""] : [after.check, after.class, after.currency, after.key, after.period];
    const sql = `SELECT check_uid AS "check", key, currency, period, class, at_risk AS atRisk, time FROM baseline
      WHERE is_over = 0 AND (check_uid, class, currency, key, period) > (?, ?, ?, ?, ?)
      ORDER BY check_uid, class, currency, key, period LIMIT ?`;
    return this.#file.all<BaselineEntry>(sql, [...from, MAX_ROWS]).map((row) => ({ ...row }));
  }

  /** How many were over since. */
  countOver(): number {
    return this.#file.all<{ count: number }>("SELECT count(*) AS count FROM baseline WHERE is_over = 1")[0]!.count;
  }

  clear(): void {
    this.#file.run("DELETE FROM baseline");
  }
}

const PUT = `INSERT INTO baseline (check_uid, key, currency, period, class, at_risk, time, version, is_over)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
  ON CONFLICT DO UPDATE SET class = excluded.class, at_risk = excluded.at_risk, time = excluded.time,
    version = excluded.version, is_over = 0 WHERE excluded.version > version`;

const END = `UPDATE baseline SET is_over = 1, version = ?5
  WHERE check_uid = ?1 AND key = ?2 AND currency = ?3 AND period = ?4 AND ?5 > version`;
