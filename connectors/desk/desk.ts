import { userInfo } from "node:os";
import { SqliteFile } from "../../base/sqlite-file.ts";
import type { RecordFault, Suspension } from "../../dataflow/source.ts";
import type { AlertRecord, EmittedAlert } from "../../schemas/contracts.ts";
import { AlertBook } from "./alert-book.ts";
import { AlertHandling } from "./alert-handling.ts";
import { BaselineBook } from "./baseline-book.ts";
import { CountBook } from "./count-book.ts";
import { DeadLetterBox } from "./dead-letter-box.ts";
import { DecisionLog } from "./decision-log.ts";
import { DeliveryBook } from "./delivery-book.ts";
import { completeTables } from "./later-tables.ts";
import { MismatchBook } from "./mismatch-book.ts";
import { NotificationQueue } from "./notification-queue.ts";
import type {
  AlertHistory,
  AlertQuery,
  AlertState,
  Comparisons,
  Count,
  DeadLetter,
  DeadLetterState,
  DeadLetterSummary,
  Decision,
  Delivered,
  DeliveryId,
  EngineAlert,
  Mismatches,
  MoneyAlert,
  Notice,
  ReadPart,
  RunEnd,
  RunRecord,
  RunStart,
  SchemaChangeEntry,
  SeenEngineAlert,
  SuspensionEntry,
  SuspensionState,
} from "./records.ts";
import { RunBook } from "./run-book.ts";
import { SchemaBook } from "./schema-book.ts";
import { StormBook } from "./storm-book.ts";
import { type ResumeTarget, SuspensionBook } from "./suspension-book.ts";
import { DESK_FILE } from "./tables.ts";
import { ToldBook } from "./told-book.ts";

/** How a desk is opened. */
export interface DeskOptions {
  /** True makes the file, and its folder, where there is none; else DESK_NOT_FOUND. Default false. */
  readonly create?: boolean;
  /** How long to wait for another process's lock before DESK_BUSY, in ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/**
 * The operators' desk, one SQLite file: what a job lays down for people, and what people decide. Any number of processes
 * may work on it at once. Everything that is recorded twice is there once; only counts are added up, and engine alerts
 * count their repeats, so that a job lays them down by `deliver`.
 * Wall times are epoch ms, handed in. Any method can throw DESK_BUSY or DESK_IO_FAILED, which may be retried; opening
 * throws DESK_NOT_FOUND, DESK_UNREADABLE or DESK_VERSION too.
 */
export class Desk {
  readonly #file: SqliteFile;
  readonly #alerts: AlertBook;
  readonly #deadLetters: DeadLetterBox;
  readonly #suspensions: SuspensionBook;
  readonly #decisions: DecisionLog;
  readonly #counts: CountBook;
  readonly #deliveries: DeliveryBook;
  readonly #runs: RunBook;
  readonly #schemas: SchemaBook;
  readonly #mismatches: MismatchBook;
  /** What was overdue before the first change was seen. */
  readonly baseline: BaselineBook;
  /** What people do about alerts. */
  readonly handling: AlertHandling;
  /** Who is told of alerts, and how far that is. */
  readonly notifications: NotificationQueue;
  /** Who was told of alerts by runs before. */
  readonly told: ToldBook;
  /** Alerts that are so many that they are told as one. */
  readonly storms: StormBook;

