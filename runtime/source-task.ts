import type { Batch } from "../base/batch.ts";
import { ByteReader } from "../base/bytes.ts";
import { assert, raise } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import { type Graph, modelsOf } from "../dataflow/graph.ts";
import type { Control } from "../dataflow/operator.ts";
import type { SourceReader, Split } from "../dataflow/source.ts";
import { stagelessIn } from "../dataflow/whole-rows.ts";
import { ChainTask } from "./chain-task.ts";
import { splitKey, splitName } from "./checkpoint/manifest.ts";
import { type Entry, ModelEntries } from "./model-entries.ts";
import type { OperatorMetrics, StateBackend } from "./operators/operator-host.ts";
import { type OutboxRecord, SOURCE_TAG } from "./outbox.ts";
import { planOf } from "./plan.ts";
import { SnapshotParts } from "./snapshot-parts.ts";
import { SourceDriver, type SourceMetrics } from "./source-driver.ts";
import { heartbeatPart, keptRows, rowsOf, SavedParts, sourcePart, splitPart } from "./source-parts.ts";
import { retryAfterMs, sourceStale, unreadable } from "./source-trouble.ts";
import { StaleWatch } from "./stale-watch.ts";
import type { CheckpointPart, KeptState, PartsAtBarrier, SourcesTask, TaskOutput } from "./task.ts";

/** What a subtask with the sources is made of. */
export interface SourceTaskOptions {
  readonly graph: Graph;
  /** It is the first subtask. */
  readonly isFirst: boolean;
  /** Of all sources that the graph reads, with the splits that are this subtask's, and all heartbeats. */
  readonly readers: readonly SourceReader[];
  readonly backend: StateBackend;
  /** How long deleted rows keep their position, in ms of event time. */
  readonly retainMs: number;
  /** Key group that a split's rows are in, by `splitKey`; of gathered splits, all of their topic's, too. */
  readonly groups: ReadonlyMap<string, number>;
  readonly clock: Clock;
  /** Without a source's frontier moving for this long it is stale; undefined: never. */
  readonly staleAfterMs?: number | undefined;
  /** For so long it tries again what keeps a split from being read, such as a registry that is away; then it fails. */
  readonly unreadableMs: number;
  /** Whether all that the source's splits hold has been put into them, as far as can be told. */
  readonly isCaughtUp: (source: string) => boolean;
}

/** What is read at once: all that was put into a split. */
const READ_BYTES = 1 << 30;
const WATCH_MS = 1_000;

/**
 * The first task of a plan with the sources in front of it: drives their readers for the splits of one subtask, and hands
 * on what they read. What is wrong with records and sources it emits under `SOURCE_TAG`.
 */
export class SourceTask implements SourcesTask {
  readonly #options: SourceTaskOptions;
  readonly #chain: ChainTask;
  readonly #entries: ModelEntries<Entry>;
  readonly #inputs: number;
  readonly #drivers: readonly SourceDriver[];
  readonly #splits: readonly { readonly driver: SourceDriver; readonly split: number }[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #stale: StaleWatch;
  #watchedAt = Number.NEGATIVE_INFINITY;
  readonly #saved = new SavedParts();
  #output!: TaskOutput;
  #hasEnded = false;
  readonly #closing = new AbortController();

  constructor(options: SourceTaskOptions) {
    this.#options = options;
    const { graph, backend, isFirst } = options;
    const plan = planOf(graph);
    const first = plan.tasks[0]!;
    assert(
      first.nodes.every(({ type }) => type !== "operator"),
      "what is in one task with the sources keeps no state by key",
    );
    const chain = new ChainTask(first, backend, isFirst);
    this.#chain = chain;
    this.#inputs = first.inputs.length;
    const entries = plan.entries.map(({ node, input }) => [node.model, entryOf(chain, input)] as const);
    this.#entries = new ModelEntries(new Map(entries));
    this.#drivers = options.readers.map((reader) => this.#drive(reader));
    this.#splits = this.#drivers.flatMap((driver) => driver.reader.splits.map((_, split) => ({ driver, split })));
    this.#numbers = new Map(this.#splits.map(({ driver, split }, number) => [nameOf(driver, split), number]));
    this.#stale = new StaleWatch(options.clock, options.staleAfterMs);
  }

