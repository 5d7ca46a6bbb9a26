import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Disk, systemDisk } from "../base/disk.ts";
import { isError, raise } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import { OUTPUTS } from "../checks/records.ts";
import { Desk } from "../connectors/desk/desk.ts";
import type { DeliveryId, RunEnd, RunRecord, RunStart } from "../connectors/desk/records.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { Suspension } from "../dataflow/source.ts";
import type { Delivery as Outgoing } from "../runtime/checkpoint/checkpointer.ts";
import {
  type AlertRecord,
  decodeAlert,
  decodeVerdict,
  encodeAlert,
  encodeVerdict,
  type MarkerRecord,
  type VerdictRecord,
} from "../schemas/contracts.ts";
import type { SnapshotStore } from "../snapshots/snapshot-store.ts";
import { SqliteSnapshotStore } from "../snapshots/sqlite-snapshot-store.ts";
import { operatorsBehind } from "./compose.ts";
import { evidenceRow } from "./evidence-row.ts";
import { FileWatch } from "./file-watch.ts";
import type { Masking } from "./masking.ts";
import { noticesOf } from "./notify/notices.ts";
import type { SinkConfig } from "./notify/notify-config.ts";
import { OutputFolder } from "./output-log.ts";
import { nameIn, nameOf, RecordsAhead } from "./records-ahead.ts";
import type { LogPositions, ResultLog, ResultPlace } from "./result-log.ts";
import { SinkFiles, type SinkSizes } from "./sink-files.ts";
import { type SortedOutbox, sortOutbox } from "./sorted-outbox.ts";

/** Where a run's results are in its output folder. */
export const outputPaths = {
  snapshots: (dir: string) => join(dir, "snapshots.db"),
  /** Evidence of the run before. */
  previousSnapshots: (dir: string) => join(dir, "snapshots.previous.db"),
  desk: (dir: string) => join(dir, "desk.db"),
  log: (dir: string) => join(dir, "log"),
  sinks: (dir: string) => join(dir, "sinks"),
};

/** What the results of a checkpoint are delivered with. A checkpoint is named by its epoch, attempt and number for ever. */
export interface Delivery extends Outgoing {
  /** What `position` gave when the checkpoint was made. */
  readonly before: SinkPositions;
}

/** How far results are, as a checkpoint keeps it; plain JSON. */
export interface SinkPositions {
  readonly log: LogPositions;
  readonly sinks: SinkSizes;
  /** Names of records that are in the log although the job has yet to emit them again. */
  readonly ahead: readonly string[];
  /** When the run began whose results these are, in epoch ms: tells an output folder from others. */
  readonly begunAt: number;
}

/** Moments of a delivery: nothing of it is out; all of it is; its marker is too. And: the log of a complete run has ended. */
export type DeliveryPoint = "outbox-begun" | "outbox-sent" | "marker-written" | "log-ended";

/** How results are opened. */
export interface OutputsOptions {
  readonly clock: Pick<Clock, "now">;
  /**
   * `afresh` and `again` empty the log and the sinks; `afresh` the alerts on the desk too, and it sets the evidence of the
   * run before aside. `on` goes on with all that is there.
   */
  readonly start: RunStart;
  /** Of a run that goes on: a position up to which results are known to be durable. */
  readonly since?: SinkPositions | undefined;
  /** Throws once another process has taken over; asked right before anything is written. */
  readonly stillMine?: () => void;
  readonly onPoint?: (point: DeliveryPoint) => void;
  /** Of the log and the sinks. Default: the machine's own. */
  readonly disk?: Disk;
  /** Where verdicts, alerts and dead letters go. Default: a file log in the output folder. */
  readonly place?: ResultPlace;
  /** Where the evidence goes, given up with the outputs. Default: a file in the output folder. */
  readonly snapshots?: SnapshotStore | undefined;
  /** Who is told of alerts; for them it is laid down what to tell. Default: nobody. */
  readonly notify?: readonly SinkConfig[];
  /** Takes out of results what nobody may see. */
  readonly mask?: Masking | undefined;
}

