import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { raise } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../change-layout.ts";
import { duesCodec, type Expiring, Expiry } from "../expiry.ts";
import { KeyCursor } from "../key-cursor.ts";
import type { Fields, Id } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { perBatch } from "../per-batch.ts";
import { rowColumns } from "../row-layout.ts";
import { type CallPlace, keyPlace, timePlace } from "../row-place.ts";
import { type RowCursor, rowCursor } from "../row-view.ts";
import { callUser } from "../row-writer.ts";
import { BroadcastState } from "./broadcast-state.ts";
import { BroadcastFunctionContext, type KeyActions, KeyedFunctionContext } from "./function-contexts.ts";
import { Position } from "./position.ts";
import { ProcessOutput } from "./process-output.ts";
import type { BroadcastStates, Sides } from "./process-spec.ts";
import { raiseUnknownSide } from "./sides.ts";
import type { AnyRow, Moment } from "./state-cells.ts";
import type { StateSpecs } from "./state-spec.ts";
import { type StateView, stateView } from "./state-views.ts";
import { stateCodec } from "./stored.ts";

/** How the operator calls functions whose types only the job knows. */
type RowFunction = (row: AnyRow, context: object) => void;
type TimerFunction = (context: object) => void;

/** An input of a process operator. */
export interface ProcessInput {
  readonly fields: Fields;
  /** The text column that holds the key of a row; undefined where every row goes to all subtasks. */
  readonly key: string | undefined;
  readonly onRow: (row: never, context: never) => void;
}

/** What a process operator is made of, without the types of the job. */
export interface ProcessPlan {
  readonly uid: string;
  readonly inputs: readonly ProcessInput[];
  readonly state: StateSpecs;
  readonly broadcastState: BroadcastStates;
  readonly emits: Fields;
  readonly sides: Sides;
  readonly onTimer: ((context: never) => void) | undefined;
  readonly onProcessingTimer: ((context: never) => void) | undefined;
}

/**
 * Runs process functions over one or several inputs, which share state and timers: rows in, rows out, timers by watermark
 * and by processing time. Timers that one watermark makes due are called as though it had come to the time of each in
 * turn, so that what a ttl has ended by then does not depend on the watermark's steps.
 */
export class ProcessOperator implements Operator {
  readonly #plan: ProcessPlan;
  readonly #at = new Position();
  /** Of each input. */
  readonly #keys: readonly (KeyCursor | undefined)[];
  readonly #cursors: readonly ((batch: Batch) => RowCursor<Fields>)[];
  readonly #states = new Map<string, KeyedState<unknown>>();
  /** Of the states that have a ttl. */
  readonly #expiring = new Map<string, Expiring>();
  #output!: ProcessOutput;
  #sides!: ReadonlyMap<string, ProcessOutput>;
  #eventTimers!: Timers;
  #processingTimers!: Timers;
  #expiry!: Expiry;
  #broadcast!: BroadcastState;
  #keyedContext!: KeyedFunctionContext;
  #broadcastContext!: BroadcastFunctionContext;

  constructor(plan: ProcessPlan) {
    this.#plan = plan;
    this.#keys = plan.inputs.map(({ key }) => (key === undefined ? undefined : new KeyCursor(key)));
    this.#cursors = plan.inputs.map(({ fields }) => perBatch((batch) => rowCursor(batch, fields)));
  }

