import type { ErrorCode } from "../base/error-catalogue.ts";
import { assert, type CountercheckError, type ErrorDetails } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import { type Graph, modelsOf } from "../dataflow/graph.ts";
import type { Control } from "../dataflow/operator.ts";
import type { RecordFault, SourceReader } from "../dataflow/source.ts";
import { stagelessIn } from "../dataflow/whole-rows.ts";
import type { StorePart } from "../state/state-store.ts";
import type { SplitEntry } from "./checkpoint/manifest.ts";
import type { Restored } from "./checkpoint/restored.ts";
import { requireNothingDropped } from "./checkpoint/upgrade.ts";
import { JobTasks, type KeyedEdge, type Port } from "./job-tasks.ts";
import type { OperatorMetrics, StateBackend } from "./operators/operator-host.ts";
import type { OutboxRecord } from "./outbox.ts";
import { SourceDriver, type SourceMetrics } from "./source-driver.ts";
import { type Scheduler, SourceLoop } from "./source-loop.ts";
import type { KeptState } from "./task.ts";

/** What a worker is made of. */
export interface WorkerOptions {
  readonly graph: Graph;
  /** Of all workers, from 0. */
  readonly index: number;
  /** Readers of the splits that this worker reads, and of all heartbeats. */
  readonly readers: readonly SourceReader[];
  readonly clock: Pick<Clock, "now">;
  /** How long deleted rows keep their position, in ms of event time. */
  readonly retainMs: number;
  /** Go on when all has been read, instead of failing on a log without an end. */
  readonly follow: boolean;
  readonly scheduler?: Scheduler | undefined;
  readonly backend: StateBackend;
  /** Numbers of all splits by `source topic/partition`; see `SplitEntry`. */
  readonly groups: ReadonlyMap<string, number>;
  /** The other workers, where there are any. */
  readonly links?: WorkerLinks;
  /** What people decided already. */
  readonly heeding?: DecidedBefore;
  /** Takes the worker's part of a checkpoint, once it is durable. */
  readonly onCheckpoint: (part: Promise<WorkerPart>) => void;
  /** Called between turns when there is something to do for the next one. */
  readonly wake?: (() => void) | undefined;
  readonly onPoint?: ((point: PartPoint) => void) | undefined;
}

/** Moments of a worker's part of a checkpoint, told for tests that break off there: the barrier is through; it is durable. */
export type PartPoint = "part-begun" | "part-written";

/** What people decided before it was met. */
export interface DecidedBefore {
  /** True for a record that was settled: it need not be told again. */
  isSettled(fault: RecordFault): boolean;
  /** True for the id of a suspension that was resumed: it stops nothing. */
  isResumed(suspension: string): boolean;
  /** Elements that tell the tasks of the records that were met since the last call. */
  takeMet(): readonly Control[];
}

/** What connects a worker to all workers, itself included. */
export interface WorkerLinks {
  /** Puts an exchange in front of a task's input. */
  exchange(edge: KeyedEdge, input: Port): Port;
  /** Hands what has arrived to the tasks; false when there was nothing. */
  receive(): boolean;
  /** Sends what waits to be sent; false while some of it finds no room. */
  flush(): boolean;
  /** Lets in what came behind a barrier. */
  release(): void;
}

/** A worker's part of a checkpoint. */
export interface WorkerPart {
  readonly worker: number;
  readonly store: StorePart;
  readonly kept: readonly KeptState[];
  readonly operators: readonly { readonly uid: string; readonly saved: string }[];
  readonly rows: readonly { readonly table: string; readonly schema: string }[];
  readonly splits: readonly SplitEntry[];
  readonly sources: readonly { readonly source: string; readonly saved: string }[];
  readonly outbox: readonly OutboxRecord[];
}

/** A look at a worker while it goes. */
export interface WorkerStatus {
  readonly worker: number;
  /** All sources and all tasks have ended. */
  readonly ended: boolean;
  /** All sources have ended here. */
  readonly sourcesEnded: boolean;
  /** Why a bounded run has nothing more to read here and cannot end. */
  readonly stuck: { readonly code: ErrorCode; readonly details: ErrorDetails } | undefined;
  readonly sources: readonly (SourceMetrics & { readonly caughtUp: boolean })[];
  readonly operators: readonly (Pick<OperatorMetrics, "uid" | "rowsIn"> & { readonly keys: number })[];
  /** Records in the outbox. */
  readonly emitted: number;
}

const REPORT_PIECE = 1_000;

/** With so many records to be brought out nothing more is read: who delivers is behind. */
const FULL_OUTBOX = 100_000;

