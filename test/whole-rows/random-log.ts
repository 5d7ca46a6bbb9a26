import { MemoryDisk } from "../../base/memory-disk.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { days, seconds, systemClock } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import { type EngineAlertRecord, OUTPUTS } from "../../checks/records.ts";
import { Recorder } from "../../cli/recorder.ts";
import type { DebeziumSource } from "../../connectors/debezium/config.ts";
import { DebeziumReader } from "../../connectors/debezium/reader.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import { id, integer, model, money, type TableOptions, table, text } from "../../dataflow/model.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { InventedTable, type Message } from "../support/debezium-harness.ts";
import { runInMemory } from "../support/memory-run.ts";

const PARTITIONS = 2;
const KEYS = ["A", "B", "C", "D"];
const COLUMNS = { id: "int", payment_id: "string", amount: "long", kind: "string", note: "string" };

type Row = Record<keyof typeof COLUMNS, unknown> & { readonly id: number };

/** Whether a log has incremental snapshots; `missed`: which find other amounts than the changes said. */
export type Incremental = "none" | "right" | "missed";

/** A record in the log of a table. */
interface Logged {
  readonly partition: number;
  readonly message: Message;
}

/** The checks of two tables, of plain keys and of others, over tables that are declared as the options say. */
export function twoTables(options?: TableOptions): Job {
  const fields = {
    paymentId: id(),
    amount: money({ currency: "EUR", minorUnits: true }),
    kind: text(),
    no: integer("id"),
  };
  const Payment = model("Payment", { from: table("shop", "payments", options), fields });
  const Line = model("Line", { from: table("ledger", "lines", options), fields });
  return job("two-tables", (env) => {
    const captured = env.changes(Payment).where({ kind: ["a", "b"] });
    const lines = env.changes(Line);
    const equation = {
      by: "paymentId",
      expect: { captured: captured.sum("amount") },
      actual: { settled: lines.sum("amount") },
      missingAfter: seconds(20),
      retain: days(30),
    } as const;
    env.reconcile("plain", equation);
    env.reconcile("not-plain", { ...equation, tolerance: { absolute: "0" } });
    env.unique("once", { of: lines, by: "paymentId", money: "amount" });
  });
}

/** The logs of two tables, in two partitions each, with changes of all kinds, some of them said again. */
export class RandomLog {
  readonly #sources: readonly DebeziumSource[];
  readonly #logs: ReadonlyMap<string, readonly Logged[]>;
  readonly #registry: FolderRegistry;
  readonly #endsAt: number;

