import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { isError, raise } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import { type CountRecord, type EngineAlertRecord, OUTPUTS } from "../checks/records.ts";
import { Desk } from "../connectors/desk/desk.ts";
import type { RunEnd, RunRecord } from "../connectors/desk/records.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { RecordFault, Suspension } from "../dataflow/source.ts";
import type { RunnerOutput } from "../runtime/embedded-runner.ts";
import { type AlertRecord, encodeVerdict, type VerdictRecord } from "../schemas/contracts.ts";
import type { SnapshotRow } from "../snapshots/snapshot-store.ts";
import { SqliteSnapshotStore } from "../snapshots/sqlite-snapshot-store.ts";
import { beginFolder } from "./begun-folder.ts";
import { operatorsBehind } from "./compose.ts";
import { FileWatch } from "./file-watch.ts";
import { OutputLog } from "./output-log.ts";
import { toJson } from "./terminal.ts";
import { writing } from "./write-text.ts";

/** Where a run's results are in its output folder. */
export const outputPaths = {
  snapshots: (dir: string) => join(dir, "snapshots.db"),
  /** Evidence of the run before. */
  previousSnapshots: (dir: string) => join(dir, "snapshots.previous.db"),
  desk: (dir: string) => join(dir, "desk.db"),
  log: (dir: string) => join(dir, "log"),
  sinks: (dir: string) => join(dir, "sinks"),
};

/** Is told everything that a run emits, as it is emitted. */
export interface Watcher {
  emitted(output: string, record: unknown): void;
  engineAlert(alert: EngineAlertRecord): void;
  fault(fault: RecordFault): void;
}

/** How results are begun. */
export interface OutputsOptions {
  readonly clock: Clock;
  readonly watcher: Watcher;
  /** True for a run that reads its whole log: its results take the place of those of the run before. */
  readonly afresh: boolean;
}

/**
 * Everything that a run leaves in its output folder: the evidence store, the desk, the output log, and a file of JSON
 * lines for each sink of the job. Records are gathered and brought out together at `flush`. The log and the sinks
 * are written anew by every run, and so are the store and the alerts on the desk by one that begins afresh; the store of the
 * run before is kept beside it. Another run adds to the store and the desk, where what is there already changes nothing.
 */
export class RunOutputs implements RunnerOutput {
  readonly desk: Desk;
  /** The run before this one. */
  readonly previousRun: RunRecord | undefined;
  readonly #dir: string;
  readonly #graph: Graph;
  readonly #clock: Clock;
  readonly #watcher: Watcher;
  readonly #snapshots: SqliteSnapshotStore;
  readonly #log: OutputLog;
  #verdicts: VerdictRecord[] = [];
  #alerts: AlertRecord[] = [];
  #engineAlerts: EngineAlertRecord[] = [];
  #counts: CountRecord[] = [];
  #faults: RecordFault[] = [];
  #suspensions: Suspension[] = [];
  readonly #sinks = new Map<string, string[]>();
  readonly #watch: FileWatch;

