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
import type { AlignedWindows } from "./aligned-windows.ts";
import type { Contents } from "./contents.ts";
import { windowsCodec } from "./contents-codec.ts";

/** What a sliced window is made of. */
export interface SlicedWindowsSpec<A> {
  /** Of the rows. */
  readonly fields: Fields;
  /** Of the results. */
  readonly emits: Fields;
  readonly keyColumn: string;
  readonly windows: AlignedWindows;
  /** Says in an Avro name how time is cut, so that no other windows go on with these slices. */
  readonly kind: string;
  readonly contents: Contents<A>;
  readonly latenessMs: number;
}

/** The slices of a key, by their starts. */
interface Slices<A> {
  /** The key's next timer; others of the key are leftovers. */
  due: number;
  /** Rows that came so far. */
  arrivals: number;
  starts: number[];
  contents: A[];
}

/**
 * Aligned windows by event time that fire when the watermark is there, and at each row after it. A row is taken into one
 * slice of time, whatever number of windows it is in; a window that fires is merged from its slices. A key has one timer
 * at a time, for the next of its windows.
 */
export class SlicedWindows<A> implements Operator {
  readonly #spec: SlicedWindowsSpec<A>;
  readonly #out: RowOutput;
  #context!: OperatorContext;
  #late!: LateRows;
  #state!: KeyedState<Slices<A>>;
  #timers!: Timers;
  readonly #keys: KeyCursor;
  readonly #watermark = new Watermark();
  /** The slice of the last row, its end, and the ends of its first and its last window. */
  #slice = 0;
  #sliceEnd = BEFORE_ALL_TIME;
  #firstEnd = BEFORE_ALL_TIME;
  #lastEnd = BEFORE_ALL_TIME;

  constructor(spec: SlicedWindowsSpec<A>) {
    this.#spec = spec;
    this.#out = new RowOutput(spec.emits);
    this.#keys = new KeyCursor(spec.keyColumn);
  }

  open(context: OperatorContext): void {
    const { kind, contents } = this.#spec;
    this.#context = context;
    this.#late = new LateRows(this.#spec.fields, LATE, context.forwardTo);
    this.#state = context.state("windows", windowsCodec({ windows: kind, ...slicesFormat<A>() }, contents.codec));
    this.#timers = context.timers("windows");
  }

  batch(_input: number, batch: Batch): void {
    const { contents, latenessMs } = this.#spec;
    const keys = this.#keys;
    keys.begin(batch);
    const times = rowColumns(batch).time.values;
    contents.bind(batch);
    let slices: Slices<A> | undefined;
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      if (!this.#cut(times[row]!)) {
        this.#late.add(batch, row);
        continue;
      }
      if (this.#lastEnd - 1 + latenessMs <= this.#watermark.time) {
        if (this.#isLate(times[row]!)) this.#late.add(batch, row);
        continue;
      }
      if (keys.moveTo(row)) slices = this.#state.get(keys.key);
      slices ??= this.#begin(keys.key);
      const at = this.#sliceAt(keys.key, slices);
      contents.add(slices.contents[at]!, row, slices.arrivals++);
      if (this.#firstEnd - 1 <= this.#watermark.time) this.#fireLate(keys.key, slices);
    }
    this.#flush();
  }

  control(_input: number, element: Control): void {
    if (this.#watermark.accepts(element)) this.#advance(element.time);
  }

  /** All windows end. */
  end(): void {
    this.#watermark.atEnd(() => this.#advance(AFTER_ALL_TIME));
  }

  save(out: ByteWriter): void {
    this.#watermark.save(out);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark.restore(saved);
  }

  #advance(watermark: number): void {
    const { forward } = this.#context;
    const timers = this.#timers;
    for (let due = timers.next(watermark); due !== undefined; due = timers.next(watermark)) {
      this.#onTimer(due.key, due.time);
      this.#out.flushIfFull(forward);
    }
    this.#watermark.time = watermark;
    this.#flush();
  }

  /** Finds the slice of a time; false for one that is in none, since it is not known. */
  #cut(time: number): boolean {
    if (time >= this.#slice && time < this.#sliceEnd) return true;
    if (!Number.isFinite(time)) return false;
    const { windows } = this.#spec;
    this.#slice = windows.slice(time);
    this.#sliceEnd = windows.sliceEnd(this.#slice);
    this.#firstEnd = windows.nextEnd(this.#slice, BEFORE_ALL_TIME);
    this.#lastEnd = windows.lastEnd(this.#slice);
    return true;
  }

  /** A row that windows leave out is not late before its time is. */
  #isLate(time: number): boolean {
    return this.#lastEnd > BEFORE_ALL_TIME || time + this.#spec.latenessMs <= this.#watermark.time;
  }