/**
 * One subtask of every task of a job: reads its splits, drives its tasks, exchanges rows with the other workers. It does
 * nothing by itself: each `turn` does a bounded amount of work, so that threads, a single thread and a simulator drive it
 * alike.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #tasks: JobTasks;
  readonly #drivers: readonly SourceDriver[];
  readonly #loop: SourceLoop;
  #outbox: OutboxRecord[] = [];
  #stuck: CountercheckError | undefined;
  #takeReport: ((records: readonly OutboxRecord[]) => void) | undefined;
  /** A barrier is due, or on its way through the tasks: nothing more is read meanwhile, so that all behind it waits. */
  #isResting = false;
  /** A read waits for what must be fetched for it. */
  #isFetching = false;
  /** The sources have ended, and the tasks were told. */
  #hasEnded = false;
  /** What came while a barrier was on its way, and must not overtake it. */
  #held: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { graph, backend, links, wake } = options;
    this.#tasks = new JobTasks({
      graph,
      backend,
      isFirst: options.index === 0,
      wake,
      emit: (output, record) => this.#emit({ kind: "emit", output, record }),
      onBarrier: () => this.#takePart(),
      ...(links === undefined ? {} : { exchange: (edge, input) => links.exchange(edge, input) }),
    });
    this.#drivers = options.readers.map((reader) => this.#drive(reader));
    this.#loop = new SourceLoop({
      ...options,
      drivers: this.#drivers,
      isFull: () => this.#tasks.isFull,
      engineAlert: (alert) => this.#alert(alert),
    });
  }

  /**
   * Takes in what a checkpoint holds for this worker; before `start`. STATE_CORRUPT; STATE_INCOMPATIBLE; STATE_DROPPED where
   * the job no longer has a state and `allowDropped` is false.
   */
  async restore(restored: Restored, allowDropped: boolean): Promise<void> {
    const { manifest } = restored;
    if (!allowDropped) requireNothingDropped(manifest, { kept: this.#tasks.kept, rows: this.#rowTables() });
    const splits = new Set(this.#drivers.flatMap((driver) => driver.ownGroups));
    const keyed = new Set(this.#tasks.hosts.flatMap(({ tables }) => [...tables.values()].map(({ name }) => name)));
    const rows = new Set(this.#rowTables().map(({ table }) => table));
    this.#options.backend.store.restore(manifest.stores, (table, group) =>
      keyed.has(table) ? restored.ownsKeys(group) : rows.has(table) && splits.has(group),
    );
    for (const driver of this.#drivers) await driver.restore(restored);
    for (const host of this.#tasks.hosts) {
      const kept = manifest.kept.find(({ uid }) => uid === host.kept.uid);
      if (kept !== undefined) host.restore(kept, restored.savedOf(host.kept.uid));
    }
    for (const lookup of this.#tasks.lookups) {
      const kept = manifest.kept.find(({ uid }) => uid === lookup.kept.uid);
      if (kept !== undefined) lookup.restore(kept, restored.shareOf(lookup.kept.uid));
    }
  }

  /** Says how far the sources have been read already; once, before the first turn. */
  start(): void {
    for (const driver of this.#drivers) driver.announce();
  }

  /**
   * Does some work; false when there was none. A turn goes on with a checkpoint whose barrier is through: what was held in
   * memory then is put into the store bit by bit. A promise only while something must be fetched for a source.
   */
  turn(): boolean | Promise<boolean> {
    const { links, backend } = this.#options;
    const isWriting = backend.store.tend();
    // While a barrier is on its way nothing goes out of look-ups that would come behind it; what is in front of it comes in.
    const answered = !this.#isResting && this.#poll();
    const received = (this.#isResting || !this.#tasks.isFull) && (links?.receive() ?? false);
    const hasRoom = links?.flush() ?? true;
    const some = isWriting || answered || received;
    if (this.#isResting || !hasRoom || this.#hasEnded || this.#isFull) return some;
    const read = this.#loop.turn();
    return typeof read === "boolean" ? this.#afterReading(read) || some : this.#afterFetching(read);
  }

  /** Begins a checkpoint: its barrier goes through the tasks behind all that was read. */
  checkpoint(): void {
    assert(!this.#isResting, "one checkpoint at a time");
    this.#isResting = true;
    if (!this.#isFetching) this.#sendBarrier();
  }

  /** Hands a control element to all tasks. */
  control(element: Control): void {
    this.#behindBarrier(() => this.#tasks.broadcast(element));
  }

  processingTime(time: number): void {
    this.#behindBarrier(() => this.#tasks.processingTime(time));
  }

  /** Ends the sources where they are. */
  drain(): void {
    this.#behindBarrier(() => {
      if (!this.#hasEnded) this.#end();
    });
  }

  /** Hands out what is known of every key, when all has ended, in pieces. */
  report(take: (records: readonly OutboxRecord[]) => void): void {
    const held = this.#outbox;
    this.#outbox = [];
    this.#takeReport = take;
    this.#tasks.report();
    take(this.#outbox);
    this.#takeReport = undefined;
    this.#outbox = held;
  }

  status(): WorkerStatus {
    return {
      worker: this.#options.index,
      ended: this.#tasks.ended,
      sourcesEnded: this.#hasEnded,
      stuck: this.#stuck && { code: this.#stuck.code, details: this.#stuck.details },
      sources: this.#drivers.map((driver) => ({
        ...driver.metrics(),
        caughtUp: !this.#isFull && this.#loop.isCaughtUp(driver),
      })),
      operators: this.#tasks.metrics().map(({ uid, rowsIn, keys }) => ({ uid, rowsIn, keys: keys() })),
      emitted: this.#outbox.length,
    };
  }

  close(): void {
    this.#tasks.close();
    for (const driver of this.#drivers) driver.reader.close();
    this.#options.backend.close();
  }

  /** What is downstream of the sources can take no more. */
  get #isFull(): boolean {
    return this.#outbox.length > FULL_OUTBOX || this.#tasks.isFull;
  }

  #poll(): boolean {
    return this.#tasks.isBusy && this.#tasks.poll(this.#options.clock.now());
  }

  #emit(record: OutboxRecord): void {
    this.#outbox.push(record);
    if (this.#takeReport === undefined || this.#outbox.length < REPORT_PIECE) return;
    this.#takeReport(this.#outbox);
    this.#outbox = [];
  }

  #behindBarrier(act: () => void): void {
    if (this.#isResting) this.#held.push(act);
    else act();
  }

  /** What is being read counts as read: a barrier that came meanwhile goes behind it. */
  async #afterFetching(read: Promise<boolean>): Promise<boolean> {
    // No turn goes on with a checkpoint until that has come, which may be never: its outbox must not wait for it.
    const finish = async () => this.#options.backend.store.finish();
    this.#isFetching = true;
    const [some] = await Promise.all([read, finish()]);
    this.#afterReading(some);
    this.#isFetching = false;
    if (this.#isResting) this.#sendBarrier();
    return some;
  }

  #sendBarrier(): void {
    this.#tasks.barrier();
    this.#options.links?.flush();
  }

  #afterReading(some: boolean): boolean {
    this.#stuck = some ? undefined : this.#loop.whyStuck();
    for (const element of this.#options.heeding?.takeMet() ?? []) this.#tasks.broadcast(element);
    if (this.#loop.ended) this.#end();
    this.#options.links?.flush();
    return some;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#tasks.end();
    this.#options.links?.flush();
  }

  #takePart(): void {
    const { index, backend, links, onPoint } = this.#options;
    onPoint?.("part-begun");
    const saved = [
      ...this.#tasks.hosts.map((host) => [host, host.saveRest()] as const),
      ...this.#tasks.lookups.map((lookup) => [lookup, lookup.save()] as const),
    ];
    const operators = saved.map(([{ kept }, bytes]) => ({ uid: kept.uid, saved: bytes.toString("base64") }));
    const stored = backend.store.checkpointBehind();
    const part: Omit<WorkerPart, "store"> = {
      worker: index,
      kept: this.#tasks.kept,
      operators,
      rows: this.#rowTables(),
      splits: this.#drivers.flatMap((driver) => driver.saveSplits()),
      sources: this.#drivers.map((driver) => ({ source: driver.reader.source, saved: driver.saveSource() })),
      outbox: this.#outbox,
    };
    this.#outbox = [];
    this.#isResting = false;
    for (const act of this.#held.splice(0)) act();
    links?.release();
    this.#options.onCheckpoint(
      stored.then((store) => {
        onPoint?.("part-written");
        return { ...part, store };
      }),
    );
  }

  #rowTables(): { readonly table: string; readonly schema: string }[] {
    return this.#drivers.flatMap((driver) => driver.rowTables);
  }

  #alert(alert: {
    readonly id: string;
    readonly code: string;
    readonly source: string;
    readonly message: string;
  }): void {
    this.#outbox.push({ kind: "engine-alert", alert });
  }

  #drive(reader: SourceReader): SourceDriver {
    const options = this.#options;
    const { graph, retainMs, backend, groups, clock } = options;
    const models = modelsOf(graph).filter((model) => model.from.some((t) => t.source === reader.source));
    const stageless = stagelessIn(graph);
    return new SourceDriver(
      {
        reader,
        models,
        stageless,
        retainMs,
        backend,
        groups,
        now: () => clock.now(),
        tellsHeartbeats: options.index === 0,
      },
      {
        batch: (model, batch) => this.#tasks.batch(model, batch),
        control: (model, element) => {
          if (element.type === "suspension" && options.heeding?.isResumed(element.suspension.id) === true) return;
          this.#tasks.control(model, element);
        },
        engineAlert: (alert) => this.#alert(alert),
        fault: (fault) => {
          if (options.heeding?.isSettled(fault) !== true) this.#outbox.push({ kind: "fault", fault });
        },
        suspension: (suspension) => {
          if (options.heeding?.isResumed(suspension.id) !== true) this.#outbox.push({ kind: "suspension", suspension });
        },
        mended: (suspension) => this.#outbox.push({ kind: "mended", suspension }),
        schemaChange: (change) => this.#outbox.push({ kind: "schema-change", change }),
      },
    );
  }
}