/**
 * Everything that a run leaves in its output folder: the evidence store, the desk, the output log, and a file of JSON
 * lines for each sink of the job. It comes in deliveries, one for each checkpoint, and a delivery that was cut off at any
 * moment is simply made again: each part tells what of it is there. First the evidence, the log and the sinks, where it
 * is appended behind a known place; then the desk, in one transaction with the checkpoint's name; then the marker.
 */
export class RunOutputs {
  readonly desk: Desk;
  /** The run before this one. */
  readonly previousRun: RunRecord | undefined;
  readonly #dir: string;
  readonly #graph: Graph;
  readonly #options: OutputsOptions;
  readonly #snapshots: SnapshotStore;
  readonly #log: ResultLog;
  readonly #sinks: SinkFiles;
  readonly #watch: FileWatch;
  readonly #begunAt: number;
  #ahead: readonly string[] = [];

  private constructor(dir: string, graph: Graph, options: OutputsOptions, log: ResultLog, sinks: SinkFiles) {
    this.#dir = dir;
    this.#graph = graph;
    this.#options = options;
    this.#log = log;
    this.#sinks = sinks;
    this.desk = new Desk(outputPaths.desk(dir), { create: true });
    try {
      const last = this.desk.lastRun();
      this.#snapshots = this.#beginRun(options.start);
      this.previousRun = options.start === "on" ? this.desk.runBeforeLast() : last;
      this.#begunAt = this.desk.lastRun()!.startedAt;
    } catch (error) {
      this.desk.close();
      throw error;
    }
    this.#watch = new FileWatch([outputPaths.desk(dir), outputPaths.snapshots(dir), ...log.files, ...sinks.paths]);
  }

  /**
   * Opens the output folder and makes it if need be. LOG_LOCKED while another run writes to it; OUTPUT_FOREIGN;
   * LOG_CORRUPT where something of the log is lost that was durable.
   */
  static async open(dir: string, graph: Graph, options: OutputsOptions): Promise<RunOutputs> {
    const { start, since, disk = systemDisk, place = new OutputFolder(disk, outputPaths.log(dir)) } = options;
    const names = sinksOf(graph);
    disk.makeFolder(dir);
    const log = await place.open(start !== "on", since?.log, options.stillMine);
    let sinks: SinkFiles | undefined;
    try {
      sinks = await SinkFiles.open(disk, outputPaths.sinks(dir), names, start !== "on");
      const outputs = new RunOutputs(dir, graph, options, log, sinks);
      for (const folder of [dir, dirname(resolve(dir))]) await disk.syncFolder(folder);
      return outputs;
    } catch (error) {
      sinks?.close();
      await log.close();
      throw error;
    }
  }

  /** How far results are; between deliveries only. */
  position(): SinkPositions {
    return {
      log: this.#log.positions(),
      sinks: this.#sinks.sizes(),
      ahead: this.#ahead,
      begunAt: this.#begunAt,
    };
  }

  /** The marker of the checkpoint whose results were the last to be out; those that had none have no marker. */
  lastDelivered(): MarkerRecord | undefined {
    return this.#log.lastMarker;
  }

  /** The newest verdict of a check on a key in a currency and period; what the store raises. */
  async newestVerdict(
    of: Pick<VerdictRecord, "key" | "check" | "currency" | "period">,
  ): Promise<VerdictRecord | undefined> {
    const { key, check, currency, period } = of;
    const [row] = await this.#snapshots.get({ key, check, currency, period });
    return row && decodeVerdict(row.verdict);
  }

  /** OUTPUT_REPLACED where results would be written to where nobody finds them. */
  check(): void {
    this.#watch.check();
  }

  /**
   * Brings out what a checkpoint holds, and its marker. After a crash or a failure at any moment it may be called again
   * with the same, and leaves each record there once. OUTPUT_REPLACED, what `stillMine` throws, and what the store, the
   * desk, the log and the disk raise.
   */
  async deliver(delivery: Delivery): Promise<void> {
    const { records, before, takenAt } = delivery;
    const { stillMine, onPoint } = this.#options;
    this.#watch.check();
    const ahead = new RecordsAhead(before.ahead);
    if (records.length > 0) {
      stillMine?.();
      onPoint?.("outbox-begun");
      const outbox = this.#sorted(records);
      this.#log.goOnBehind(before.log);
      await this.#putRecords(outbox, ahead, delivery);
      await this.#log.sync();
      await this.#sinks.write(before.sinks, outbox.lines);
      stillMine?.();
      this.#layOnDesk(outbox, delivery);
      onPoint?.("outbox-sent");
      this.#log.marker({ ...this.#nameOf(delivery), time: takenAt });
      await this.#log.sync();
      onPoint?.("marker-written");
      this.#watch.check();
    }
    this.#ahead = ahead.names();
  }

