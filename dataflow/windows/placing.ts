import type { Batch } from "../../base/batch.ts";
import type { Float64Column, Int64Column } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { type AlignedWindows, alignedWindows } from "./aligned-windows.ts";
import type { SessionAssigner, WindowAssigner } from "./assigners.ts";
import { type OpenWindow, type OpenWindows, openWindow } from "./open-windows.ts";
import { mergeTriggered } from "./trigger-rules.ts";

/** Finds the windows of a key that a row is in, which it opens where they are not there. */
export interface Placing<A> {
  /** Says of which batch the rows are that follow. */
  bind(batch: Batch): void;
  /**
   * Gives a row's windows, the last first, in an array that is the next call's too. Windows that end before `closed` are
   * over: they are left out.
   */
  windowsOf(row: number, time: number, key: OpenWindows<A>, closed: number): readonly OpenWindow<A>[];
  /** Whether the rows' time puts them into windows, so that it must be known. */
  readonly byTime: boolean;
  /** Windows whose contents were purged still have their bounds. */
  readonly keepsBounds: boolean;
}

/** How contents are made and merged. */
export interface Merging<A> {
  create(): A;
  merge(into: A, from: A): void;
}

/** Places rows as an assigner says. */
export function placing<A>(uid: string, assigner: WindowAssigner, contents: Merging<A>): Placing<A> {
  switch (assigner.type) {
    case "session":
      return new SessionPlacing(uid, assigner, contents);
    case "global":
      return new GlobalPlacing(contents);
    default:
      return new AlignedPlacing(alignedWindows(assigner), contents);
  }
}

class AlignedPlacing<A> implements Placing<A> {
  readonly byTime = true;
  readonly keepsBounds = false;
  readonly #windows: AlignedWindows;
  readonly #contents: Merging<A>;
  /** The slice of the last row, its end, and the ends of its windows, the last first. */
  #slice = 0;
  #sliceEnd = BEFORE_ALL_TIME;
  #ends: number[] = [];
  readonly #found: OpenWindow<A>[] = [];

  constructor(windows: AlignedWindows, contents: Merging<A>) {
    this.#windows = windows;
    this.#contents = contents;
  }

  bind(): void {}

  windowsOf(_row: number, time: number, key: OpenWindows<A>, closed: number): readonly OpenWindow<A>[] {
    if (time < this.#slice || time >= this.#sliceEnd) this.#cut(time);
    const found = this.#found;
    found.length = 0;
    for (const end of this.#ends) {
      if (end < closed) break;
      found.push(this.#window(key, end));
    }
    return found;
  }

  #cut(time: number): void {
    const windows = this.#windows;
    this.#slice = windows.slice(time);
    this.#sliceEnd = windows.sliceEnd(this.#slice);
    this.#ends = [];
    let end = windows.nextEnd(this.#slice, BEFORE_ALL_TIME);
    for (; end < AFTER_ALL_TIME; end = windows.nextEnd(this.#slice, end)) this.#ends.unshift(end);
  }

  #window({ windows }: OpenWindows<A>, end: number): OpenWindow<A> {
    let at = windows.length;
    // Later windows start later, or with the same start end later.
    while (at > 0 && windows[at - 1]!.end > end) at--;
    const before = windows[at - 1];
    if (before?.end === end) return before;
    const opened = openWindow(this.#windows.start(end), end, this.#contents.create());
    windows.splice(at, 0, opened);
    return opened;
  }
}

class GlobalPlacing<A> implements Placing<A> {
  readonly byTime = false;
  readonly keepsBounds = false;
  readonly #contents: Merging<A>;
  readonly #found: OpenWindow<A>[] = [];

  constructor(contents: Merging<A>) {
    this.#contents = contents;
  }

  bind(): void {}

  windowsOf(_row: number, _time: number, { windows }: OpenWindows<A>): readonly OpenWindow<A>[] {
    windows[0] ??= openWindow(BEFORE_ALL_TIME, AFTER_ALL_TIME, this.#contents.create());
    this.#found[0] = windows[0];
    return this.#found;
  }
}

class SessionPlacing<A> implements Placing<A> {
  readonly byTime = true;
  readonly keepsBounds = true;
  readonly #uid: string;
  readonly #assigner: SessionAssigner;
  readonly #contents: Merging<A>;
  #bound: Batch | undefined;
  #gapOf: (row: number) => number;
  readonly #found: OpenWindow<A>[] = [];

  constructor(uid: string, assigner: SessionAssigner, contents: Merging<A>) {
    this.#uid = uid;
    this.#assigner = assigner;
    this.#contents = contents;
    this.#gapOf = () => assigner.gap as number;
  }

  bind(batch: Batch): void {
    const { gap } = this.#assigner;
    if (typeof gap === "number" || batch === this.#bound) return;
    this.#bound = batch;
    const column = batch.column(gap) as Int64Column | Float64Column;
    const read = column.type === "int64" ? (row: number) => column.number(row) : (row: number) => column.values[row]!;
    this.#gapOf = (row) => {
      const own = column.nulls[row] === 1 ? Number.NaN : read(row);
      if (own > 0) return own;
      return raise("WINDOW_GAP_INVALID", { field: gap, place: this.#uid, gap: String(column.get(row)) });
    };
  }

  /** The row's own window, which it and all that it touches become. */
  windowsOf(row: number, time: number, { windows }: OpenWindows<A>, closed: number): readonly OpenWindow<A>[] {
    const end = time + this.#gapOf(row);
    const found = this.#found;
    found.length = 0;
    let from = windows.length;
    while (from > 0 && windows[from - 1]!.end >= time) from--;
    let behind = from;
    while (behind < windows.length && windows[behind]!.start <= end) behind++;
    if (from === behind) {
      if (end < closed) return found;
      windows.splice(from, 0, openWindow(time, end, this.#contents.create()));
    } else this.#merge(windows, from, behind, time, end);
    found.push(windows[from]!);
    return found;
  }

  #merge(windows: OpenWindow<A>[], from: number, behind: number, start: number, end: number): void {
    const into = windows[from]!;
    into.start = Math.min(into.start, start);
    into.end = Math.max(windows[behind - 1]!.end, end);
    if (behind - from === 1) return;
    for (const other of windows.splice(from + 1, behind - from - 1)) {
      if (into.contents === undefined) into.contents = other.contents;
      else if (other.contents !== undefined) this.#contents.merge(into.contents, other.contents);
      mergeTriggered(into, other);
    }
  }
}
