import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { raise } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import { type CountRecord, type EngineAlertRecord, OUTPUTS } from "../checks/records.ts";
import { Desk } from "../connectors/desk/desk.ts";
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

/**
 * Everything that a run leaves in its output folder: the evidence store, the desk, the output log, and a file of JSON
 * lines for each sink of the job. Records are gathered and brought out together at `flush`. A run that is repeated changes
 * nothing in the store and the desk, and writes the log and the sinks anew.
 */
export class RunOutputs implements RunnerOutput {
  readonly desk: Desk;
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

  private constructor(dir: string, graph: Graph, clock: Clock, watcher: Watcher, log: OutputLog) {
    this.#dir = dir;
    this.#graph = graph;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#log = log;
    this.#beginSinks();
    this.desk = new Desk(outputPaths.desk(dir), { create: true });
    try {
      this.#snapshots = new SqliteSnapshotStore(outputPaths.snapshots(dir), { create: true });
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
  static async open(dir: string, graph: Graph, clock: Clock, watcher: Watcher): Promise<RunOutputs> {
    for (const name of sinksOf(graph)) requireSinkName(name);
    const log = await OutputLog.begin(outputPaths.log(dir));
    try {
      return new RunOutputs(dir, graph, clock, watcher, log);
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
   * Closes everything; a bounded run that came to its end tells the event time that it is complete through, and hears of
   * OUTPUT_REPLACED even now.
   */
  close(throughMs?: number): void {
    this.#log.close(throughMs);
    this.#snapshots.close();
    this.desk.close();
    if (throughMs !== undefined) this.#watch.check();
  }

  #flushVerdicts(writtenAt: number): void {
    if (this.#verdicts.length === 0) return;
    const rows = this.#verdicts.map((record): SnapshotRow => {
      const { key, check, currency, period, version, time, status, class: cause, baseline } = record;
      const verdict = encodeVerdict(record);
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
