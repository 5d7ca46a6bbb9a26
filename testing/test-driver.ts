import { setTimeout } from "node:timers/promises";
import { Batch } from "../base/batch.ts";
import { raise } from "../base/errors.ts";
import { type KeyPart, keyOf } from "../base/key.ts";
import { exponentOf, parseDecimal, rescale } from "../base/money.ts";
import { BEFORE_ALL_TIME, days } from "../base/time.ts";
import type { Job } from "../checks/job.ts";
import {
  type CountRecord,
  type EmittedAlert,
  type EngineAlertRecord,
  type FinalRecord,
  OUTPUTS,
  type VerdictRecord,
} from "../checks/records.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import { modelsOf } from "../dataflow/graph.ts";
import {
  type Field,
  type Fields,
  type Model,
  type MoneyValue,
  NO_CURRENCY,
  type Rate,
  type ValueOf,
} from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import { type RecordFault, type Suspension, TRANSACTIONS } from "../dataflow/source.ts";
import { stagelessIn } from "../dataflow/whole-rows.ts";
import { splitKey, splitName } from "../runtime/checkpoint/manifest.ts";
import { JobTasks } from "../runtime/job-tasks.ts";
import { SourceDriver } from "../runtime/source-driver.ts";
import { ManualReader, type ManualSourceOptions } from "./manual-reader.ts";
import { memoryBackend } from "./memory-backend.ts";

/** Values of a row as tests write them: keys as they are in the database, money as `"12.50 EUR"`, instants in ms. */
export type TestRow<F extends Fields> = { readonly [K in keyof F]?: TestValue<ValueOf<F[K]>> | null };
type TestValue<T> = T extends MoneyValue | Rate ? string : T extends string ? KeyPart : T;

/** What happens to a row. */
export interface TestChange {
  /** Event time in ms. */
  readonly at: number;
  /** Which of the model's tables; default: the first. */
  readonly table?: number;
  /** Position in the source's log; default: behind the last one. */
  readonly position?: readonly [number, number, number];
  /** The transaction that makes it, for checks of writes. */
  readonly transaction?: string;
}

/** How sources behave, by name. */
export type TestSources = Readonly<Record<string, ManualSourceOptions>>;

/**
 * Drives a job in memory, where time is what the test says: push changes of models, advance frontiers, read verdicts.
 * What lies between a model's columns and its verdicts is the engine's own code: row stage, tasks, checks.
 */
export class TestDriver {
  readonly #tasks: JobTasks;
  readonly #drivers = new Map<string, { readonly driver: SourceDriver; readonly reader: ManualReader }>();
  readonly #records = new Map<string, unknown[]>();
  readonly #position = new Map<string, number>();
  /** Those that the job reads. */
  readonly #models: readonly Model[];
  /** Rows that were pushed and not deleted since, as `model/row`, with their values. */
  readonly #rows = new Map<string, TestRow<Fields>>();
  /** Engine troubles, each id once. */
  readonly engineAlerts: EngineAlertRecord[] = [];

  constructor(job: Job, sources: TestSources = {}) {
    const graph = job.graph();
    const backend = memoryBackend();
    this.#tasks = new JobTasks({ graph, backend, emit: (output, record) => this.#emit(output, record) });
    const models = modelsOf(graph);
    this.#models = models;
    for (const name of new Set(models.flatMap((model) => model.from.map((from) => from.source)))) {
      const own = models.filter((model) => model.from.some((from) => from.source === name));
      const reader = new ManualReader(name, own, sources[name] ?? {});
      const retainMs = sources[name]?.retainMs ?? days(180);
      const groups = new Map(reader.splits.map((split, index) => [splitKey(name, splitName(split)), index]));
      const driver = new SourceDriver(
        { reader, models: own, stageless: stagelessIn(graph), retainMs, backend, groups, now: () => 0 },
        {
          batch: (model, batch) => this.#tasks.batch(model, batch),
          control: (model, element) => {
            this.#tasks.control(model, element);
            this.#tasks.catchUp();
          },
          engineAlert: (alert) => this.#emit(OUTPUTS.engine, alert),
          fault: (fault) => this.#emit("faults", fault),
          suspension: (suspension) => this.#emit("suspensions", suspension),
          mended: () => undefined,
          schemaChange: () => undefined,
        },
      );
      this.#drivers.set(name, { driver, reader });
    }
  }

  /** A row is inserted, or updated where it is there (never, where its model has inserts only): its new values. Others are null. */
  upsert<F extends Fields>(model: Model<F>, row: KeyPart, change: TestChange, values: TestRow<F>): this {
    const isThere = this.#rows.has(`${model.name}/${keyOf(row)}`);
    return this.#push(model, row, isThere && !model.insertsOnly ? OP.update : OP.create, change, values);
  }

