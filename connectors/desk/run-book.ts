import type { SqliteFile } from "../../base/sqlite-file.ts";
import type { RunEnd, RunRecord, RunStart } from "./records.ts";

/** The runs that wrote to the desk, in the order in which they began. */
export class RunBook {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  begin(job: string, start: RunStart, at: number): void {
    this.#file.run(RUNS);
    for (const results of CLEARED[start]) this.#file.run(`DELETE FROM ${results}`);
    if (start === "on" && this.#goOn(job)) return;
    this.#file.run("INSERT INTO runs (job, started_at, state) VALUES (?, ?, 'unfinished')", [job, at]);
  }

  end({ state, code }: RunEnd, at: number): void {
    this.#file.run("UPDATE runs SET state = ?, code = ?, ended_at = ? WHERE seq = (SELECT max(seq) FROM runs)", [
      state,
      code,
      at,
    ]);
  }

  /** The run that began last, or so many before it. */
  last(before = 0): RunRecord | undefined {
    if (this.#file.all("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").length === 0) return undefined;
    const sql = `SELECT job, started_at AS startedAt, ended_at AS endedAt, state, code
      FROM runs ORDER BY seq DESC LIMIT 1 OFFSET ?`;
    return this.#file.all<RunRecord>(sql, [before]).map((row) => ({ ...row }))[0];
  }

  #goOn(job: string): boolean {
    const sql = `UPDATE runs SET state = 'unfinished', code = NULL, ended_at = NULL
      WHERE seq = (SELECT max(seq) FROM runs) AND job = ?`;
    return this.#file.run(sql, [job]) === 1;
  }
}

/**
 * What a run over the whole log brings out again; what people decide about, and what they decided, is not among it.
 * Counts are added up, so they go whenever a log is read from its start.
 */
const CLEARED: Readonly<Record<RunStart, readonly string[]>> = {
  afresh: ["alerts", "alert_steps", "engine_alerts", "counts"],
  again: ["counts"],
  on: [],
};

/** Made by the first run that begins: desks from before there was this table stay in use. */
const RUNS = `CREATE TABLE IF NOT EXISTS runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
  state TEXT NOT NULL, code TEXT
) STRICT`;
