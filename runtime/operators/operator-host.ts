import type { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { assert } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import type { Control, Operator, OperatorContext, StateCodec } from "../../dataflow/operator.ts";
import type { Alarms } from "../../dataflow/records.ts";
import { KeyedEntries } from "../../state/keyed-entries.ts";
import type { StateStore, StoreTable } from "../../state/state-store.ts";
import type { TimerQueue } from "../../state/timer-queue.ts";
import type { KeptState } from "../task.ts";
import { keyedTable } from "./keyed-tables.ts";
import { OperatorRecords } from "./operator-records.ts";
import { type FanOut, InputMerger, type Receiver } from "./receiver.ts";
import { entryConversion } from "./state-upgrade.ts";

/** Where the operators of one subtask keep their state. */
export interface StateBackend {
  readonly store: StateStore;
  /** About how many bytes an operator's state may take in memory, as objects and as records of its own. */
  readonly cacheBytes: number;
  /** Is told of keys whose rows change. */
  readonly onChanged?: ((key: Key) => void) | undefined;
  /** A queue that orders timers, and writes to the disk what does not fit into memory. */
  timerQueue(name: string): TimerQueue;
  /** Alarms, those that do not fit into memory on the disk. */
  alarms(name: string): Alarms;
  /** Closes the store, and all that was made here. */
  close(): void;
}

/** The least that records have in memory. */
const LEAST_ARENA = 512 * 1024;

/** What is counted of an operator for those who watch. */
export interface OperatorMetrics {
  readonly uid: string;
  rowsIn: number;
  /** Rows that went on, to side outputs too, and records that were emitted. */
  rowsOut: number;
  /** Keys with state, over all of the operator's states and records. */
  readonly keys: () => number;
}

/** Gives an operator its state, timers and outputs, and its inputs in the channel's order. */
export class OperatorHost implements Receiver {
  readonly metrics: OperatorMetrics;
  readonly kept: KeptState;
  /** The tables with what is kept of the operator's keys, by the uid that parts with their records have. */
  readonly tables: ReadonlyMap<string, StoreTable>;
  readonly #operator: Operator;
  readonly #lagMs: number;
  /** The operator's output, and its side outputs. */
  readonly #outputs: readonly FanOut[];
  readonly #merger: InputMerger;
  readonly #table: StoreTable;
  readonly #entries: KeyedEntries;
  readonly #records: OperatorRecords;
  readonly #codecs: StateCodec<unknown>[] = [];

  constructor(
    node: OperatorNode,
    next: FanOut,
    sides: ReadonlyMap<string, FanOut>,
    emit: (output: string, record: unknown) => void,
    backend: StateBackend,
    isFirst: boolean,
  ) {
    const states: { name: string; schema: string }[] = [];
    const timers: string[] = [];
    this.#table = backend.store.table(keyedTable(node.uid));
    this.#entries = new KeyedEntries(this.#table, backend.cacheBytes);
    this.#records = new OperatorRecords(node.uid, backend.store);
    this.#operator = node.create();
    this.#lagMs = node.lagMs ?? 0;
    this.#outputs = [next, ...sides.values()];
    this.#merger = new InputMerger(node.inputs.length);
    const entries = this.#entries;
    const records = this.#records;
    const keys = () => states.reduce((sum, _, index) => sum + entries.count(index), records.size);
    this.metrics = { uid: node.uid, rowsIn: 0, rowsOut: 0, keys };
    const { metrics } = this;
    this.#operator.open({
      isFirst,
      ...this.#keepers(node.uid, backend, states, timers),
      forward: (batch) => {
        metrics.rowsOut += batch.count;
        next.batch(batch);
      },
      forwardTo: (tag, batch) => {
        metrics.rowsOut += batch.count;
        sides.get(tag)?.batch(batch);
      },
      emit: (output, record) => {
        metrics.rowsOut++;
        emit(output, record);
      },
      changed: backend.onChanged,
    });
    this.kept = { uid: node.uid, states, timers, ...(records.kept && { records: records.kept }) };
    this.tables = new Map([[node.uid, this.#table], ...records.tables]);
  }

  batch(input: number, batch: Batch): void {
    this.metrics.rowsIn += batch.count;
    this.#operator.batch(input, batch);
    this.#entries.trim();
  }

  /** Frontiers reach the operator uncombined; a watermark only when all inputs have reached it. */
  control(input: number, element: Control): void {
    const merged = this.#merger.control(input, element);
    if (merged !== undefined) this.#control(input, merged);
  }

  processingTime(time: number): void {
    this.#operator.processingTime?.(time);
    this.#entries.trim();
  }

  /** The operator has something left to do, for which `catchUp` is to be called. */
  get isBehind(): boolean {
    return this.#operator.isBehind === true;
  }

  /** Lets the operator do some of what is left. */
  catchUp(): void {
    this.#operator.catchUp?.();
    this.#entries.trim();
  }

  end(): void {
    this.#merger.end();
    if (!this.#merger.ended) return;
    this.#operator.end();
    for (const output of this.#outputs) output.end();
  }

  report(): void {
    this.#operator.report?.();
  }

  /** Writes all keys' state to the tables, and gives what the operator keeps besides. */
  save(): Buffer {
    this.#entries.flush();
    this.#records.flush();
    return this.saveRest();
  }

  /** What the operator keeps besides its keys' state, which the store has written by itself. */
  saveRest(): Buffer {
    const out = new ByteWriter();
    this.#operator.save?.(out);
    return Buffer.from(out.bytes());
  }

  /**
   * Takes in the records that are in the tables by now, and what the operator's former subtasks saved besides.
   * `kept`: what the records hold, by the job that wrote them. STATE_INCOMPATIBLE.
   */
  restore(kept: KeptState, saved: readonly Uint8Array[]): void {
    const convert = entryConversion(kept, this.kept, this.#codecs);
    if (convert !== undefined) this.#convert(convert);
    this.#entries.recover();
    this.#operator.restore?.(saved.map((bytes) => new ByteReader(bytes)));
    this.#records.upgrade(kept, () => this.#entries.trim());
    this.#operator.recover?.();
  }

  /** What the operator keeps by key, noted as it is declared. */
  #keepers(
    uid: string,
    backend: StateBackend,
    states: { name: string; schema: string }[],
    timers: string[],
  ): Pick<OperatorContext, "state" | "timers" | "records" | "alarms"> {
    const entries = this.#entries;
    const names = new Set<string>();
    const claim = (name: string) => {
      assert(!names.has(name), `${uid} names its ${name} once`);
      names.add(name);
    };
    return {
      state: <T>(name: string, codec: StateCodec<T>) => {
        claim(`state ${name}`);
        states.push({ name, schema: codec.schema });
        this.#codecs.push(codec as StateCodec<unknown>);
        return entries.state(codec);
      },
      timers: (name) => {
        claim(`timers ${name}`);
        timers.push(name);
        return entries.timers(backend.timerQueue(`${uid}-${name}`));
      },
      records: (name, options) => {
        claim(`records ${name}`);
        if (options.areFormer === true) return this.#records.declare(name, options, 0);
        entries.cacheBytes /= 2;
        return this.#records.declare(name, options, Math.max(LEAST_ARENA, entries.cacheBytes));
      },
      alarms: (name) => {
        claim(`alarms ${name}`);
        return backend.alarms(`${uid}-${name}`);
      },
    };
  }

  #control(input: number, element: Control): void {
    this.#operator.control(input, element);
    this.#entries.trim();
    const behind = element.type === "watermark" ? { ...element, time: element.time - this.#lagMs } : element;
    for (const output of this.#outputs) output.control(behind);
  }

  /** Writes every record anew; those that hold nothing any more go. */
  #convert(convert: (input: ByteReader, out: ByteWriter) => boolean): void {
    const input = new ByteReader();
    const out = new ByteWriter();
    const groups: [number, Buffer][] = [];
    this.#table.forEach((group, key) => {
      groups.push([group, Buffer.from(key)]);
    });
    for (const [group, key] of groups) {
      this.#table.find(group, key, 0, key.length);
      out.clear();
      const { buffer, start, end } = this.#table;
      if (convert(input.reset(buffer, start, end), out)) {
        this.#table.put(group, key, 0, key.length, out.buffer, 0, out.length);
      } else this.#table.remove(group, key, 0, key.length);
    }
  }
}
