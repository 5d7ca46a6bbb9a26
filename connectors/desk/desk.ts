import { userInfo } from "node:os";
import { SqliteFile } from "../../base/sqlite-file.ts";
import type { RecordFault, Suspension } from "../../dataflow/source.ts";
import type { AlertRecord } from "../../schemas/contracts.ts";
import { AlertBook } from "./alert-book.ts";
import { DeadLetterBox } from "./dead-letter-box.ts";
import { DecisionLog } from "./decision-log.ts";
import {
  type AlertQuery,
  type Count,
  type DeadLetter,
  type DeadLetterState,
  type DeadLetterSummary,
  type Decision,
  type EngineAlert,
  MAX_ROWS,
  type MoneyAlert,
  type ReadPart,
  type RunEnd,
  type RunRecord,
  type SeenEngineAlert,
  type SuspensionEntry,
  type SuspensionState,
} from "./records.ts";
import { RunBook } from "./run-book.ts";
import { type ResumeTarget, SuspensionBook } from "./suspension-book.ts";
import { capped, DESK_FILE, where } from "./tables.ts";

/** How a desk is opened. */
export interface DeskOptions {
  /** True makes the file, and its folder, where there is none; else DESK_NOT_FOUND. Default false. */
  readonly create?: boolean;
  /** How long to wait for another process's lock before DESK_BUSY, in ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/**
 * The operators' desk, one SQLite file: what a job lays down for people, and what people decide. Any number of processes
 * may work on it at once. Everything that is recorded twice is there once; engine alerts alone count their repeats.
 * Wall times are epoch ms, handed in. Any method can throw DESK_BUSY or DESK_IO_FAILED, which may be retried; opening
 * throws DESK_NOT_FOUND, DESK_UNREADABLE or DESK_VERSION too.
 */
export class Desk {
  readonly #file: SqliteFile;
  readonly #alerts: AlertBook;
  readonly #deadLetters: DeadLetterBox;
  readonly #suspensions: SuspensionBook;
  readonly #decisions: DecisionLog;
  readonly #runs: RunBook;

  constructor(path: string, options: DeskOptions = {}) {
    const { create = false, busyTimeoutMs = 5_000 } = options;
    this.#file = new SqliteFile(DESK_FILE, { path, create, busyTimeoutMs });
    this.#decisions = new DecisionLog(this.#file, userName());
    this.#alerts = new AlertBook(this.#file);
    this.#deadLetters = new DeadLetterBox(this.#file, this.#decisions);
    this.#suspensions = new SuspensionBook(this.#file, this.#decisions);
    this.#runs = new RunBook(this.#file);
  }

  /**
   * Notes that a run of a job begins. `afresh` clears what it will bring out again: money alerts, engine alerts and
   * counts; dead letters, suspensions and all decisions stay. One run at a time may write to a desk.
   */
  beginRun(run: { readonly job: string; readonly afresh: boolean }, at: number): void {
    this.#runs.begin(run.job, run.afresh, at);
  }

  /** Notes how the run that began last ended. */
  endRun(end: RunEnd, at: number): void {
    this.#runs.end(end, at);
  }

  /** The run that began last; what else is on the desk is its doing. */
  lastRun(): RunRecord | undefined {
    return this.#runs.last();
  }

  /** Folds steps, in their order, into their alerts; all of them or none. */
  recordAlerts(steps: readonly AlertRecord[]): void {
    if (steps.length > 0) this.#alerts.record(steps);
  }

  /** Money alerts, the last changed first. */
  alerts(query: AlertQuery): MoneyAlert[] {
    return this.#alerts.list(query);
  }

  /** Counts each as seen once more at `at`. */
  recordEngineAlerts(alerts: readonly EngineAlert[], at: number): void {
    if (alerts.length > 0) this.#alerts.recordEngine(alerts, at);
  }

  /** Engine alerts, the last seen first. */
  engineAlerts(query: { readonly limit: number }): SeenEngineAlert[] {
    return this.#alerts.listEngine(query.limit);
  }

