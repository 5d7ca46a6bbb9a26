import type { SqliteFile } from "../../base/sqlite-file.ts";
import { MAX_ROWS, type Notice } from "./records.ts";

/** An alert, and a sink that was told of it. */
export interface ToldAlert {
  readonly alert: string;
  readonly sink: string;
}

/**
 * Steps of alerts that sinks were told of by runs before: one that begins afresh brings them out once more, and nobody is
 * told twice. What was held is told where its storm was.
 */
export class ToldBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** Remembers what the queue has told, which is about to be cleared. */
  keep(at: number): void {
    this.#file.run(KEEP, [at]);
  }

  /** True for what its sink was told just so; that is remembered for longer then. */
  knows({ alert, sink, action, verdictVersion, body }: Notice, at: number): boolean {
    if (verdictVersion === null) return false;
    return this.#file.run(SEE, [at, alert, sink, action, verdictVersion, body, body]) > 0;
  }

  /** The storm by which a sink was told that an alert opened last; null where it was told by itself, or not at all. */
  stormOf(sink: string, alert: string): string | null {
    const sql = `SELECT storm FROM told WHERE alert = ? AND sink = ? AND action NOT IN ('updated', 'resolved')
      ORDER BY verdict_version DESC LIMIT 1`;
    return this.#file.all<{ storm: string | null }>(sql, [alert, sink])[0]?.storm ?? null;
  }

  /** Alerts that are open, of which the last that a sink was told, and not by this run, is that they were resolved. */
  mistold(after: ToldAlert = { alert: "", sink: "" }): ToldAlert[] {
    return this.#file.all<ToldAlert>(MISTOLD, [after.alert, after.sink, MAX_ROWS]).map((row) => ({ ...row }));
  }

  /** Forgets what no run has brought out since a time. */
  prune(before: number): void {
    this.#file.run("DELETE FROM told WHERE seen_at < ?", [before]);
  }
}

/** A storm tells of an alert when something is told of it after that came to it. */
const KEEP = `INSERT OR REPLACE INTO told (alert, sink, action, verdict_version, time, at_risk, storm, seen_at)
  SELECT alert, sink, action, body ->> 'verdictVersion', body ->> 'time', body ->> 'atRisk', storm, ? FROM notifications n
  WHERE body ->> 'about' = 'money' AND action <> 'returned' AND (state IN ('sent', 'dropped') OR (state = 'held' AND EXISTS (
    SELECT 1 FROM notifications t WHERE t.alert = n.storm AND t.sink = n.sink AND t.state = 'sent' AND t.seq > (
      SELECT min(seq) FROM notifications o WHERE o.alert = n.alert AND o.sink = n.sink AND o.storm = n.storm))))`;

const SEE = `UPDATE told SET seen_at = ? WHERE alert = ? AND sink = ? AND action = ? AND verdict_version = ?
  AND time IS ? ->> 'time' AND at_risk = ? ->> 'atRisk'`;

const MISTOLD = `SELECT t.alert, t.sink FROM told t JOIN alerts a ON a.id = t.alert AND a.state = 'open'
  WHERE t.action = 'resolved' AND (t.alert, t.sink) > (?, ?)
    AND NOT EXISTS (SELECT 1 FROM told l WHERE l.alert = t.alert AND l.sink = t.sink AND l.verdict_version > t.verdict_version)
    AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.alert = t.alert AND n.sink = t.sink)
  ORDER BY t.alert, t.sink LIMIT ?`;
