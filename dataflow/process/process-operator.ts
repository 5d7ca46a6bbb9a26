import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { TextColumn } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../change-layout.ts";
import type { Fields, Id } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { FIRST_ROW_FIELD, RowOutput, rowColumns } from "../row-layout.ts";
import { type Row, rowCursor } from "../row-view.ts";
import { callUser, writeFields } from "../row-writer.ts";
import { stateCodec } from "../state-codec.ts";
import type { Moment } from "./state-cells.ts";
import { duesCodec, type Expiring, Expiry } from "./state-expiry.ts";
import type { StateOf, StateSpecs } from "./state-spec.ts";
import { type StateView, stateView } from "./state-views.ts";

/** What a process function may do besides looking at its row. */
export interface ProcessContext<S extends StateSpecs, G extends Fields> {
  readonly key: Id;
  readonly state: { readonly [K in keyof S]: StateOf<S[K]> };
  /**
   * Event time of the row, or the time of the timer. For a timer of processing time it is the first event time behind
   * the watermark, so that what is emitted is not late.
   */
  readonly time: number;
  /** The current watermark: −∞ before the first. */
  readonly watermark: number;
  /** Processing time as it was last told, in epoch ms: −∞ before the first. It differs from run to run. */
  readonly processingTime: number;
  emit(row: Row<G>): void;
  /** Calls `onTimer` for this key once the watermark has reached the time. JOB_TIMER_INVALID. */
  setTimer(time: number): void;
  /** Calls `onProcessingTimer` for this key once processing time has reached the time. JOB_TIMER_INVALID. */
  setProcessingTimer(time: number): void;
}

/** A process function: its state, what it emits, and what it does. */
export interface ProcessSpec<F extends Fields, S extends StateSpecs, G extends Fields> {
  readonly state: S;
  readonly emits: G;
  readonly onElement: (row: Row<F>, context: ProcessContext<S, G>) => void;
  readonly onTimer?: (context: ProcessContext<S, G>) => void;
  readonly onProcessingTimer?: (context: ProcessContext<S, G>) => void;
}

/**
 * Runs a process function: rows in, rows out, timers by watermark and by processing time. Timers that one watermark makes
 * due are called as though it had come to the time of each in turn, so that what a ttl has ended by then does not
 * depend on the watermark's steps.
 */
export class ProcessOperator<F extends Fields, S extends StateSpecs, G extends Fields> implements Operator {
  readonly #uid: string;
  readonly #fields: F;
  readonly #keyField: string;
  readonly #spec: ProcessSpec<F, S, G>;
  readonly #out: RowOutput;
  #context!: OperatorContext;
  #eventTimers!: Timers;
  #processingTimers!: Timers;
  #expiry!: Expiry;
  #functionContext!: ProcessContext<S, G>;
  readonly #states = new Map<string, KeyedState<unknown>>();
  /** Of the states that have a ttl. */
  readonly #expiring = new Map<string, Expiring>();
  #key = "" as Id;
  #time = BEFORE_ALL_TIME;
  /** The time of the seed for a row of the initial snapshot, and for what comes of it. */
  #seed: number | null = null;
  #watermark = BEFORE_ALL_TIME;
  #processingTime = BEFORE_ALL_TIME;
  /** The watermark, or on its way there the time of the timer. */
  #reached = BEFORE_ALL_TIME;