  get kept(): readonly KeptState[] {
    return [...this.#chain.kept, ...this.#drivers.flatMap((driver) => driver.rowTables.map(keptRows))];
  }

  get isBusy(): boolean {
    return this.#chain.isBusy;
  }

  get isFull(): boolean {
    return this.#chain.isFull;
  }

  /** Of the look-ups. */
  get operatorMetrics(): OperatorMetrics[] {
    return this.#chain.metrics;
  }

  get sourceMetrics(): SourceMetrics[] {
    return this.#drivers.map((driver) => driver.metrics());
  }

  open(output: TaskOutput, wake?: () => void): void {
    this.#output = output;
    this.#chain.open(output, wake);
  }

  announce(): void {
    for (const driver of this.#drivers) driver.announce();
  }

  splitOf(source: string, topic: string, partition: number): number {
    const number = this.#numbers.get(splitKey(source, splitName({ topic, partition })));
    assert(number !== undefined, `${topic}/${partition} of ${source} is read by this subtask`);
    return number;
  }

  read(number: number): void | Promise<void> {
    const { driver, split } = this.#splits[number]!;
    if (this.#hasEnded) return;
    try {
      const read = driver.read(split, READ_BYTES);
      if (typeof read === "boolean") return this.#requireGoing(driver);
      return this.#settle(driver, split, read);
    } catch (error) {
      return this.#settle(driver, split, Promise.reject(error));
    }
  }

  batch(): void {
    assert(false, "a task with the sources reads its rows itself");
  }

  control(_input: number, element: Control): void {
    this.#entries.broadcast(element);
  }

  processingTime(time: number): void {
    this.#chain.processingTime(time);
    if (time - this.#watchedAt < WATCH_MS) return;
    this.#watchedAt = time;
    this.#watchStale();
  }

  poll(now: number): boolean {
    return this.#chain.poll(now);
  }

  /** Of the records on its first input: what is said of heartbeats behind that proves nothing any more. */
  end(input: number): void {
    if (input !== 0 || this.#hasEnded) return;
    this.#hasEnded = true;
    for (let entry = 0; entry < this.#inputs; entry++) this.#chain.end(entry);
  }

  report(): void {
    this.#chain.report();
  }

  /** What is in its chain has no parts of key groups. */
  barrier(): PartsAtBarrier {
    const saved = this.#drivers.map((driver) => ({ driver, splits: driver.saveSplits() }));
    const isHeartbeat = (driver: SourceDriver, index: number) => driver.reader.splits[index]!.heartbeat;
    const own = saved.flatMap(({ driver, splits }) => [
      ...splits.filter((_, index) => isHeartbeat(driver, index)).map(heartbeatPart),
      sourcePart(driver.reader.source, driver.saveSource()),
    ]);
    const keyed = saved.flatMap(({ driver, splits }) =>
      splits.filter((_, index) => !isHeartbeat(driver, index)).map(splitPart),
    );
    const tables = this.#drivers.flatMap((driver) => driver.rowTables.map(({ table }) => table));
    return new SnapshotParts({
      own: [...this.#chain.saveOwn(), ...own],
      keyed,
      uids: new Map(tables.map((table) => [table, table])),
      snapshot: this.#options.backend.store.snapshot(),
    });
  }

  take(part: CheckpointPart): void {
    if (this.#saved.take(part)) return;
    const driver = this.#drivers.find(({ rowTables }) => rowTables.some(({ table }) => table === part.uid));
    if (driver === undefined) return this.#chain.take(part);
    driver.putRows(part.uid, part.keyGroup, new ByteReader(part.bytes));
  }

  async restored(kept: readonly KeptState[], isFirst: boolean): Promise<void> {
    this.#chain.restored(kept, isFirst);
    this.#saved.manifest = { rows: rowsOf(kept) };
    for (const { reader } of this.#drivers)
      for (const split of reader.splits) this.#requireSameTopic(reader.source, split);
    for (const [key, keyGroup] of this.#saved.keyGroups()) this.#requireOwnPlace(key, keyGroup);
    for (const driver of this.#drivers) await driver.restore(this.#saved);
    this.#saved.clear();
  }

  close(): void {
    this.#closing.abort();
    this.#chain.close();
    for (const { reader } of this.#drivers) reader.close();
  }

  /** Offsets of a topic mean nothing in another that has its name now, also where that is longer. */
  #requireSameTopic(source: string, split: Split): void {
    const { topic, partition, topicId = "" } = split;
    const before = this.#saved.positionOf(source, splitName(split));
    if (before === undefined || before.offset === 0 || before.topicId === "" || topicId === "") return;
    if (before.topicId !== topicId) raise("KAFKA_TOPIC_RECREATED", { topic, partition, offset: before.offset });
  }

  /**
   * What was kept of a split comes to who owns the key group that it was in. Where rows are gathered since, and all of them
   * came here, they are put together; apart they are for others, and what was together nobody can part.
   */
  #requireOwnPlace(key: string, keyGroup: number): void {
    const { groups } = this.#options;
    const now = groups.get(key);
    if (now === undefined || now === keyGroup) return;
    const ofTopic = key.slice(0, key.lastIndexOf("/") + 1);
    const isGathered = [...groups].every(([other, group]) => !other.startsWith(ofTopic) || group === now);
    if (isGathered && this.#numbers.has(key)) return;
    const topic = ofTopic.slice(key.indexOf(" ") + 1, -1);
    raise(isGathered ? "CLUSTER_ROWS_GATHERED" : "CLUSTER_ROWS_PARTED", { topic });
  }

  /**
   * What keeps a split from being read for now keeps all behind it waiting, barriers too, for they must not overtake records.
   * So it waits for some time only.
   */
  async #settle(driver: SourceDriver, split: number, first: Promise<boolean>): Promise<void> {
    const { clock, unreadableMs } = this.#options;
    const until = clock.now() + unreadableMs;
    let reading: Promise<boolean> | boolean = first;
    for (let attempt = 1; !this.#closing.signal.aborted; attempt++) {
      try {
        await reading;
        return this.#requireGoing(driver);
      } catch (error) {
        if (driver.isBroken || driver.stopped) throw error;
        this.#tell({ kind: "engine-alert", alert: unreadable(driver.reader.source, error) });
        if (clock.now() >= until) throw error;
      }
      await clock.sleep(retryAfterMs(attempt), this.#closing.signal);
      reading = this.#tryAgain(driver, split);
    }
  }

  async #tryAgain(driver: SourceDriver, split: number): Promise<boolean> {
    return driver.read(split, READ_BYTES);
  }

  /** Its driver would go on from before the change whose position went back; who feeds it would not. */
  #requireGoing(driver: SourceDriver): void {
    if (driver.stopped) raise("SOURCE_STOPPED", { source: driver.reader.source });
  }

  #watchStale(): void {
    for (const driver of this.#drivers) {
      const { source } = driver.reader;
      // All that holds business is read elsewhere.
      if (driver.frontier === Number.POSITIVE_INFINITY) continue;
      const status = this.#stale.look(source, driver.frontier, this.#options.isCaughtUp(source));
      if (status === undefined) continue;
      this.#entries.broadcast({ type: "status", source, status });
      if (status === "stale") this.#tell({ kind: "engine-alert", alert: sourceStale(source) });
    }
  }

  #tell(record: OutboxRecord): void {
    this.#output.emit(SOURCE_TAG, record);
  }

  #drive(reader: SourceReader): SourceDriver {
    const { graph, retainMs, backend, groups, clock, isFirst } = this.#options;
    const models = modelsOf(graph).filter((model) => model.from.some(({ source }) => source === reader.source));
    const stageless = stagelessIn(graph);
    return new SourceDriver(
      { reader, models, stageless, retainMs, backend, groups, now: () => clock.now(), tellsHeartbeats: isFirst },
      {
        batch: (model, batch) => this.#entries.batch(model, batch),
        control: (model, element) => this.#entries.control(model, element),
        engineAlert: (alert) => this.#tell({ kind: "engine-alert", alert }),
        fault: (fault) => this.#tell({ kind: "fault", fault }),
        suspension: (suspension) => this.#tell({ kind: "suspension", suspension }),
        mended: (suspension) => this.#tell({ kind: "mended", suspension }),
        schemaChange: (change) => this.#tell({ kind: "schema-change", change }),
      },
    );
  }
}

function entryOf(chain: ChainTask, input: number): Entry {
  return {
    batch: (batch: Batch) => chain.batch(input, batch),
    control: (element: Control) => chain.control(input, element),
  };
}

function nameOf({ reader }: SourceDriver, split: number): string {
  return splitKey(reader.source, splitName(reader.splits[split]!));
}