  private constructor(logs: ReadonlyMap<string, readonly Logged[]>, registry: FolderRegistry, endsAt: number) {
    this.#logs = logs;
    this.#registry = registry;
    this.#endsAt = endsAt;
    this.#sources = [
      { name: "shop", kind: "mariadb", tables: { payments: { topic: "payments" } }, longestTransactionMs: 0 },
      { name: "ledger", kind: "mariadb", tables: { lines: { topic: "lines" } }, longestTransactionMs: 0 },
    ];
  }

  /**
   * `hasSeed`: it begins with a snapshot. `schemas`: a folder for the registry. `incremental`: whether it has incremental
   * snapshots, see there.
   */
  static async write(
    seed: number,
    schemas: string,
    hasSeed: boolean,
    incremental: Incremental = "none",
  ): Promise<RandomLog> {
    const random = seededRandom(seed);
    const registry = new FolderRegistry(schemas);
    const logs = new Map<string, readonly Logged[]>();
    let endsAt = 0;
    for (const topic of ["payments", "lines"]) {
      const log = new TableLog(new InventedTable(registry, topic, COLUMNS), random.fork(topic));
      logs.set(topic, await log.write(hasSeed, incremental));
      endsAt = Math.max(endsAt, log.time);
    }
    return new RandomLog(logs, registry, endsAt + 60_000);
  }

  /** What is left where reading begins in the middle: so much of each partition is gone. */
  without(part: number): RandomLog {
    const logs = [...this.#logs].map(([topic, all]) => {
      const gone = Array.from({ length: PARTITIONS }, (_, partition) =>
        Math.floor(all.filter((one) => one.partition === partition).length * part),
      );
      return [topic, all.filter(({ partition }) => gone[partition]!-- <= 0)] as const;
    });
    return new RandomLog(new Map(logs), this.#registry, this.#endsAt);
  }

  /**
   * All that a job says over the log, as texts, read in an order that a seed tells by so many workers; `cut`: the first process stops after so
   * many reads, and another goes on from its checkpoint.
   */
  async run(tested: Job, order: number, parallelism = 1, cut?: number) {
    const disk = new MemoryDisk();
    this.#writeInto(disk);
    const graph = tested.graph();
    const groups = new Map(
      this.#sources.flatMap(({ name, tables }, s) =>
        Object.values(tables).flatMap(({ topic }) =>
          Array.from({ length: PARTITIONS }, (_, p) => [`${name} ${topic}/${p}`, s * PARTITIONS + p] as const),
        ),
      ),
    );
    const records: OutboxRecord[] = [];
    const random = seededRandom(order).fork("order");
    const abort = new AbortController();
    let reads = 0;
    const options = {
      graph,
      groups,
      clock: systemClock,
      retainMs: days(180),
      parallelism,
      disk,
      readers: (worker: number, workers: number) => this.#readers(tested, disk, worker, workers),
      scheduler: <S>(candidates: readonly S[]) => {
        if (++reads === cut) abort.abort();
        return random.pick(candidates);
      },
    };
    const run = async (attempt: number, signal?: AbortSignal) => {
      const { metrics } = await runInMemory({ ...options, attempt }, records, signal);
      return metrics.sources.reduce((sum, source) => sum + source.rows, 0);
    };
    let rows = await run(1, abort.signal);
    if (abort.signal.aborted) {
      // The last word on keys is that of the last process.
      records.splice(
        0,
        records.length,
        ...records.filter((each) => each.kind !== "emit" || each.output !== OUTPUTS.finals),
      );
      rows = await run(2);
    }
    return { ...said(records), rows };
  }

  #readers(tested: Job, disk: MemoryDisk, worker: number, workers: number): DebeziumReader[] {
    return this.#sources.map((source) => {
      const partitions = Object.entries(source.tables).flatMap(([name, { topic }]) =>
        Array.from({ length: PARTITIONS }, (_, partition) => ({ table: name, topic, partition }))
          .filter(({ partition }) => partition % workers === worker)
          .map(({ table, partition }) => ({
            table,
            partition,
            reader: new FileLogReader("log", topic, partition, disk),
          })),
      );
      const reader = new DebeziumReader({
        source,
        models: modelsOf(tested.graph()),
        registry: this.#registry,
        partitions,
      });
      const read = reader.read.bind(reader);
      // Little at once, so that a process can end anywhere.
      return Object.assign(reader, { read: (split: number, _: number, to: never) => read(split, 400, to) });
    });
  }

  #writeInto(disk: MemoryDisk): void {
    const writer = new FileLogWriter("log", { disk, lock: () => ({ release: () => undefined }) as never });
    for (const [topic, log] of this.#logs) {
      writer.createTopic(topic, PARTITIONS);
      for (const { partition, message } of log) {
        writer.append(topic, partition, { key: message.key, value: message.value, timestamp: 0 });
        writer.flush();
      }
    }
    writer.end(this.#endsAt);
  }
}

/** The log of a table while it is written. */
class TableLog {
  time = 1_000_000;
  readonly #table: InventedTable;
  readonly #random: Random;
  readonly #rows = new Map<number, Row>();
  readonly #log: Logged[] = [];
  #position = 10;
  #ids = 0;

  constructor(table: InventedTable, random: Random) {
    this.#table = table;
    this.#random = random;
  }