  /**
   * Before all else, for a run that goes on from this checkpoint: brings out what of it is not out yet. What a newer
   * checkpoint had brought out, which is lost, will be emitted again: of that, what must not be there twice is remembered,
   * and what is added up is taken back.
   */
  async recover(delivery: Delivery): Promise<void> {
    const { records, before } = delivery;
    if (records.length > 0 && !this.#isOut(delivery)) await this.deliver(delivery);
    else await this.#sinks.write(before.sinks, sortOutbox(records).lines);
    this.desk.takeBackBehind(this.#nameOf(delivery));
    this.#ahead = await this.#namesAhead(delivery);
  }

  /**
   * Before all else, for a run that begins from a savepoint in the folder that the savepoint's run wrote to: takes back
   * what came behind it and may not come again, alerts on the desk, or would be there twice, lines of sinks. The log keeps
   * what it has, since others may have read it; its epochs tell.
   */
  async goBackTo({ sinks, log }: SinkPositions): Promise<void> {
    await this.#sinks.write(sinks, new Map());
    const before: AlertRecord[] = [];
    const behind = new Set<string>();
    await this.#log.visit("alerts", log, "start", (encoded, isBehind) => {
      const alert = decodeAlert(encoded);
      if (isBehind) behind.add(alert.id);
      else before.push(alert);
    });
    this.desk.putBackAlerts(
      behind,
      before.filter(({ id }) => behind.has(id)),
    );
  }

  /** Ends the log of a bounded run that came to its end, complete through an event time. Nothing can be delivered then. */
  async complete(throughMs: number): Promise<void> {
    this.#options.stillMine?.();
    await this.#log.end(throughMs);
    this.#options.onPoint?.("log-ended");
    this.#watch.check();
  }