  /**
   * Keeps records that cannot be used; all of them or none. One that fails again after it was replayed, by `at`, or after
   * a run could use it, is open again.
   */
  recordFaults(faults: readonly RecordFault[], at: number): void {
    if (faults.length > 0) this.#deadLetters.record(faults, at);
  }

  /** Settles as `read` the open dead letters of what was read without recording them through this object; gives how many. */
  settleRead(parts: readonly ReadPart[], at: number): number {
    return this.#deadLetters.settleRead(parts, at);
  }

  /** How many dead letters are open: all, and those that were recorded through this object. */
  openDeadLetters(): { readonly all: number; readonly recordedHere: number } {
    return { all: this.#deadLetters.count("open"), recordedHere: this.#deadLetters.countMet("open") };
  }

  /** Dead letters by topic, partition and offset. */
  deadLetters(query: { readonly state?: DeadLetterState; readonly limit?: number } = {}): DeadLetterSummary[] {
    return this.#deadLetters.list(query.state, query.limit);
  }

  /** A dead letter with its raw bytes and its decisions. DEAD_LETTER_UNKNOWN. */
  get(id: string): DeadLetter {
    return this.#deadLetters.get(id);
  }

  /**
   * Settles an open dead letter. DEAD_LETTER_UNKNOWN, DEAD_LETTER_ALREADY_DECIDED, NOTE_TOO_LONG, and, for a discard
   * without a note, NOTE_REQUIRED.
   */
  decide(id: string, decision: "replayed" | "discarded", note: string, at: number): void {
    this.#deadLetters.decide(id, decision, note, at);
  }

  /** Keeps a suspension with the uids of the checks that it suspends, one at least. */
  recordSuspension(suspension: Suspension, checks: readonly string[], at: number): void {
    this.#suspensions.record(suspension, checks, at);
  }

  /** Suspensions, the first recorded first. */
  suspensions(query: { readonly state?: SuspensionState; readonly limit?: number } = {}): SuspensionEntry[] {
    return this.#suspensions.list(query.state, query.limit);
  }

  /** One suspension, by its id. */
  suspension(id: string): SuspensionEntry | undefined {
    return this.#suspensions.get(id);
  }

  /**
   * Resumes all checks of a suspension, or a check wherever it is suspended; gives how many resumed.
   * SUSPENSION_UNKNOWN, SUSPENSION_ALREADY_RESUMED, NOTE_REQUIRED, NOTE_TOO_LONG.
   */
  resume(target: ResumeTarget, note: string, at: number): number {
    return this.#suspensions.resume(target, note, at);
  }

  /**
   * What was decided after the decision with this `seq` (0: all), ascending, up to `MAX_ROWS`: who polls asks again with
   * the last `seq` that came. A decision never appears behind one that was seen.
   */
  decisions(since: number): Decision[] {
    return this.#decisions.since(since);
  }

  /** Sets the counts of each check's minute; counts are totals, not increments. */
  recordCounts(counts: readonly Count[]): void {
    if (counts.length === 0) return;
    this.#file.transaction(() => {
      for (const { check, minute, pass, pending } of counts) this.#file.run(SET_COUNT, [check, minute, pass, pending]);
    });
  }

  /** Counts, the latest minute first. */
  counts(query: { readonly check?: string; readonly limit?: number } = {}): Count[] {
    const { sql, values } = where({ check_uid: query.check });
    const text = `SELECT check_uid AS "check", minute, pass, pending FROM counts ${sql} ORDER BY minute DESC, check_uid LIMIT ?`;
    return this.#file.all<Count>(text, [...values, capped(query.limit ?? MAX_ROWS)]).map((row) => ({ ...row }));
  }

  close(): void {
    this.#file.close();
  }
}

const SET_COUNT = `INSERT INTO counts VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET pass = excluded.pass, pending = excluded.pending`;

/** A container may run as a user that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