  /** A row is updated, be it known from before or not. */
  update<F extends Fields>(model: Model<F>, row: KeyPart, change: TestChange, values: TestRow<F>): this {
    return this.#push(model, row, OP.update, change, values);
  }

  /** A source says that a transaction has ended, and how many writes it made to each table. */
  commit(source: string, transaction: string, at: number, counts: Readonly<Record<string, number>>): this {
    const model = this.#models.find(({ from: [table] }) => table?.source === source && table.table === TRANSACTIONS);
    if (model === undefined) refuse(`the job reads no transactions of ${source}`);
    const eventCount = BigInt(Object.values(counts).reduce((sum, count) => sum + count, 0));
    const values = { transactionId: transaction, eventCount, tableCounts: JSON.stringify(counts) };
    return this.#push(model, `END ${transaction}`, OP.delete, { at }, values);
  }

  /** A row is deleted. */
  delete(model: Model, row: KeyPart, change: TestChange): this {
    return this.#push(model, row, OP.delete, change, {});
  }

  /** A row is read by a snapshot: the seed, while its table has brought no change yet. */
  seed<F extends Fields>(model: Model<F>, row: KeyPart, change: TestChange, values: TestRow<F>): this {
    return this.#push(model, row, OP.read, change, values);
  }

  /** Proves that sources were read through an event time; without names, all of them. */
  advance(time: number, ...sources: string[]): this {
    const names = sources.length > 0 ? sources : [...this.#drivers.keys()];
    for (const name of names) this.#run(name, (reader) => reader.heartbeat(time));
    return this;
  }

  /** A record that cannot be used. */
  fault(fault: Pick<RecordFault, "id" | "source" | "table"> & Partial<RecordFault>): this {
    const [topic = "topic", partition = "0", offset = "0"] = fault.id.split("/");
    const place = { topic, partition: Number(partition), offset: Number(offset) };
    const what = { code: "AVRO_CORRUPT", message: "cannot be decoded", key: null, value: null };
    this.#run(fault.source, (reader) => reader.fault({ ...place, ...what, ...fault }));
    return this;
  }

  /** A person replayed or discarded a faulty record. */
  settle(fault: string): this {
    this.#tell({ type: "settled", fault });
    return this;
  }

  /** Something after which verdicts of a table would be guesses. */
  suspend(suspension: Suspension): this {
    this.#run(suspension.source, (reader) => reader.suspend(suspension));
    return this;
  }

  /** A person resumed what a suspension stopped. */
  resume(suspension: string): this {
    this.#tell({ type: "resumed", suspension });
    return this;
  }

  /** A source's reader has been polling in vain for too long, or moves again. */
  status(source: string, status: "active" | "stale"): this {
    this.#tell({ type: "status", source, status });
    return this;
  }

  /** Waits until look-ups have nothing in hand any more: only then are their results there. JOB_LOOKUP_FAILED. */
  async settled(): Promise<this> {
    while (this.#tasks.isBusy) if (!this.#tasks.poll(Date.now())) await setTimeout(1);
    return this;
  }

  /** The log ends everywhere at an event time: what is due later stays pending. */
  end(time: number): this {
    for (const name of this.#drivers.keys()) this.#run(name, (reader) => reader.end(time));
    this.#tasks.end();
    this.#tasks.report();
    return this;
  }

  /** Verdicts emitted so far; of one key when it is given. */
  verdicts(key?: KeyPart): VerdictRecord[] {
    const all = this.#of<VerdictRecord>(OUTPUTS.verdicts);
    return key === undefined ? all : all.filter((verdict) => verdict.key === keyOf(key));
  }

  /** Steps in the life of alerts so far. */
  alerts(): EmittedAlert[] {
    return this.#of<EmittedAlert>(OUTPUTS.alerts);
  }

  /** Passes and pendings that were only counted, for the minutes that are over. */
  counts(): CountRecord[] {
    return this.#of<CountRecord>(OUTPUTS.counts);
  }

  /** The last word on every key, in order of keys; after `end`. */
  finals(): FinalRecord[] {
    return this.#of<FinalRecord>(OUTPUTS.finals).sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  /** Rows that reached the sink of a name. */
  sink(name: string): Record<string, unknown>[] {
    return this.#of<Record<string, unknown>>(name);
  }

  /** Changes of a source that were dropped as repeats. */
  repeats(source: string): number {
    return this.#sourceOf(source).driver.metrics().repeats;
  }

  /** Keys with state, over all operators. */
  keys(): number {
    return this.#tasks.metrics().reduce((sum, metrics) => sum + metrics.keys(), 0);
  }

  #push(model: Model, row: KeyPart, op: number, change: TestChange, values: TestRow<Fields>): this {
    const table = change.table ?? 0;
    const from = model.from[table];
    if (from === undefined) refuse(`${model.name} has no table ${table}: the first one is 0`);
    const name = `${model.name}/${keyOf(row)}`;
    // Of a row that was not pushed the values are taken to have been the same.
    const before = this.#rows.get(name) ?? values;
    if (op === OP.delete) this.#rows.delete(name);
    else this.#rows.set(name, values);
    const { reader } = this.#sourceOf(from.source);
    const seeding = op === OP.read && reader.isSeeding(from.table);
    const place = { position: change.position ?? ([1, this.#nextPosition(from.source), 0] as const), seeding };
    const own = this.#models.filter((each) => each === model || each.writes?.of === model);
    this.#run(from.source, (manual) => {
      for (const each of own) {
        const all = each === model ? values : { ...values, transactionId: change.transaction ?? null };
        const batch = batchOf(each, row, op, change, place, all);
        const isWhole = each.from[table]!.before === "full" && (op === OP.update || op === OP.delete);
        const rows = isWhole ? inOne(batchOf(each, row, OP.before, change, place, before), batch) : batch;
        manual.change(each, from.table, rows, change.at, seeding);
      }
    });
    return this;
  }

  #run(source: string, act: (reader: ManualReader) => void): void {
    const { driver, reader } = this.#sourceOf(source);
    act(reader);
    driver.read(0, 0);
  }

  #sourceOf(source: string): { readonly driver: SourceDriver; readonly reader: ManualReader } {
    const found = this.#drivers.get(source);
    if (found === undefined)
      refuse(`the job reads nothing of the source ${source}, only of ${[...this.#drivers.keys()].join(", ")}`);
    return found;
  }

  #nextPosition(source: string): number {
    const next = (this.#position.get(source) ?? 0) + 1;
    this.#position.set(source, next);
    return next;
  }

  #tell(element: Control): void {
    this.#tasks.broadcast(element);
    this.#tasks.catchUp();
  }

  #emit(output: string, record: unknown): void {
    if (output === OUTPUTS.engine) {
      const alert = record as EngineAlertRecord;
      if (!this.engineAlerts.some((known) => known.id === alert.id)) this.engineAlerts.push(alert);
      return;
    }
    const records = this.#records.get(output) ?? [];
    this.#records.set(output, records);
    records.push(record);
  }