  private constructor(dir: string, graph: Graph, { clock, watcher, afresh }: OutputsOptions, log: OutputLog) {
    this.#dir = dir;
    this.#graph = graph;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#log = log;
    this.#beginSinks();
    this.desk = new Desk(outputPaths.desk(dir), { create: true });
    try {
      this.previousRun = this.desk.lastRun();
      this.#snapshots = this.#beginRun(afresh);
    } catch (error) {
      this.desk.close();
      throw error;
    }
    const sinks = [...this.#sinks.keys()].map((name) => sinkFile(dir, name));
    this.#watch = new FileWatch([outputPaths.desk(dir), outputPaths.snapshots(dir), ...log.files, ...sinks]);
  }

  /**
   * Opens the output folder and makes it if need be. LOG_LOCKED while another run writes to it; SINK_NAME_INVALID;
   * OUTPUT_FOREIGN.
   */
  static async open(dir: string, graph: Graph, options: OutputsOptions): Promise<RunOutputs> {
    for (const name of sinksOf(graph)) requireSinkName(name);
    const log = await OutputLog.begin(outputPaths.log(dir));
    try {
      return new RunOutputs(dir, graph, options, log);
    } catch (error) {
      log.close(undefined);
      throw error;
    }
  }

  emit(output: string, record: unknown): void {
    this.#watcher.emitted(output, record);
    switch (output) {
      case OUTPUTS.verdicts:
        this.#verdicts.push(record as VerdictRecord);
        return;
      case OUTPUTS.alerts:
        this.#alerts.push(record as AlertRecord);
        return;
      case OUTPUTS.engine:
        this.#engineAlerts.push(record as EngineAlertRecord);
        return;
      case OUTPUTS.counts:
        this.#counts.push(record as CountRecord);
        return;
      case OUTPUTS.finals:
        return;
      default:
        this.#sinks.get(output)!.push(toJson(record));
    }
  }

  engineAlert(alert: EngineAlertRecord): void {
    this.#watcher.engineAlert(alert);
    this.#engineAlerts.push(alert);
  }

  fault(fault: RecordFault): void {
    this.#watcher.fault(fault);
    this.#faults.push(fault);
  }

  suspension(suspension: Suspension): void {
    this.#suspensions.push(suspension);
    const { id, source, message } = suspension;
    this.engineAlert({ id: `CHECKS_SUSPENDED/${id}`, code: "CHECKS_SUSPENDED", source, message });
  }

  /** Brings out what was gathered. OUTPUT_REPLACED, and what the store, the desk and the log raise. */
  flush(): void {
    this.#watch.check();
    const at = this.#clock.now();
    this.#flushVerdicts(at);
    for (const alert of this.#alerts) this.#log.alert(alert);
    for (const fault of this.#faults) this.#log.deadLetter(fault, at);
    this.#log.flush();
    this.desk.recordAlerts(this.#alerts);
    this.desk.recordEngineAlerts(this.#engineAlerts, at);
    this.desk.recordCounts(this.#counts);
    this.desk.recordFaults(this.#faults, at);
    for (const suspension of this.#suspensions) this.#recordSuspension(suspension, at);
    this.#alerts = [];
    this.#engineAlerts = [];
    this.#counts = [];
    this.#faults = [];
    this.#suspensions = [];
    this.#flushSinks();
    this.#watch.check();
  }

  /**
   * Notes how the run ended, and closes everything; a bounded run that came to its end tells the event time that it is
   * complete through, and hears of OUTPUT_REPLACED even now.
   */
  close(end: RunEnd, throughMs?: number): void {
    this.#log.close(throughMs);
    this.#snapshots.close();
    try {
      this.desk.endRun(end, this.#clock.now());
    } catch (error) {
      // The error that the run failed with says more.
      if (end.state !== "failed" || !isError(error)) throw error;
    } finally {
      this.desk.close();
    }
    if (throughMs !== undefined) this.#watch.check();
  }

  /** The stores are opened first: what is no store of ours is refused before anything is cleared. */
  #beginRun(afresh: boolean): SqliteSnapshotStore {
    const path = outputPaths.snapshots(this.#dir);
    const previous = outputPaths.previousSnapshots(this.#dir);
    if (afresh && existsSync(previous)) new SqliteSnapshotStore(previous, { create: true }).close();
    const store = new SqliteSnapshotStore(path, { create: true });
    try {
      this.desk.beginRun({ job: this.#graph.name, afresh }, this.#clock.now());
      // One without evidence must not take the place of what a run before left.
      if (!afresh || store.scan({ limit: 1 }).rows.length === 0) return store;
    } catch (error) {
      store.close();
      throw error;
    }
    store.closeAndMoveTo(previous);
    return new SqliteSnapshotStore(path, { create: true });
  }

  #flushVerdicts(writtenAt: number): void {
    if (this.#verdicts.length === 0) return;
    const rows = this.#verdicts.map((record): SnapshotRow => {
      const { key, check, currency, period, version, time, status, class: cause, baseline } = record;
      const verdict = encodeVerdict({ ...record, epoch: 0 });
      this.#log.verdict(record, verdict);
      return { key, check, currency, period, version, time, writtenAt, status, class: cause, baseline, verdict };
    });
    this.#snapshots.put(rows);
    this.#verdicts = [];
  }

  #recordSuspension(suspension: Suspension, at: number): void {
    const checks = this.#checksOf(suspension);
    if (checks.length > 0) this.desk.recordSuspension(suspension, checks, at);
  }

  #checksOf({ models }: Suspension): string[] {
    return [...new Set(models.flatMap((model) => operatorsBehind(this.#graph, model)))];
  }

  #beginSinks(): void {
    const folder = outputPaths.sinks(this.#dir);
    const names = sinksOf(this.#graph);
    if (names.length === 0 && !existsSync(folder)) return;
    const files = names.map((name) => `${name}.jsonl`);
    writing(folder, () => beginFolder(folder, files));
    for (const name of names) {
      this.#sinks.set(name, []);
      this.#appendToSink(name, "");
    }
  }

  #flushSinks(): void {
    for (const [name, lines] of this.#sinks) {
      if (lines.length === 0) continue;
      this.#appendToSink(name, `${lines.join("\n")}\n`);
      lines.length = 0;
    }
  }

  #appendToSink(name: string, text: string): void {
    const file = sinkFile(this.#dir, name);
    writing(file, () => appendFileSync(file, text));
  }
}

function sinkFile(dir: string, name: string): string {
  return join(outputPaths.sinks(dir), `${name}.jsonl`);
}

function sinksOf(graph: Graph): string[] {
  return graph.nodes.flatMap((node) => (node.type === "sink" ? [node.sink] : []));
}

/** Sinks share their names with the side outputs of checks. */
function requireSinkName(name: string): void {
  const taken: readonly string[] = Object.values(OUTPUTS);
  if (/^[A-Za-z0-9_-]{1,100}$/.test(name) && !taken.includes(name)) return;
  raise("SINK_NAME_INVALID", { name, taken: taken.join(", ") });
}