  /** Notes how the run ended, unless another process has taken over, and closes everything. */
  async close(end: RunEnd): Promise<void> {
    try {
      this.#options.stillMine?.();
      this.desk.endRun(end, this.#options.clock.now());
    } catch (error) {
      // The error that the run failed with says more.
      if (end.state !== "failed" || !isError(error)) throw error;
    } finally {
      this.desk.close();
      this.#sinks.close();
      await this.#snapshots.close();
      await this.#log.close();
    }
  }

  /** The stores are opened first: what is no store of ours is refused before anything is cleared. */
  #beginRun(start: RunStart): SnapshotStore {
    const { snapshots, clock } = this.#options;
    if (snapshots !== undefined) {
      this.desk.beginRun({ job: this.#graph.name, start }, clock.now());
      return snapshots;
    }
    const path = outputPaths.snapshots(this.#dir);
    const previous = outputPaths.previousSnapshots(this.#dir);
    const afresh = start === "afresh";
    if (afresh && existsSync(previous)) new SqliteSnapshotStore(previous, { create: true }).close();
    const store = new SqliteSnapshotStore(path, { create: true });
    try {
      this.desk.beginRun({ job: this.#graph.name, start }, clock.now());
      // One without evidence must not take the place of what a run before left.
      if (!afresh || store.scan({ limit: 1 }).rows.length === 0) return store;
    } catch (error) {
      store.close();
      throw error;
    }
    store.closeAndMoveTo(previous);
    return new SqliteSnapshotStore(path, { create: true });
  }

  /** Evidence comes first, so that what is in the log has its evidence. What was masked is encoded anew. */
  async #putRecords(outbox: SortedOutbox, ahead: RecordsAhead, { epoch, takenAt }: Delivery): Promise<void> {
    const { encoded } = outbox;
    const verdicts = ahead.without(outbox.verdicts, nameOf.verdict);
    const bytes = verdicts.map((record) => encoded.get(record) ?? encodeVerdict({ ...record, epoch }));
    await this.#snapshots.put(verdicts.map((record, i) => evidenceRow(record, epoch, bytes[i]!, takenAt)));
    for (const [i, record] of verdicts.entries()) this.#log.verdict(record, bytes[i]!);
    for (const alert of ahead.without(outbox.alerts, nameOf.alert))
      this.#log.alert(alert, encoded.get(alert) ?? encodeAlert({ ...alert, epoch }));
    for (const fault of ahead.without(outbox.faults, nameOf.deadLetter)) this.#log.deadLetter(fault, takenAt);
  }

  #layOnDesk(outbox: SortedOutbox, delivery: Delivery): void {
    const suspensions = outbox.suspensions
      .map((suspension) => ({ suspension, checks: this.#checksOf(suspension) }))
      .filter(({ checks }) => checks.length > 0);
    const notices = noticesOf(this.#options.notify ?? [], this.#graph.name, delivery.epoch, outbox);
    this.desk.deliver(this.#nameOf(delivery), { ...outbox, suspensions, notices }, delivery.takenAt);
  }

  #checksOf({ models }: Suspension): string[] {
    return [...new Set(models.flatMap((model) => operatorsBehind(this.#graph, model)))];
  }

  #sorted(records: Delivery["records"]): SortedOutbox {
    const outbox = sortOutbox(records);
    return this.#options.mask?.outbox(outbox) ?? outbox;
  }

  #nameOf({ epoch, attempt, checkpoint }: Delivery): DeliveryId {
    return { job: this.#graph.name, epoch, attempt, checkpoint };
  }

  /** Checkpoints are delivered one after the other, so one that is before the last is out too. */
  #isOut({ epoch, attempt, checkpoint }: Delivery): boolean {
    const last = this.#log.lastMarker;
    if (last === undefined) return false;
    if (last.epoch !== epoch) return last.epoch > epoch;
    return last.attempt === attempt ? last.checkpoint >= checkpoint : last.attempt > attempt;
  }

  /** What is ahead of a checkpoint whose results are out: all that the log holds behind them. */
  async #namesAhead({ records, before }: Delivery): Promise<readonly string[]> {
    const outbox = sortOutbox(records);
    const ahead = new RecordsAhead(before.ahead);
    const own = [
      ...ahead.without(outbox.verdicts, nameOf.verdict).map(nameOf.verdict),
      ...ahead.without(outbox.alerts, nameOf.alert).map(nameOf.alert),
      ...ahead.without(outbox.faults, nameOf.deadLetter).map(nameOf.deadLetter),
    ];
    const behind: string[] = [];
    for (const topic of ["verdicts", "alerts", "dead-letters"] as const) {
      await this.#log.visit(topic, before.log, "positions", (encoded) => behind.push(nameIn[topic](encoded)));
    }
    const there = new RecordsAhead(behind);
    there.without(own, (name) => name);
    return [...ahead.names(), ...there.names()];
  }
}

/** True where an output folder holds the results of the run that a position is of. */
export function holdsResultsOf(dir: string, { begunAt }: SinkPositions): boolean {
  if (!existsSync(outputPaths.desk(dir))) return false;
  const desk = new Desk(outputPaths.desk(dir));
  try {
    return desk.lastRun()?.startedAt === begunAt;
  } finally {
    desk.close();
  }
}

/** The names of a job's own sinks. */
export function sinksOf(graph: Graph): string[] {
  return graph.nodes.flatMap((node) => (node.type === "sink" ? [node.sink] : []));
}

/** SINK_NAME_INVALID where a sink cannot have a file of its name, or has that of a side output of checks. */
export function requireSinkNames(graph: Graph): void {
  for (const name of sinksOf(graph)) requireSinkName(name);
}

/** Sinks share their names with the side outputs of checks. */
function requireSinkName(name: string): void {
  const taken: readonly string[] = Object.values(OUTPUTS);
  if (/^[A-Za-z0-9_-]{1,100}$/.test(name) && !taken.includes(name)) return;
  raise("SINK_NAME_INVALID", { name, taken: taken.join(", ") });
}
