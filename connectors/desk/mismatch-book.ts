import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { Comparisons, Mismatches } from "./records.ts";

/** How often a comparison of two tables was clean, and how often, and in what, it was not. */
export class MismatchBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** What was found to differ, by class and fields, the most frequent first. */
  list(check: string): Mismatches[] {
    const rows = this.#file.all<{ class: string; fields: string; count: number; lastAt: number | null }>(LIST, [check]);
    return rows.map(({ fields, ...rest }) => ({ ...rest, fields: JSON.parse(fields) }));
  }

  /** Comparisons that were clean in the minutes that begin after a time. */
  clean(check: string, after: number): Comparisons {
    const sql = `SELECT coalesce(sum(pass), 0) AS count, min(minute) AS firstMinute, max(minute) AS lastMinute
      FROM counts WHERE check_uid = ? AND minute > ?`;
    return { ...this.#file.all<Comparisons>(sql, [check, after])[0]! };
  }
}

/** Changed evidence is no further mismatch, but the last word on when there was one. */
const LIST = `SELECT a.class, coalesce(s.fields, '[]') AS fields, sum(s.action <> 'updated') AS count, max(s.time) AS lastAt
  FROM alert_steps s JOIN alerts a ON a.id = s.id
  WHERE a.check_uid = ? AND s.action IN ('opened', 'reopened', 'updated')
  GROUP BY 1, 2 ORDER BY count DESC, 1, 2`;
