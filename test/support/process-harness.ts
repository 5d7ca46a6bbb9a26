import { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { hashBytes } from "../../base/hash.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import type { Fields } from "../../dataflow/model.ts";
import type { KeyedState, StateCodec } from "../../dataflow/operator.ts";
import { ProcessOperator } from "../../dataflow/process/process-operator.ts";
import type { ProcessSpec } from "../../dataflow/process/process-spec.ts";
import type { StateSpecs } from "../../dataflow/process/state-spec.ts";
import { FIRST_ROW_FIELD, rowColumns, rowLayout } from "../../dataflow/row-layout.ts";
import type { Row } from "../../dataflow/row-view.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { RemovableTimers } from "./removable-timers.ts";

/** What a harness leaves behind, and another one of the same operator, or of its next version, takes over. */
export interface Left {
  readonly states: ReadonlyMap<string, { readonly schema: string; readonly values: ReadonlyMap<Key, Buffer> }>;
  readonly timers: ReadonlyMap<string, RemovableTimers>;
  readonly saved: Buffer;
}

/** Drives one process operator without a job. After every call all its state is written out and read again. */
export class ProcessHarness<F extends Fields, S extends StateSpecs, G extends Fields> {
  readonly emitted: Record<string, unknown>[] = [];
  readonly states = new Map<string, WrittenState<unknown>>();
  readonly timers = new Map<string, RemovableTimers>();
  readonly #operator: ProcessOperator;
  readonly #fields: F;
  readonly #rows: Batch;

  constructor(fields: F, spec: ProcessSpec<F, S, G>, left?: Left, more: readonly Buffer[] = []) {
    this.#fields = fields;
    this.#rows = new Batch(rowLayout(fields), 1);
    const { state, emits, onElement: onRow, onTimer, onProcessingTimer } = spec;
    const inputs = [{ fields, key: Object.keys(fields)[0]!, onRow }];
    const plan = { uid: "tested", inputs, state, broadcastState: {}, emits, sides: {}, onTimer, onProcessingTimer };
    this.#operator = new ProcessOperator(plan);
    this.#operator.open({
      isFirst: true,
      state: <T>(name: string, codec: StateCodec<T>) => {
        const state = new WrittenState(codec, left?.states.get(name));
        this.states.set(name, state as WrittenState<unknown>);
        return state;
      },
      timers: (name) => {
        const queue = left?.timers.get(name) ?? new RemovableTimers();
        this.timers.set(name, queue);
        return queue;
      },
      records: unused,
      alarms: unused,
      forward: (batch) => {
        for (let row = 0; row < batch.count; row++) this.emitted.push(batch.row(row));
      },
      forwardTo: () => {},
      emit: () => {},
    });
    if (left !== undefined) {
      this.#operator.restore([left.saved, ...more].map((bytes) => new ByteReader(bytes)));
    }
  }

  /** One row; the key is its first field. Of the seed where its time is given. */
  row(values: Row<F>, time: number, seed?: number): this {
    const batch = this.#rows;
    const meta = rowColumns(batch);
    meta.kind.set(0, ADD);
    meta.time.set(0, seed === undefined ? time : BEFORE_ALL_TIME);
    if (seed === undefined) meta.seed.nulls[0] = 1;
    else meta.seed.set(0, seed);
    writeFields(batch, FIRST_ROW_FIELD, 0, this.#fields, values);
    batch.count = 1;
    return this.#after(() => this.#operator.batch(0, batch));
  }

  watermark(time: number): this {
    return this.#after(() => this.#operator.control(0, { type: "watermark", time }));
  }

  processingTime(time: number): this {
    return this.#after(() => this.#operator.processingTime(time));
  }

  /** Values in a state's keys. */
  size(state: string): number {
    return this.states.get(state)!.size;
  }

  leave(): Left {
    const out = new ByteWriter();
    this.#operator.save(out);
    const states = [...this.states].map(([name, state]) => [name, state.written()] as const);
    return { states: new Map(states), timers: this.timers, saved: Buffer.from(out.bytes()) };
  }

  #after(call: () => void): this {
    call();
    for (const state of this.states.values()) state.spill();
    return this;
  }
}

/** State that is written down between calls. */
class WrittenState<T> implements KeyedState<T> {
  readonly #codec: StateCodec<T>;
  readonly #values = new Map<Key, T>();

  constructor(
    codec: StateCodec<T>,
    from: { readonly schema: string; readonly values: ReadonlyMap<Key, Buffer> } | undefined,
  ) {
    this.#codec = codec;
    const read = from && codec.readsFrom(from.schema);
    for (const [key, bytes] of from?.values ?? []) this.#values.set(key, read!(new ByteReader(bytes)));
  }

  get(key: Key): T | undefined {
    return this.#values.get(key);
  }

  set(key: Key, value: T): void {
    this.#values.set(key, value);
  }

  delete(key: Key): void {
    this.#values.delete(key);
  }

  mayHave(hash: number): boolean {
    return [...this.#values.keys()].some((key) => hashBytes(Buffer.from(key), 0, Buffer.byteLength(key)) === hash);
  }

  forEach(visit: (key: Key, value: T) => void): void {
    for (const [key, value] of this.#values) visit(key, value);
  }

  get size(): number {
    return this.#values.size;
  }

  spill(): void {
    for (const [key, bytes] of this.written().values) this.#values.set(key, this.#codec.read(new ByteReader(bytes)));
  }

  written(): { schema: string; values: Map<Key, Buffer> } {
    const values = new Map<Key, Buffer>();
    for (const [key, value] of this.#values) {
      const out = new ByteWriter(16);
      this.#codec.write(value, out);
      values.set(key, Buffer.from(out.bytes()));
    }
    return { schema: this.#codec.schema, values };
  }
}

function unused(): never {
  throw new Error("process functions keep neither records nor alarms");
}