  open(context: OperatorContext): void {
    this.#output = new ProcessOutput(this.#plan.emits, context.forward);
    this.#sides = new Map(
      Object.entries(this.#plan.sides).map(([tag, fields]) => [
        tag,
        new ProcessOutput(fields, (batch) => context.forwardTo(tag, batch)),
      ]),
    );
    this.#eventTimers = context.timers("event");
    this.#processingTimers = context.timers("processing");
    const views: Record<string, StateView> = {};
    const moment = this.#moment();
    for (const [name, spec] of Object.entries(this.#plan.state)) {
      const keyed: KeyedState<unknown> = context.state(name, stateCodec(spec.kind, spec.fields));
      const view = stateView(name, spec, keyed, moment);
      views[name] = view;
      this.#states.set(name, keyed);
      if (spec.ttlMs !== undefined) this.#expiring.set(name, view);
    }
    // No name of a declared state begins so. It is there without any ttl too: a ttl may go, and no state be dropped.
    this.#expiry = new Expiry(context.state("$ttl", duesCodec), context.timers("ttl"));
    this.#broadcast = new BroadcastState(this.#plan.broadcastState, context);
    const { views: broadcastState, readonlyViews } = this.#broadcast;
    const actions = this.#actions();
    this.#keyedContext = new KeyedFunctionContext(this.#at, views, readonlyViews, actions);
    const emits = context.isFirst ? actions : { emit: () => undefined, emitTo: () => undefined };
    this.#broadcastContext = new BroadcastFunctionContext(this.#at, broadcastState, emits);
  }

  batch(input: number, batch: Batch): void {
    const keys = this.#keys[input];
    callUser(
      this.#plan.uid,
      () => (keys === undefined ? this.#toAll(input, batch) : this.#toKeys(input, batch, keys)),
      () => (keys === undefined ? timePlace(this.#at.time) : this.#keyPlace("row")),
    );
    this.#flush();
  }

  control(_input: number, element: Control): void {
    const at = this.#at;
    // One that goes back, because a run began again with a longer transaction, takes nothing back.
    if (element.type !== "watermark" || element.time < at.watermark) return;
    at.watermark = element.time;
    callUser(
      this.#plan.uid,
      () => this.#callTimers(element.time),
      () => this.#keyPlace("timer"),
    );
    at.reached = element.time;
    this.#expiry.sweep(element.time, this.#expiring);
    this.#flush();
  }

  processingTime(time: number): void {
    const at = this.#at;
    at.processingTime = time;
    callUser(
      this.#plan.uid,
      () => this.#callProcessingTimers(time),
      () => this.#keyPlace("timer"),
    );
    this.#flush();
  }

  /** Timers behind the last watermark are not called: nothing proves that their time has come. */
  end(): void {}

  /** The watermark, which states have a ttl, and the state that belongs to no key. */
  save(out: ByteWriter): void {
    out.float64(this.#at.watermark);
    out.uint(this.#expiring.size);
    for (const name of this.#expiring.keys()) out.text(name);
    this.#broadcast.save(out);
  }

  restore(saved: readonly ByteReader[]): void {
    const watermarks = saved.map((input) => input.float64());
    this.#at.watermark = watermarks.length === 0 ? BEFORE_ALL_TIME : Math.min(...watermarks);
    this.#at.reached = this.#at.watermark;
    const before = new Set(saved.flatMap((input) => Array.from({ length: input.uint() }, () => input.text())));
    for (const name of this.#expiring.keys()) if (!before.has(name)) this.#beginToExpire(name);
    // Every subtask has saved the same.
    if (saved.length > 0) this.#broadcast.restore(saved[0]!);
  }

  /** Gives the keys of a state that had no ttl yet their timer. */
  #beginToExpire(name: string): void {
    const state = this.#states.get(name)!;
    const keys: Key[] = [];
    if (state.size > 0) state.forEach((key) => void keys.push(key));
    for (const key of keys) this.#expiry.expect(key, name, BEFORE_ALL_TIME);
  }

  #toKeys(input: number, batch: Batch, keys: KeyCursor): void {
    const at = this.#at;
    const onRow = this.#plan.inputs[input]!.onRow as RowFunction;
    keys.begin(batch);
    const { kind, time, seed } = rowColumns(batch);
    const cursor = this.#cursors[input]!(batch);
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      if (keys.moveTo(row)) at.key = keys.key as Id;
      at.kind = kind.values[row] === ADD ? "add" : "retract";
      at.time = time.values[row]!;
      at.seed = seed.get(row);
      onRow(cursor.at(row), this.#keyedContext);
    }
  }

  #toAll(input: number, batch: Batch): void {
    const at = this.#at;
    const onRow = this.#plan.inputs[input]!.onRow as RowFunction;
    const { kind, time, seed } = rowColumns(batch);
    const cursor = this.#cursors[input]!(batch);
    for (let row = 0; row < batch.count; row++) {
      at.kind = kind.values[row] === ADD ? "add" : "retract";
      at.time = time.values[row]!;
      at.seed = seed.get(row);
      onRow(cursor.at(row), this.#broadcastContext);
    }
  }

  #callTimers(through: number): void {
    const at = this.#at;
    const timers = this.#eventTimers;
    const onTimer = this.#plan.onTimer as TimerFunction | undefined;
    for (let due = timers.next(through); due !== undefined; due = timers.next(through)) {
      at.toTimer(due.key, due.time);
      at.reached = Math.max(at.reached, due.time);
      onTimer?.(this.#keyedContext);
    }
  }

  #callProcessingTimers(through: number): void {
    const timers = this.#processingTimers;
    const onTimer = this.#plan.onProcessingTimer as TimerFunction | undefined;
    for (let due = timers.next(through); due !== undefined; due = timers.next(through)) {
      this.#at.toTimer(due.key, this.#at.watermark + 1);
      onTimer?.(this.#keyedContext);
    }
  }

  #keyPlace(what: string): CallPlace {
    return keyPlace(what, this.#at.key, this.#at.time);
  }

  #actions(): KeyActions {
    const at = this.#at;
    return {
      emit: (row) => this.#output.emit(row, at.time, at.seed),
      emitTo: (side, row) => this.#side(side).emit(row, at.time, at.seed),
      setTimer: (time) => this.#eventTimers.register(at.key, this.#checkedTime(time)),
      setProcessingTimer: (time) => this.#processingTimers.register(at.key, this.#checkedTime(time)),
      deleteTimer: (time) => this.#eventTimers.remove(at.key, this.#checkedTime(time)),
      deleteProcessingTimer: (time) => this.#processingTimers.remove(at.key, this.#checkedTime(time)),
    };
  }

  #moment(): Moment {
    const at = this.#at;
    return {
      get key() {
        return at.key;
      },
      get writeTime() {
        return at.writeTime;
      },
      get reached() {
        return at.reached;
      },
      expect: (state, due) => this.#expiry.expect(at.key, state, due),
    };
  }

  #checkedTime(time: number): number {
    if (typeof time === "number" && !Number.isNaN(time)) return time;
    return raise("JOB_TIMER_INVALID", { place: this.#plan.uid, time: String(time) });
  }

  #side(tag: string): ProcessOutput {
    return this.#sides.get(tag) ?? raiseUnknownSide(this.#plan.uid, this.#plan.sides, tag);
  }

  #flush(): void {
    this.#output.flush();
    for (const output of this.#sides.values()) output.flush();
  }
}
