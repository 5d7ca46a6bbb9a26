import { partitionOfKey } from "../../connectors/kafka/partitioner.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import { TRANSACTIONS } from "../../dataflow/source.ts";
import { CapturedCaseTable, CapturedTransactions, type Register, topicOf } from "./debezium-records.ts";
import type { CommitStep, ConformanceCase, RowStep, Step } from "./format.ts";
import type { LogRecord, LogTopic, PartedLog } from "./parted-log.ts";

export const HEARTBEAT = "heartbeat";

/** The logs of cases, each with databases of its own; schemas go to a registry. */
export async function caseLogOf(cases: readonly ConformanceCase[], register: Register): Promise<PartedLog> {
  const sources = new Map<string, CaseSource>();
  for (const one of cases) {
    for (const [name, source] of await sourcesOf(one, register)) {
      if (sources.has(name)) throw new Error(`two cases have the source ${name}`);
      sources.set(name, source);
    }
  }
  const parts = [0, 1, 2, 3].map((part) =>
    cases.flatMap((one) => one.parts[part]!.flatMap((step) => recordsOf(step, sources, one))),
  );
  return {
    topics: [...sources.values()].flatMap(({ topics }) => topics),
    parts,
    sources: (place, prefix = "") =>
      Object.fromEntries([...sources].map(([name, source]) => [name, source.config(place, prefix)])),
  };
}

function recordsOf(step: Step, sources: ReadonlyMap<string, CaseSource>, one: ConformanceCase): LogRecord[] {
  if (!("beat" in step)) return sources.get(step.source)!.records(step);
  const names = step.source === undefined ? sourcesNamed(one) : [step.source];
  return names.flatMap((name) => sources.get(name)!.beat(Date.parse(step.beat)));
}

/** Sources that a case's models read. */
function sourcesNamed({ job }: ConformanceCase): string[] {
  return [...new Set(modelsOf(job.graph()).flatMap(({ from }) => from.map(({ source }) => source)))];
}

async function sourcesOf(one: ConformanceCase, register: Register): Promise<Map<string, CaseSource>> {
  const models = modelsOf(one.job.graph()).map((model) => model.writes?.of ?? model);
  const tables = new Map(models.flatMap(({ from }) => from.map((each) => [`${each.source} ${each.table}`, each])));
  const rows = one.parts.flat().filter((step) => "table" in step);
  const sources = new Map<string, CaseSource>();
  for (const { source, table } of tables.values()) {
    const of = sources.get(source) ?? new CaseSource(source, await beatsOf(source, register));
    sources.set(source, of);
    if (table === TRANSACTIONS) of.transactions = await CapturedTransactions.make(source, register);
    else {
      const reading = models.filter(({ from }) => from.some((each) => each.source === source && each.table === table));
      const own = rows.filter((row) => row.source === source && row.table === table);
      const read = { source, table, models: [...new Set(reading)], rows: own };
      const captured = await CapturedCaseTable.make(read, register);
      const keys = own.map(({ row }) => captured.keyOf(row));
      of.tables.set(table, { captured, partitions: one.splits === 1 ? 1 : partitionsFor(keys) });
    }
  }
  return sources;
}

/** How many partitions it takes that one of them stays silent: at least four. */
function partitionsFor(keys: readonly Buffer[]): number {
  for (let count = 4; ; count++) {
    if (new Set(keys.map((key) => partitionOfKey(key, count))).size < count) return count;
  }
}

function beatsOf(source: string, register: Register): Promise<CapturedCaseTable> {
  return CapturedCaseTable.make({ source, table: HEARTBEAT, models: [], rows: [] }, register);
}

/** A database of a case with its connector. */
class CaseSource {
  readonly tables = new Map<string, { readonly captured: CapturedCaseTable; readonly partitions: number }>();
  transactions: CapturedTransactions | undefined;
  readonly #name: string;
  readonly #beats: CapturedCaseTable;
  readonly #known = new Map<string, RowStep>();
  #lsn = 1_000;

  constructor(name: string, beats: CapturedCaseTable) {
    this.#name = name;
    this.#beats = beats;
  }

  get topics(): LogTopic[] {
    const tables = [...this.tables].map(([table, { partitions }]) => ({ table, partitions }));
    const others = [HEARTBEAT, ...(this.transactions === undefined ? [] : [TRANSACTIONS])];
    return [...tables, ...others.map((table) => ({ table, partitions: 1 }))].map(({ table, partitions }) => {
      return { topic: topicOf(this.#name, table), partitions };
    });
  }

  config(place: object, prefix: string): object {
    const topic = (table: string) => ({ topic: prefix + topicOf(this.#name, table) });
    return {
      kind: "postgresql",
      ...place,
      tables: Object.fromEntries([...this.tables.keys()].map((table) => [table, topic(table)])),
      ...(this.transactions === undefined ? {} : { transactions: topic(TRANSACTIONS) }),
      heartbeat: { table: HEARTBEAT, ...topic(HEARTBEAT) },
      // Rows of cases need not come in the order of their times.
      longestTransaction: `${SKEW_MS / 1000}s`,
    };
  }

  records(step: RowStep | CommitStep): LogRecord[] {
    const place = { timeMs: Date.parse(step.at), lsn: this.#nextLsn() };
    const own = { timestamp: place.timeMs, isBeat: false };
    if ("commit" in step) {
      const end = this.transactions!.end(step.commit, step.counts, place);
      return [{ ...own, topic: topicOf(this.#name, TRANSACTIONS), partition: 0, ...end }];
    }
    const { table, row } = step;
    const { captured, partitions } = this.tables.get(table)!;
    const known = this.#known.get(`${table} ${row}`);
    if (step.values === null) this.#known.delete(`${table} ${row}`);
    else this.#known.set(`${table} ${row}`, step);
    const key = captured.keyOf(row);
    const change = { ...own, topic: topicOf(this.#name, table), partition: partitionOfKey(key, partitions), key };
    const value = captured.valueOf(step, known, place);
    // A deletion has a tombstone behind it, as Debezium writes it.
    return [{ ...change, value }, ...(step.values === null ? [{ ...change, value: null }] : [])];
  }

  /** Proves all before a time, skew included. */
  beat(timeMs: number): LogRecord[] {
    const place = { timeMs: timeMs + SKEW_MS + 1, lsn: this.#nextLsn() };
    const row = { at: "", source: this.#name, table: HEARTBEAT, row: 1, values: {} };
    const record = { topic: topicOf(this.#name, HEARTBEAT), partition: 0, timestamp: place.timeMs, isBeat: true };
    return [{ ...record, key: this.#beats.keyOf(1), value: this.#beats.valueOf(row, row, place) }];
  }

  #nextLsn(): number {
    this.#lsn += 8;
    return this.#lsn;
  }
}

const SKEW_MS = 3_600_000;