  #of<T>(output: string): T[] {
    return [...(this.#records.get(output) ?? [])] as T[];
  }
}

/** A change as a reader hands it out. */
function batchOf(
  model: Model,
  row: KeyPart,
  op: number,
  change: TestChange,
  {
    position: [major, minor, sub],
    seeding,
  }: { readonly position: readonly [number, number, number]; seeding: boolean },
  values: TestRow<Fields>,
): Batch {
  const batch = new Batch(changeLayout(model), 1);
  const meta = changeColumns(batch);
  meta.kind.set(0, op);
  meta.time.set(0, seeding ? BEFORE_ALL_TIME : change.at);
  if (seeding) meta.seed.set(0, change.at);
  else meta.seed.nulls[0] = 1;
  meta.row.set(0, keyOf(row));
  meta.major.set(0, major);
  meta.minor.set(0, minor);
  meta.sub.set(0, sub);
  meta.table.set(0, change.table ?? 0);
  meta.absent.set(0, 0);
  meta.offset.set(0, minor);
  writeFields(batch, FIRST_FIELD, 0, model.fields, fieldValues(model.fields, values));
  batch.count = 1;
  return batch;
}

/** Two rows as one batch. */
function inOne(first: Batch, second: Batch): Batch {
  first.append(second, 0);
  return first;
}

/** Drives a job in memory. */
export function testJob(job: Job, sources?: TestSources): TestDriver {
  return new TestDriver(job, sources);
}

function fieldValues(fields: Fields, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => {
    const field = fields[name];
    if (field === undefined) refuse(`the model has no field ${name}; it has ${Object.keys(fields).join(", ")}`);
    return [name, value === null || value === undefined ? null : fieldValue(field, value)] as const;
  });
  return Object.fromEntries(entries);
}

function fieldValue(field: Field, value: unknown): unknown {
  if (field.kind === "id") return keyOf(value as KeyPart);
  if (field.kind !== "money") return value;
  const isRate = field.money?.currency === NO_CURRENCY;
  const [amount = "", currency = isRate ? NO_CURRENCY : ""] = String(value).split(" ");
  const exponent = exponentOf(currency);
  if (exponent === undefined) refuse(`money is written as "12.50 EUR", and not as ${JSON.stringify(value)}`);
  const decimal = parseDecimal(amount);
  const scale = field.money?.scale ?? exponent;
  const minor = decimal && rescale(decimal.unscaled, decimal.scale, scale);
  if (minor === null) refuse(`${value} is no amount with ${scale} decimals at most`);
  return { minor, currency };
}

function refuse(reason: string): never {
  raise("TEST_STEP_INVALID", { reason });
}