  async write(hasSeed: boolean, incremental: Incremental): Promise<readonly Logged[]> {
    const random = this.#random;
    const snapshots = random.fork("incremental");
    if (hasSeed) for (let rows = random.below(6); rows > 0; rows--) await this.#put("r", undefined, this.#fresh());
    for (let changes = 10 + random.below(30); changes > 0; changes--) {
      this.time += random.pick([0, 100, 1_000, 3_000, 15_000]);
      this.#position++;
      await this.#change();
      if (incremental !== "none" && snapshots.chance(0.1)) await this.#readIncrementally(incremental === "missed");
      // A connector that crashed says its last records again.
      if (random.chance(0.1)) this.#log.push(...this.#log.slice(-1 - random.below(8)));
    }
    return this.#log;
  }

  async #change(): Promise<void> {
    const random = this.#random;
    const known = [...this.#rows.values()];
    if (known.length === 0 || random.chance(0.3)) return this.#put("c", undefined, this.#fresh());
    const before = random.pick(known);
    const what = random.below(6);
    if (what === 0) return this.#delete(before);
    if (what === 1) {
      // A primary key that changes.
      await this.#delete(before);
      return this.#put("c", undefined, { ...before, id: ++this.#ids });
    }
    const changed = [
      { amount: BigInt(random.below(3)) },
      { payment_id: random.pick(KEYS) },
      { kind: random.pick(["a", "b", "c"]) },
      { note: String(random.below(100)) },
    ][what - 2]!;
    await this.#put("u", before, { ...before, ...changed });
  }

  /** In two chunks, each of which has the position of what was streamed last; some is said again by a connector that crashed. */
  async #readIncrementally(hasMissed: boolean): Promise<void> {
    const rows = [...this.#rows.values()];
    const half = rows.length >> 1;
    for (const chunk of [rows.slice(0, half), rows.slice(half)]) {
      this.#position++;
      this.time += 1_000;
      for (const row of chunk) {
        const read = hasMissed ? { ...row, amount: Number(row.amount) === 1 ? 2n : 1n } : row;
        await this.#put("r", undefined, read, true);
      }
    }
    this.#log.push(...this.#log.slice(-half));
  }

  #fresh(): Row {
    const random = this.#random;
    const kind = random.pick(["a", "b", "c"]);
    return { id: ++this.#ids, payment_id: random.pick(KEYS), amount: BigInt(1 + random.below(3)), kind, note: "" };
  }

  async #put(op: string, before: Row | undefined, row: Row, isIncremental = false): Promise<void> {
    this.#rows.set(row.id, row);
    await this.#write(op, row, before, isIncremental);
  }

  async #delete(row: Row): Promise<void> {
    this.#rows.delete(row.id);
    await this.#write("d", row, row);
  }

  async #write(op: string, row: Row, before: Row | undefined, isIncremental = false): Promise<void> {
    const more = { pos: this.#position, isIncremental, ...(before === undefined ? {} : { before }) };
    const message = await this.#table.message(op, row, this.time, more);
    this.#log.push({ partition: row.id % PARTITIONS, message });
  }
}

/** What came out of a run, in an order of its own. */
function said(records: readonly OutboxRecord[]) {
  const recorder = new Recorder();
  for (const each of records) if (each.kind === "emit") recorder.emitted(each.output, each.record);
  const texts = (all: readonly object[]) => all.map((one) => JSON.stringify(one, plainly)).sort();
  return {
    history: texts(recorder.history),
    finals: texts(recorder.finals),
    alerts: texts(recorder.alerts),
    engineAlerts: records.flatMap((each) => {
      if (each.kind === "engine-alert") return [each.alert.id];
      return each.kind === "emit" && each.output === OUTPUTS.engine ? [(each.record as EngineAlertRecord).id] : [];
    }),
    faults: records.filter(({ kind }) => kind === "fault" || kind === "suspension").length,
  };
}

const plainly = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value);
