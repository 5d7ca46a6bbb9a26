import { setTimeout as eventsToCome } from "node:timers/promises";
import { Batch } from "../../base/batch.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD } from "../../dataflow/change-layout.ts";
import type { Environment } from "../../dataflow/environment.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import type { Fields, Model } from "../../dataflow/model.ts";
import type { Row } from "../../dataflow/row-view.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { ChannelMerger } from "../../runtime/exchange/channel-merger.ts";
import { KeyExchange, type RowReceiver } from "../../runtime/exchange/key-exchange.ts";
import { JobTasks, type KeyedEdge, type Port } from "../../runtime/job-tasks.ts";
import { keyedTables } from "../../runtime/operators/keyed-tables.ts";
import type { StateBackend } from "../../runtime/operators/operator-host.ts";
import type { KeptState } from "../../runtime/task.ts";
import { subtaskOf } from "../../state/key-groups.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";

/** What a harness held at a barrier, for another one, at any parallelism, to go on from. */
export interface Held {
  readonly kept: readonly KeptState[];
  /** What operators kept besides their keys' state, of all subtasks, by uid. */
  readonly saved: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly records: readonly {
    readonly table: string;
    readonly group: number;
    readonly key: Buffer;
    readonly record: Buffer;
  }[];
  readonly watermarks: ReadonlyMap<Model, number>;
  readonly processingTime: number;
}

/** How a row comes in. */
export interface RowOptions {
  /** Default: +1, an add; −1 is a retract. */
  readonly kind?: number;
  /** Of the seed, read at this time: it has no event time. */
  readonly seed?: number;
  /** The worker that reads it. Default: the first. */
  readonly worker?: number;
}

/** Declares a job of a test. */
export const jobOf = (define: (env: Environment) => void): Job => job("tested", define);

/**
 * Runs a job's tasks on several workers in one thread: rows of models and watermarks come in as the test says, behind the
 * row stage; results are the rows that reach its sinks. Exchanges, key groups and barriers are the engine's own.
 */
export class JobHarness {
  readonly #workers: Worker[];
  readonly #models: readonly Model[];
  readonly #sinks = new Map<string, Record<string, unknown>[]>();
  readonly #watermarks = new Map<Model, number>();
  /** The receiving sides of each edge, by worker: complete once all workers are made. */
  readonly #edges = new Map<string, ChannelMerger[]>();
  readonly #parallelism: number;
  #processingTime = BEFORE_ALL_TIME;

  constructor(tested: Job, parallelism = 1, held?: Held) {
    this.#parallelism = parallelism;
    const graph = tested.graph();
    this.#models = modelsOf(graph);
    this.#workers = Array.from({ length: parallelism }, (_, index) => this.#worker(tested, index));
    if (held !== undefined) this.#restore(held);
  }

  /** A row of a model; fields that are left out are null. */
  row<F extends Fields>(model: Model<F>, values: Partial<Row<F>>, time: number, options: RowOptions = {}): this {
    return this.rows(model, [[values, time]], options);
  }

  /** Rows of a model, each with its time, in one batch. */
  rows<F extends Fields>(
    model: Model<F>,
    rows: readonly (readonly [values: Partial<Row<F>>, time: number])[],
    options: RowOptions = {},
  ): this {
    const batch = new Batch(changeLayout(model), rows.length);
    const meta = changeColumns(batch);
    for (const [at, [values, time]] of rows.entries()) {
      for (const column of batch.columns) column.nulls[at] = 1;
      meta.kind.set(at, options.kind ?? ADD);
      meta.time.set(at, options.seed === undefined ? time : BEFORE_ALL_TIME);
      if (options.seed !== undefined) meta.seed.set(at, options.seed);
      meta.row.set(at, "0");
      meta.table.set(at, 0);
      meta.absent.set(at, 0);
      writeFields(batch, FIRST_FIELD, at, model.fields, values);
    }
    batch.count = rows.length;
    this.#workers[(options.worker ?? 0) % this.#parallelism]!.tasks.batch(model as Model, batch);
    return this;
  }

