import { Batch } from "../base/batch.ts";
import type { TextColumn } from "../base/columns.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD } from "./change-layout.ts";
import type { Fields, Id, Model } from "./model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "./operator.ts";
import { type Row, rowCursor } from "./row-view.ts";
import { callUser, writeFields } from "./row-writer.ts";

/** A value of the given fields, kept per key. */
export interface ValueSpec<F extends Fields> {
  readonly kind: "value";
  readonly fields: F;
}

/** Declares value state: one object of the given fields per key. */
export const value = <const F extends Fields>(fields: F): ValueSpec<F> => ({ kind: "value", fields });

/** The state of a process function by name. */
export type StateSpecs = Readonly<Record<string, ValueSpec<Fields>>>;

/** Value state of the current key. */
export interface ValueState<T> {
  get(): T | undefined;
  set(value: T): void;
  clear(): void;
}

/** What a process function may do besides looking at its row. */
export interface ProcessContext<S extends StateSpecs, G extends Fields> {
  readonly key: Id;
  readonly state: { readonly [K in keyof S]: ValueState<Row<S[K]["fields"]>> };
  /** Event time of the row, or the time of the timer. */
  readonly time: number;
  /** The current watermark: −∞ before the first. */
  readonly watermark: number;
  emit(row: Row<G>): void;
  /** Calls `onTimer` for this key once the watermark has reached the time. */
  setTimer(time: number): void;
}

/** A process function: its state, what it emits, and what it does. */
export interface ProcessSpec<F extends Fields, S extends StateSpecs, G extends Fields> {
  readonly state: S;
  readonly emits: G;
  readonly onElement: (row: Row<F>, context: ProcessContext<S, G>) => void;
  readonly onTimer?: (context: ProcessContext<S, G>) => void;
}

/** Runs a process function: rows in, rows out, timers by watermark. */
export class ProcessOperator<F extends Fields, S extends StateSpecs, G extends Fields> implements Operator {
  readonly #uid: string;
  readonly #fields: F;
  readonly #keyField: string;
  readonly #spec: ProcessSpec<F, S, G>;
  readonly #out: Batch;
  #context!: OperatorContext;
  #timers!: Timers;
  #states: Record<string, KeyedState<unknown>> = {};
  #key = "" as Id;
  #time = 0;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(uid: string, fields: F, keyField: string, spec: ProcessSpec<F, S, G>) {
    this.#uid = uid;
    this.#fields = fields;
    this.#keyField = keyField;
    this.#spec = spec;
    this.#out = new Batch(changeLayout({ name: "emitted", fields: spec.emits, from: [] } satisfies Model));
    this.#functionContext = this.#makeContext();
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#timers = context.timers("timers");
    for (const name of Object.keys(this.#spec.state)) this.#states[name] = context.state(name);
  }

  batch(_input: number, batch: Batch): void {
    const keys = batch.column(this.#keyField) as TextColumn;
    const { time } = changeColumns(batch);
    const cursor = rowCursor(batch, this.#fields);
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) continue;
      this.#key = keys.text(row) as Id;
      this.#time = time.values[row]!;
      callUser(this.#uid, () => this.#spec.onElement(cursor.at(row), this.#functionContext));
    }
    this.#flush();
  }

  control(_input: number, element: Control): void {
    if (element.type !== "watermark") return;
    this.#watermark = element.time;
    for (let due = this.#timers.next(element.time); due !== undefined; due = this.#timers.next(element.time)) {
      this.#key = due.key as Id;
      this.#time = due.time;
      callUser(this.#uid, () => this.#spec.onTimer?.(this.#functionContext));
    }
    this.#flush();
  }

  end(): void {}

  /** One object for all calls; it reads the operator's current key and time. */
  readonly #functionContext: ProcessContext<S, G>;

  #makeContext(): ProcessContext<S, G> {
    const self = this;
    const state = Object.fromEntries(Object.keys(self.#spec.state).map((name) => [name, self.#valueState(name)]));
    return {
      get key() {
        return self.#key;
      },
      get time() {
        return self.#time;
      },
      get watermark() {
        return self.#watermark;
      },
      state: state as ProcessContext<S, G>["state"],
      emit: (row) => self.#emit(row),
      setTimer: (time) => self.#timers.register(self.#key, time),
    };
  }

  #valueState(name: string): ValueState<unknown> {
    return {
      get: () => this.#states[name]!.get(this.#key),
      set: (stored) => this.#states[name]!.set(this.#key, stored),
      clear: () => this.#states[name]!.delete(this.#key),
    };
  }

  #emit(values: Row<G>): void {
    const out = this.#out;
    const row = out.count++;
    out.grow(out.count);
    const meta = changeColumns(out);
    meta.kind.set(row, ADD);
    meta.time.set(row, this.#time);
    meta.row.set(row, this.#key);
    meta.table.set(row, 0);
    meta.absent.set(row, 0);
    for (const position of [meta.seed, meta.major, meta.minor, meta.sub, meta.offset]) position.nulls[row] = 1;
    writeFields(out, FIRST_FIELD, row, this.#spec.emits, values as Record<string, unknown>);
  }

  #flush(): void {
    if (this.#out.count === 0) return;
    this.#context.forward(this.#out);
    this.#out.clear();
  }
}
