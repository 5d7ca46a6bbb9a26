import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { KeyCursor } from "../key-cursor.ts";
import { LateRows } from "../late-rows.ts";
import { LATE } from "../late-side.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../operator.ts";
import { RowOutput, rowColumns } from "../row-layout.ts";
import { Watermark } from "../watermark.ts";
import type { TimeDomain, WindowAssigner } from "./assigners.ts";
import type { Contents } from "./contents.ts";
import { windowsCodec } from "./contents-codec.ts";
import { type OpenWindow, type OpenWindows, openWindowsFormat } from "./open-windows.ts";
import { type Placing, placing } from "./placing.ts";
import { type TriggerRule, triggerRule } from "./trigger-rules.ts";
import type { Trigger } from "./triggers.ts";

/** What windows with a trigger are made of. */
export interface TriggeredWindowsSpec<A> {
  readonly uid: string;
  /** Of the rows. */
  readonly fields: Fields;
  /** Of the results. */
  readonly emits: Fields;
  readonly keyColumn: string;
  readonly assigner: WindowAssigner;
  readonly trigger: Trigger;
  /** Says in an Avro name which windows they are, so that no others go on with them. */
  readonly kind: string;
  readonly contents: Contents<A>;
  /** 0 for windows by processing time. */
  readonly latenessMs: number;
}

/**
 * Windows of any kind with any trigger: each window of a key is kept apart. A key has one timer of event time and one of
 * processing time at a time, for the first of its windows that waits for one.
 */
export class TriggeredWindows<A> implements Operator {
  readonly #spec: TriggeredWindowsSpec<A>;
  readonly #domain: TimeDomain;
  readonly #rule: TriggerRule;
  readonly #placing: Placing<A>;
  readonly #out: RowOutput;
  #context!: OperatorContext;
  #late!: LateRows;
  #state!: KeyedState<OpenWindows<A>>;
  #timers!: Timers;
  #clockTimers!: Timers;
  readonly #keys: KeyCursor;
  readonly #watermark = new Watermark();
  /** Processing time as it was last told; the epoch before that. */
  #clock = 0;

  constructor(spec: TriggeredWindowsSpec<A>) {
    this.#spec = spec;
    this.#domain = spec.assigner.domain;
    this.#rule = triggerRule(spec.trigger);
    this.#placing = placing(spec.uid, spec.assigner, spec.contents);
    this.#out = new RowOutput(spec.emits);
    this.#keys = new KeyCursor(spec.keyColumn);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#late = new LateRows(this.#spec.fields, LATE, context.forwardTo);
    const { kind, contents } = this.#spec;
    this.#state = context.state("windows", windowsCodec(openWindowsFormat<A>(kind), contents.codec));
    this.#timers = context.timers("windows");
    this.#clockTimers = context.timers("clock");
  }

  batch(_input: number, batch: Batch): void {
    const { contents } = this.#spec;
    const keys = this.#keys;
    keys.begin(batch);
    const times = rowColumns(batch).time.values;
    const byClock = this.#domain === "processing";
    contents.bind(batch);
    this.#placing.bind(batch);
    let windows: OpenWindows<A> | undefined;
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      const time = byClock ? this.#clock : times[row]!;
      if (this.#placing.byTime && !Number.isFinite(time)) {
        this.#late.add(batch, row);
        continue;
      }
      if (keys.moveTo(row)) windows = this.#state.get(keys.key);
      windows ??= { due: undefined, dueClock: undefined, arrivals: 0, windows: [] };
      if (!this.#take(row, time, keys.key, windows)) this.#leaveOut(batch, row, time);
    }
    this.#flush();
  }