  #begin(key: Key): Slices<A> {
    const slices: Slices<A> = { due: AFTER_ALL_TIME, arrivals: 0, starts: [], contents: [] };
    this.#state.set(key, slices);
    return slices;
  }

  /** The place of the current slice among those of a key, which is made where it is not there. */
  #sliceAt(key: Key, slices: Slices<A>): number {
    const { starts, contents } = slices;
    const slice = this.#slice;
    let at = starts.length;
    while (at > 0 && starts[at - 1]! > slice) at--;
    if (at > 0 && starts[at - 1] === slice) return at - 1;
    starts.splice(at, 0, slice);
    contents.splice(at, 0, this.#spec.contents.create());
    const due = this.#dueOf(slice, this.#watermark.time);
    if (due < slices.due) this.#expect(key, slices, due);
    return at;
  }

  /** When a window with a slice ends next, behind a time; when the slice is needed no more, if none does. */
  #dueOf(slice: number, behind: number): number {
    const { windows, latenessMs } = this.#spec;
    const end = windows.nextEnd(slice, behind + 1);
    return (end < AFTER_ALL_TIME ? end : windows.lastEnd(slice) + latenessMs) - 1;
  }

  #expect(key: Key, slices: Slices<A>, due: number): void {
    slices.due = due;
    this.#timers.register(key, due);
  }

  /** Windows of the current slice that have ended fire again, the last first. */
  #fireLate(key: Key, slices: Slices<A>): void {
    const { windows, latenessMs } = this.#spec;
    const ends: number[] = [];
    const watermark = this.#watermark.time;
    let end = windows.nextEnd(this.#slice, watermark - latenessMs + 1);
    for (; end - 1 <= watermark; end = windows.nextEnd(this.#slice, end)) ends.push(end);
    for (const last of ends.reverse()) this.#fire(key, slices, last);
    this.#out.flushIfFull(this.#context.forward);
  }

  #onTimer(key: Key, time: number): void {
    const slices = this.#state.get(key);
    if (slices === undefined || slices.due !== time) return;
    this.#fire(key, slices, time + 1);
    const { windows, latenessMs } = this.#spec;
    const { starts } = slices;
    // Of an earlier slice the windows end earlier.
    let over = 0;
    while (over < starts.length && windows.lastEnd(starts[over]!) - 1 + latenessMs <= time) over++;
    if (over === starts.length) {
      this.#state.delete(key);
      return;
    }
    if (over > 0) removeFirst(slices, over);
    this.#expect(key, slices, this.#nextDue(slices, time));
  }

  /** The first time behind another at which a window of the slices ends, or a slice is needed no more. */
  #nextDue({ starts }: Slices<A>, behind: number): number {
    const { windows, latenessMs } = this.#spec;
    let due = AFTER_ALL_TIME;
    for (let i = 0; i < starts.length; i++) {
      const end = windows.nextEnd(starts[i]!, behind + 1);
      if (end < AFTER_ALL_TIME) return Math.min(due, end - 1);
      if (i === 0) due = windows.lastEnd(starts[0]!) - 1 + latenessMs;
    }
    return due;
  }

  /** Gives the results of the window that ends at a time, if there is one and it has rows. */
  #fire(key: Key, { starts, contents }: Slices<A>, end: number): void {
    const { windows, contents: kind } = this.#spec;
    const start = windows.start(end);
    let first = 0;
    while (first < starts.length && starts[first]! < start) first++;
    if (first === starts.length || starts[first]! >= end || windows.nextEnd(starts[first]!, end - 1) !== end) return;
    let result: A = contents[first]!;
    if (starts[first + 1]! < end) {
      result = kind.create();
      for (let i = first; starts[i]! < end; i++) kind.merge(result, contents[i]!);
    }
    kind.emit(result, this.#out, end - 1, key, start, end);
  }

  #flush(): void {
    this.#out.flush(this.#context.forward);
    this.#late.flush();
  }
}

function removeFirst({ starts, contents }: Slices<unknown>, count: number): void {
  const left = starts.length - count;
  for (let i = 0; i < left; i++) {
    starts[i] = starts[i + count]!;
    contents[i] = contents[i + count];
  }
  starts.length = contents.length = left;
}

function slicesFormat<A>() {
  return {
    write(
      { due, arrivals, starts, contents }: Slices<A>,
      out: ByteWriter,
      write: (contents: A, out: ByteWriter) => void,
    ) {
      out.float64(due);
      out.uint(arrivals);
      out.uint(starts.length);
      for (let i = 0; i < starts.length; i++) {
        out.float64(starts[i]!);
        write(contents[i]!, out);
      }
    },
    read(input: ByteReader, read: (input: ByteReader) => A): Slices<A> {
      const slices: Slices<A> = { due: input.float64(), arrivals: input.uint(), starts: [], contents: [] };
      for (let left = input.uint(); left > 0; left--) {
        slices.starts.push(input.float64());
        slices.contents.push(read(input));
      }
      return slices;
    },
  };
}