  /** Nothing at or before the time comes any more, of the models named or, without names, of all. */
  watermark(time: number, ...models: readonly Model[]): this {
    for (const model of models.length > 0 ? models : this.#models) {
      this.#watermarks.set(model, time);
      for (const { tasks } of this.#workers) tasks.control(model, { type: "watermark", time });
    }
    return this;
  }

  processingTime(time: number): this {
    this.#processingTime = time;
    for (const { tasks } of this.#workers) tasks.processingTime(time);
    return this;
  }

  /** All inputs have ended. */
  end(): this {
    for (const { tasks } of this.#workers) tasks.end();
    return this;
  }

  /** Lets all be told that is known of every key. */
  report(): this {
    for (const { tasks } of this.#workers) tasks.report();
    return this;
  }

  /** Rows that reached the sink of a name since the last call. */
  take(sink = "out"): Record<string, unknown>[] {
    return this.#sinks.get(sink)?.splice(0) ?? [];
  }

  /** Keys with state of any kind, timers included, over all operators: records in the stores. */
  keys(): number {
    return this.hold().records.length;
  }

  /** Hands on what look-ups have brought by now, and lets them ask on; false when there was nothing. */
  poll(now = Date.now()): boolean {
    let some = false;
    for (const { tasks } of this.#workers) if (tasks.poll(now)) some = true;
    return some;
  }

  /** Waits until look-ups have nothing in hand any more. */
  async settled(): Promise<this> {
    while (this.#workers.some(({ tasks }) => tasks.isBusy)) if (!this.poll()) await eventsToCome(1);
    return this;
  }

  /** True while look-ups want nothing more. */
  get isFull(): boolean {
    return this.#workers.some(({ tasks }) => tasks.isFull);
  }

  /** Lets a barrier through, and gives what is held at it. The harness may go on afterwards. */
  hold(): Held {
    for (const { tasks } of this.#workers) tasks.barrier();
    const saved = new Map<string, Uint8Array[]>();
    const records: Held["records"][number][] = [];
    for (const { tasks, backend } of this.#workers) {
      for (const keeper of [...tasks.hosts, ...tasks.lookups]) {
        saved.set(keeper.kept.uid, [...(saved.get(keeper.kept.uid) ?? []), keeper.save()]);
      }
      for (const host of tasks.hosts) {
        const snapshot = backend.store.snapshot();
        const tables = keyedTables(host.kept);
        snapshot.forEach((table, { group, key, value }) => {
          if (tables.has(table)) records.push({ table, group, key: Buffer.from(key), record: Buffer.from(value) });
        });
        snapshot.release();
      }
    }
    const { kept } = this.#workers[0]!.tasks;
    return { kept, saved, records, watermarks: new Map(this.#watermarks), processingTime: this.#processingTime };
  }

  #restore({ kept, saved, records, watermarks, processingTime }: Held): void {
    for (const [index, { tasks }] of this.#workers.entries()) {
      for (const host of tasks.hosts) {
        const tables = new Map([...host.tables.values()].map((table) => [table.name, table]));
        for (const { table, group, key, record } of records)
          if (subtaskOf(group, this.#parallelism) === index)
            tables.get(table)?.put(group, key, 0, key.length, record, 0, record.length);
        const before = kept.find(({ uid }) => uid === host.kept.uid);
        if (before !== undefined) host.restore(before, saved.get(host.kept.uid) ?? []);
      }
      for (const lookup of tasks.lookups) {
        const before = kept.find(({ uid }) => uid === lookup.kept.uid);
        if (before !== undefined && index === 0) lookup.restore(before, saved.get(lookup.kept.uid) ?? []);
      }
    }
    for (const [model, time] of watermarks) {
      const same = this.#models.find(({ name }) => name === model.name);
      if (same !== undefined) this.watermark(time, same);
    }
    if (processingTime > BEFORE_ALL_TIME) this.processingTime(processingTime);
  }

  #worker(tested: Job, index: number): Worker {
    const backend = memoryBackend();
    const tasks = new JobTasks({
      graph: tested.graph(),
      backend,
      isFirst: index === 0,
      emit: (sink, record) => {
        const rows = this.#sinks.get(sink) ?? [];
        this.#sinks.set(sink, rows);
        rows.push(record as Record<string, unknown>);
      },
      ...(this.#parallelism === 1 ? {} : { exchange: (edge, input) => this.#exchange(edge, input, index) }),
    });
    return { tasks, backend };
  }

  #exchange(edge: KeyedEdge, input: Port, index: number): Port {
    const name = `${edge.fromTask}/${edge.toTask}/${edge.toInput}`;
    const from = Array.from({ length: this.#parallelism }, () => [0]);
    const merger = new ChannelMerger(
      from,
      {
        batch: (_, batch) => input.batch(batch),
        control: (_, element) => input.control(element),
        end: () => input.end(),
      },
      () => input.barrier(),
    );
    const mergers = this.#edges.get(name) ?? [];
    this.#edges.set(name, mergers);
    mergers[index] = merger;
    const targets = Array.from({ length: this.#parallelism }, (_, to): RowReceiver => {
      const handler = () => mergers[to]!.handlerOf(index);
      return {
        batch: (_input, batch) => handler().batch(0, batch),
        control: (_input, element) => handler().control(0, element),
        end: () => handler().end(0),
        rows: (_input, batch, rows, count) => handler().batch(0, picked(batch, rows, count)),
      };
    });
    const exchange = new KeyExchange(edge.key, 0, targets);
    let barriers = 0;
    return {
      batch: (batch) => exchange.batch(batch),
      control: (element) => exchange.control(element),
      end: () => exchange.end(),
      barrier: () => {
        for (const to of mergers.keys()) mergers[to]!.handlerOf(index).barrier(barriers);
        barriers++;
      },
    };
  }
}

interface Worker {
  readonly tasks: JobTasks;
  readonly backend: StateBackend;
}

function picked(batch: Batch, rows: Int32Array, count: number): Batch {
  const out = new Batch(batch.layout, count);
  for (let i = 0; i < count; i++) out.append(batch, rows[i]!);
  return out;
}