  control(_input: number, element: Control): void {
    if (this.#watermark.accepts(element)) this.#advance(element.time);
  }

  processingTime(time: number): void {
    this.#clock = Math.max(this.#clock, time);
    const { forward } = this.#context;
    const timers = this.#clockTimers;
    for (let due = timers.next(time); due !== undefined; due = timers.next(time)) {
      const windows = this.#state.get(due.key);
      if (windows?.dueClock !== due.time) continue;
      windows.dueClock = undefined;
      for (const window of windows.windows) {
        if (this.#rule.onClock(window, due.time)) this.#fire(due.key, window);
      }
      this.#close(due.key, windows, due.time, this.#domain === "processing");
      this.#out.flushIfFull(forward);
    }
    this.#flush();
  }

  /** Windows by event time end. */
  end(): void {
    this.#watermark.atEnd(() => this.#advance(AFTER_ALL_TIME));
  }

  save(out: ByteWriter): void {
    this.#watermark.save(out);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark.restore(saved);
  }

  /** Takes a row into its windows; false where all of them are over, or there is none. */
  #take(row: number, time: number, key: Key, windows: OpenWindows<A>): boolean {
    const { contents, latenessMs } = this.#spec;
    const closed = this.#domain === "event" ? this.#watermark.time - latenessMs + 2 : BEFORE_ALL_TIME;
    const placed = this.#placing.windowsOf(row, time, windows, closed);
    if (placed.length === 0) return false;
    if (windows.arrivals === 0) this.#state.set(key, windows);
    const arrival = windows.arrivals++;
    for (let i = 0; i < placed.length; i++) {
      const window = placed[i]!;
      window.contents ??= contents.create();
      contents.add(window.contents, row, arrival);
      if (this.#rule.onRow(window, time, this.#watermark.time, this.#clock)) this.#fire(key, window);
      this.#expect(key, windows, window);
    }
    if (this.#rule.purges) this.#forget(key, windows);
    return true;
  }

  /** A row is late where its time is too, and not only outside of all windows. */
  #leaveOut(batch: Batch, row: number, time: number): void {
    if (this.#domain === "event" && time + this.#spec.latenessMs <= this.#watermark.time) this.#late.add(batch, row);
  }

  #advance(watermark: number): void {
    const { forward } = this.#context;
    const timers = this.#timers;
    for (let due = timers.next(watermark); due !== undefined; due = timers.next(watermark)) {
      const windows = this.#state.get(due.key);
      if (windows?.due !== due.time) continue;
      windows.due = undefined;
      this.#watermark.time = Math.max(this.#watermark.time, due.time);
      for (const window of windows.windows) {
        if (this.#rule.onEventTime(window, due.time)) this.#fire(due.key, window);
        // When all has ended, a window without end has but one result left, and not one for each interval.
        if (watermark === AFTER_ALL_TIME && window.end === AFTER_ALL_TIME) window.next = AFTER_ALL_TIME;
      }
      this.#close(due.key, windows, due.time - this.#spec.latenessMs, this.#domain === "event");
      this.#out.flushIfFull(forward);
    }
    this.#watermark.time = watermark;
    this.#flush();
  }

  /** Gives the results of a window, if it holds any rows. */
  #fire(key: Key, window: OpenWindow<A>): void {
    const { contents, start, end } = window;
    if (contents === undefined) return;
    this.#spec.contents.emit(contents, this.#out, end - 1, key, start, end);
    if (this.#rule.purges) window.contents = undefined;
  }

  /** Lets go of windows that end by a time, and waits for what comes next of the others. */
  #close(key: Key, all: OpenWindows<A>, time: number, ends: boolean): void {
    const { windows } = all;
    let kept = 0;
    for (const window of windows) if (!(ends && window.end - 1 <= time)) windows[kept++] = window;
    windows.length = kept;
    this.#forget(key, all);
    for (const window of windows) this.#expect(key, all, window);
  }

  /** Lets go of windows that hold nothing and wait for nothing, and of the key when it has no window. */
  #forget(key: Key, all: OpenWindows<A>): void {
    const { windows } = all;
    if (this.#rule.purges && !this.#placing.keepsBounds) {
      let kept = 0;
      for (const window of windows) if (!isBlank(window)) windows[kept++] = window;
      windows.length = kept;
    }
    if (windows.length > 0) return;
    this.#state.delete(key);
    all.arrivals = 0;
    all.due = all.dueClock = undefined;
  }

  /** Sets the key's timers where the window waits for an earlier time than all others. */
  #expect(key: Key, windows: OpenWindows<A>, window: OpenWindow<A>): void {
    const byEvent = this.#domain === "event";
    const end = window.end - 1;
    let due = byEvent ? end + this.#spec.latenessMs : undefined;
    if (this.#rule.atEnd && end > this.#watermark.time) due = end;
    if (window.next < (due ?? AFTER_ALL_TIME)) due = window.next;
    // A window without end that gives no result at it waits for nothing, and is kept for as long as it has rows.
    if (due === AFTER_ALL_TIME && !this.#rule.atEnd) due = undefined;
    if (due !== undefined && !(windows.due !== undefined && windows.due <= due)) {
      windows.due = due;
      this.#timers.register(key, due);
    }
    let clock = byEvent ? undefined : end;
    if (window.nextClock < (clock ?? AFTER_ALL_TIME)) clock = window.nextClock;
    if (clock !== undefined && !(windows.dueClock !== undefined && windows.dueClock <= clock)) {
      windows.dueClock = clock;
      this.#clockTimers.register(key, clock);
    }
  }

  #flush(): void {
    this.#out.flush(this.#context.forward);
    this.#late.flush();
  }
}

function isBlank({ contents, count, next, nextClock }: OpenWindow<unknown>): boolean {
  return contents === undefined && count === 0 && next === AFTER_ALL_TIME && nextClock === AFTER_ALL_TIME;
}