  constructor(path: string, options: DeskOptions = {}) {
    const { create = false, busyTimeoutMs = 5_000 } = options;
    this.#file = new SqliteFile(DESK_FILE, { path, create, busyTimeoutMs });
    completeTables(this.#file);
    this.#decisions = new DecisionLog(this.#file, userName());
    this.#alerts = new AlertBook(this.#file);
    this.handling = new AlertHandling(this.#file, this.#alerts, this.#decisions);
    this.#deadLetters = new DeadLetterBox(this.#file, this.#decisions);
    this.#suspensions = new SuspensionBook(this.#file, this.#decisions);
    this.#counts = new CountBook(this.#file);
    this.#deliveries = new DeliveryBook(this.#file);
    this.#runs = new RunBook(this.#file);
    this.#schemas = new SchemaBook(this.#file);
    this.#mismatches = new MismatchBook(this.#file);
    this.notifications = new NotificationQueue(this.#file);
    this.baseline = new BaselineBook(this.#file);
    this.told = new ToldBook(this.#file);
    this.storms = new StormBook(this.#file, this.notifications, this.told);
  }

  /**
   * Notes that a run of a job begins, or that the last one goes on. `afresh` clears what it will bring out again: money
   * alerts, engine alerts and counts, `again` the counts alone; dead letters, suspensions and all decisions stay. One run
   * at a time may write to a desk.
   */
  beginRun(run: { readonly job: string; readonly start: RunStart }, at: number): void {
    this.#file.transaction(() => {
      this.#runs.begin(run.job, run.start, at);
      if (run.start === "afresh") {
        this.told.keep(at);
        this.notifications.clear();
        this.storms.clear();
        this.baseline.clear();
      }
      if (run.start === "on") return;
      this.#deadLetters.forgetMet();
      this.#deliveries.clear();
    });
  }

  /** Notes how the run that began last ended. */
  endRun(end: RunEnd, at: number): void {
    this.#runs.end(end, at);
  }

  /** The run that began last; what else is on the desk is its doing. */
  lastRun(): RunRecord | undefined {
    return this.#runs.last();
  }

  /** The run that began before that one. */
  runBeforeLast(): RunRecord | undefined {
    return this.#runs.last(1);
  }

  /**
   * Lays down what a checkpoint of a job brought out, all of it or nothing, at a wall time; a delivery that was made
   * before changes nothing, and gives false. Of repeats, the one after the next is known no more.
   */
  deliver(id: DeliveryId, delivered: Delivered, at: number): boolean {
    const { alerts, engineAlerts, counts, faults, suspensions, mended, schemaChanges } = delivered;
    return this.#file.transaction(() => {
      if (!this.#deliveries.note(id, { counts, engineAlerts: engineAlerts.map((alert) => ({ id: alert.id })) }))
        return false;
      const steps = this.#alerts.record(alerts);
      const troubles = this.#alerts.recordEngine(engineAlerts, at);
      this.#queue(delivered, steps, troubles, at);
      this.baseline.record(delivered.verdicts);
      this.recordFaults(faults, at);
      for (const { suspension, checks } of suspensions) this.recordSuspension(suspension, checks, at);
      for (const suspension of mended) this.#suspensions.mend(suspension);
      this.#schemas.record(schemaChanges, at);
      this.#counts.add(counts);
      return true;
    });
  }

  /**
   * Takes back what the deliveries behind one had added to counts and to repeats, for a job that goes on from there and
   * will bring it again. What else they laid down is there once however often it comes.
   */
  takeBackBehind(id: DeliveryId): void {
    this.#file.transaction(() => {
      for (const { counts, engineAlerts } of this.#deliveries.takeBehind(id)) {
        this.#counts.takeBack(counts);
        this.#alerts.takeBackEngine(engineAlerts);
      }
    });
  }

  /** Folds steps, in their order, into their alerts; all of them or none. */
  recordAlerts(steps: readonly EmittedAlert[]): void {
    if (steps.length > 0) this.#alerts.record(steps);
  }

  /**
   * Puts the alerts of these ids back to what these steps, all that they had by then, made of them, for a job that goes
   * back to that place. Those without a step are gone.
   */
  putBackAlerts(ids: Iterable<string>, steps: readonly AlertRecord[]): void {
    this.#alerts.putBack(ids, steps);
  }

  /** Money alerts, the last changed first. `at` is the wall time by which snoozes may be over, now by default. */
  alerts(query: AlertQuery, at = Date.now()): MoneyAlert[] {
    return this.#alerts.list(query, at);
  }

  /** How many money alerts there are in each state that there is. */
  alertCounts(query: Omit<AlertQuery, "limit" | "state"> = {}, at = Date.now()): Partial<Record<AlertState, number>> {
    return this.#alerts.counts(query, at);
  }

  /** Gives back the alerts whose snooze is over and that are open still, and lays down who is told; gives how many. */
  endSnoozes(noticesOf: (alert: MoneyAlert) => readonly Notice[], at: number): number {
    return this.#file.transaction(() => {
      const ended = this.handling.endSnoozes(at);
      for (const alert of ended) for (const notice of noticesOf(alert)) this.storms.lay(notice, at);
      return ended.length;
    });
  }