  constructor(uid: string, fields: F, keyField: string, spec: ProcessSpec<F, S, G>) {
    this.#uid = uid;
    this.#fields = fields;
    this.#keyField = keyField;
    this.#spec = spec;
    this.#out = new RowOutput(spec.emits);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#eventTimers = context.timers("event");
    this.#processingTimers = context.timers("processing");
    const views: Record<string, StateView> = {};
    const moment = this.#moment();
    for (const [name, spec] of Object.entries(this.#spec.state)) {
      const keyed: KeyedState<unknown> = context.state(name, stateCodec(spec.kind, spec.fields));
      const view = stateView(name, spec, keyed, moment);
      views[name] = view;
      this.#states.set(name, keyed);
      if (spec.ttlMs !== undefined) this.#expiring.set(name, view);
    }
    // No name of a declared state begins so. It is there without any ttl too: a ttl may go, and no state be dropped.
    this.#expiry = new Expiry(context.state("$ttl", duesCodec), context.timers("ttl"));
    this.#functionContext = this.#makeContext(views as unknown as ProcessContext<S, G>["state"]);
  }

  batch(_input: number, batch: Batch): void {
    const keys = batch.column(this.#keyField) as TextColumn;
    const { time, seed } = rowColumns(batch);
    const cursor = rowCursor(batch, this.#fields);
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) continue;
      this.#key = keys.text(row) as Id;
      this.#time = time.values[row]!;
      this.#seed = seed.get(row);
      callUser(this.#uid, () => this.#spec.onElement(cursor.at(row), this.#functionContext));
    }
    this.#flush();
  }

  control(_input: number, element: Control): void {
    // One that goes back, because a run began again with a longer transaction, takes nothing back.
    if (element.type !== "watermark" || element.time < this.#watermark) return;
    this.#watermark = element.time;
    this.#seed = null;
    const timers = this.#eventTimers;
    for (let due = timers.next(element.time); due !== undefined; due = timers.next(element.time)) {
      this.#key = due.key as Id;
      this.#time = due.time;
      this.#reached = Math.max(this.#reached, due.time);
      callUser(this.#uid, () => this.#spec.onTimer?.(this.#functionContext));
    }
    this.#reached = element.time;
    this.#expiry.sweep(element.time, this.#expiring);
    this.#flush();
  }

  processingTime(time: number): void {
    this.#processingTime = time;
    this.#time = this.#watermark + 1;
    this.#seed = null;
    const timers = this.#processingTimers;
    for (let due = timers.next(time); due !== undefined; due = timers.next(time)) {
      this.#key = due.key as Id;
      callUser(this.#uid, () => this.#spec.onProcessingTimer?.(this.#functionContext));
    }
    this.#flush();
  }

  end(): void {}

  /** The watermark, and which states have a ttl. */
  save(out: ByteWriter): void {
    out.float64(this.#watermark);
    out.uint(this.#expiring.size);
    for (const name of this.#expiring.keys()) out.text(name);
  }

  restore(saved: readonly ByteReader[]): void {
    const watermarks = saved.map((input) => input.float64());
    this.#watermark = watermarks.length === 0 ? BEFORE_ALL_TIME : Math.min(...watermarks);
    this.#reached = this.#watermark;
    const before = new Set(saved.flatMap((input) => Array.from({ length: input.uint() }, () => input.text())));
    for (const name of this.#expiring.keys()) if (!before.has(name)) this.#beginToExpire(name);
  }

  /** Gives the keys of a state that had no ttl yet their timer. */
  #beginToExpire(name: string): void {
    const state = this.#states.get(name)!;
    const keys: Key[] = [];
    if (state.size > 0) state.forEach((key) => void keys.push(key));
    for (const key of keys) this.#expiry.expect(key, name, BEFORE_ALL_TIME);
  }

  /** One object for all calls; it reads the operator's current key and times. */
  #makeContext(state: ProcessContext<S, G>["state"]): ProcessContext<S, G> {
    const self = this;
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
      get processingTime() {
        return self.#processingTime;
      },
      state,
      emit: (row) => self.#emit(row),
      setTimer: (time) => self.#eventTimers.register(self.#key, self.#checkedTime(time)),
      setProcessingTimer: (time) => self.#processingTimers.register(self.#key, self.#checkedTime(time)),
    };
  }

  #moment(): Moment {
    const self = this;
    return {
      get key() {
        return self.#key;
      },
      get writeTime() {
        // A row of the seed has no event time: when it was read stands for it, or else what is proven to be read.
        const time = self.#time > BEFORE_ALL_TIME ? self.#time : (self.#seed ?? self.#watermark);
        return time > BEFORE_ALL_TIME ? time : null;
      },
      get reached() {
        return self.#reached;
      },
      expect: (state, due) => self.#expiry.expect(self.#key, state, due),
    };
  }

  #checkedTime(time: number): number {
    if (typeof time === "number" && !Number.isNaN(time)) return time;
    return raise("JOB_TIMER_INVALID", { place: this.#uid, time: String(time) });
  }

  #emit(values: Row<G>): void {
    const out = this.#out;
    const row = out.add(ADD, this.#time);
    if (this.#seed !== null) out.seeded(row, this.#seed);
    writeFields(out.batch, FIRST_ROW_FIELD, row, this.#spec.emits, values as Record<string, unknown>);
  }

  #flush(): void {
    this.#out.flush(this.#context.forward);
  }
}