  /** Lays down who is told that an alert is open of which they were told last, by a run before, that it was resolved. */
  correctTold(noticesOf: (alert: MoneyAlert) => readonly Notice[], at: number): void {
    this.#file.transaction(() => {
      for (let page = this.told.mistold(); page.length > 0; page = this.told.mistold(page.at(-1)))
        for (const { alert, sink } of page)
          for (const notice of noticesOf(this.#alerts.find(alert, at)))
            if (notice.sink === sink) this.storms.lay(notice, at);
    });
  }

  /** A money alert by its id, or how that begins, and all that happened to it. ALERT_UNKNOWN, ALERT_AMBIGUOUS. */
  alertHistory(prefix: string, at = Date.now()): AlertHistory {
    const alert = this.#alerts.find(prefix, at);
    return {
      alert,
      steps: this.#alerts.steps(alert.id),
      decisions: this.#decisions.ofAlert(alert.id),
      notifications: this.notifications.ofAlert(alert.id),
    };
  }

  /** Counts each as seen once more at `at`. */
  recordEngineAlerts(alerts: readonly EngineAlert[], at: number): void {
    if (alerts.length > 0) this.#alerts.recordEngine(alerts, at);
  }

  /** Counts trouble that was found beside the deliveries; who is told of it hears of it once. */
  recordTrouble(alert: EngineAlert, notices: readonly Notice[], at: number): void {
    this.#file.transaction(() => {
      const fresh = this.#alerts.recordEngine([alert], at);
      if (fresh.has(alert.id)) for (const notice of notices) this.storms.lay(notice, at);
    });
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

  /** Settles as `read` the open dead letters of what was read by the run without recording them; gives how many. */
  settleRead(parts: readonly ReadPart[], at: number): number {
    return this.#deadLetters.settleRead(parts, at);
  }

  /** How many dead letters are open: all, and those that the run has recorded. */
  openDeadLetters(): { readonly all: number; readonly ofThisRun: number } {
    return { all: this.#deadLetters.count("open"), ofThisRun: this.#deadLetters.countMet("open") };
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

  /** Ends the breaking changes that the last run, which read its whole log, did not meet: its models can be read. */
  settleSuspensions(): void {
    const run = this.lastRun();
    if (run !== undefined) this.#suspensions.mendUnmet(run.startedAt);
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

  /** New schemas of tables, the last recorded first. */
  schemaChanges(query: { readonly limit: number }): SchemaChangeEntry[] {
    return this.#schemas.list(query.limit);
  }

  /**
   * What was decided after the decision with this `seq` (0: all), ascending, up to `MAX_ROWS`: who polls asks again with
   * the last `seq` that came. A decision never appears behind one that was seen.
   */
  decisions(since: number): Decision[] {
    return this.#decisions.since(since);
  }

  /** What a check that compares two tables found to differ, by class and fields, the most frequent first. */
  mismatches(check: string): Mismatches[] {
    return this.#mismatches.list(check);
  }

  /** Comparisons of a check that were clean in the minutes that begin after an event time. */
  cleanComparisons(check: string, after: number): Comparisons {
    return this.#mismatches.clean(check, after);
  }

  /** Counts, the latest minute first. */
  counts(query: { readonly check?: string; readonly limit?: number } = {}): Count[] {
    return this.#counts.list(query);
  }

  close(): void {
    this.#file.close();
  }

  /** Of what was there before, people are told already; who let an alert snooze hears of its changes when that is over. */
  #queue({ notices }: Delivered, steps: readonly EmittedAlert[], troubles: ReadonlySet<string>, at: number): void {
    if (notices.length === 0) return;
    const fresh = new Set(steps.map(({ id, verdictVersion, action }) => `${id}/${verdictVersion}/${action}`));
    for (const notice of notices) {
      const { alert, verdictVersion, action } = notice;
      const isNew = verdictVersion === null ? troubles.has(alert) : fresh.has(`${alert}/${verdictVersion}/${action}`);
      const isSnoozed = action === "updated" && this.#alerts.find(alert, at).state === "snoozed";
      if (isNew && !isSnoozed && !this.told.knows(notice, at)) this.storms.lay(notice, at);
    }
  }
}

/** A container may run as a user that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
