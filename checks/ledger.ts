import type { Key } from "../base/key.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { JudgedEntry } from "./judgement.ts";

/** Where a row that takes part in a check comes from: its evidence, shared by the legs that it feeds. */
export interface RowEvidence {
  /** Identity of the row within the check: input, table and primary key. */
  readonly id: string;
  readonly input: number;
  readonly table: number;
  readonly row: Key;
  readonly major: number;
  readonly minor: number;
  readonly sub: number;
  /** Event time of the change; −∞ for the seed. */
  readonly time: number;
  /** When the seed was taken, for a row of it; else null. */
  readonly seed: number | null;
  /** Values of the model's fields, in order, for people. */
  readonly fields: readonly unknown[];
}

/** A row's part in one leg. */
export interface Entry extends JudgedEntry {
  readonly leg: number;
  readonly from: RowEvidence;
}

/** A change of a key: entries of a row that count from its time on, or that no longer do. */
export interface Change {
  readonly time: number;
  /** False for a retract. */
  readonly isAdd: boolean;
  /** Identity of the row. */
  readonly row: string;
  readonly entries: readonly Entry[];
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * What is known of one key: the entries that count at the last point that was judged, and the changes behind it that
 * wait, because a verdict at a point is computed from exactly the changes at or before it.
 */
export class Ledger {
  entries: Entry[] = [];
  /** The last point that was visited; nothing at or before it is judged again. */
  lastPoint = BEFORE_ALL_TIME;
  /** Time of the newest change among `entries`' history; undefined before the first. */
  lastChange: number | undefined = undefined;
  /** Time that a timer is registered for; +∞ for none. */
  timer = NEVER;
  /** `closed`: only totals are left of the rows so far; `forgotten`: not even those. */
  memory: "rows" | "closed" | "forgotten" = "rows";
  /** False until the first judgement. */
  judged = false;
  /** A point before the floor is still to be judged, at the floor. */
  #owed = false;
  /** By time; equal times in the order of arrival, which is the log's order for one row. */
  readonly #waiting: Change[] = [];

  /** Takes a change that has not been judged. */
  add(change: Change): void {
    const waiting = this.#waiting;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1]!.time > change.time) at--;
    if (at === waiting.length) waiting.push(change);
    else waiting.splice(at, 0, change);
  }

  /** Changes that wait, by time. */
  get waiting(): readonly Change[] {
    return this.#waiting;
  }

  /** The entries that will count at a point ahead, as far as is known. */
  entriesAt(point: number): readonly Entry[] {
    let entries = this.entries;
    for (const change of this.#waiting) {
      if (change.time > point) break;
      entries = change.isAdd ? [...entries, ...change.entries] : this.#without(entries, change);
    }
    return entries;
  }

  /**
   * The next point after the last one, +∞ if there is none: the least of the deadlines, plus skew, of what counts or
   * waits, and of the newest change of each run of changes that lie within `skewMs` of one another, plus skew. Points
   * before `floor`, where the history of all sources begins, are judged there together.
   */
  nextPoint(skewMs: number, floor: number): number {
    const point = Math.min(this.#nextDeadline(skewMs), this.#nextSettled(skewMs));
    return this.#owed ? Math.min(point, floor) : point;
  }

  /** Moves to a point: changes at or before it count from now on. False when nothing is to be judged there. */
  advance(point: number, skewMs: number, floor: number): boolean {
    const settled = this.#nextSettled(skewMs) === point;
    const waiting = this.#waiting;
    let taken = 0;
    while (taken < waiting.length && waiting[taken]!.time <= point) this.#apply(waiting[taken++]!);
    waiting.splice(0, taken);
    this.lastPoint = point;
    const real = this.#owed || settled || this.entries.some((entry) => entry.dueAt + skewMs === point);
    this.#owed = real && point < floor;
    this.judged ||= real && !this.#owed;
    return real && !this.#owed;
  }

  /** True when nothing of what counts has a point ahead. */
  isIdle(skewMs: number): boolean {
    if (this.#owed || (this.lastChange ?? BEFORE_ALL_TIME) + skewMs > this.lastPoint) return false;
    return this.entries.every((entry) => entry.dueAt + skewMs <= this.lastPoint);
  }

  /** Drops the first change that waits if it takes away a row that is not known; false when it does not. */
  dropUnknownRetract(): boolean {
    const [first] = this.#waiting;
    if (first === undefined || first.isAdd || this.entries.some((entry) => entry.from.id === first.row)) return false;
    this.#waiting.shift();
    return true;
  }

  /** Leaves one entry per leg and currency of all rows, which are due: judgements stay as they are. */
  close(): void {
    const totals: Entry[] = [];
    for (const entry of this.entries) addTo(totals, entry, entry.minor);
    this.entries = totals;
    this.memory = "closed";
  }

  /** Drops the totals too: what comes now has no history to be judged by. */
  forget(): void {
    this.entries = [];
    this.memory = "forgotten";
  }

  /** Begins anew, but for the changes that wait. */
  reset(): void {
    this.entries = [];
    this.lastPoint = BEFORE_ALL_TIME;
    this.lastChange = undefined;
    this.memory = "rows";
    this.judged = false;
  }

  #apply(change: Change): void {
    this.lastChange = change.time;
    if (change.isAdd) for (const entry of change.entries) this.entries.push(entry);
    else this.entries = this.#without(this.entries, change);
  }

  #without(entries: Entry[], change: Change): Entry[] {
    const left = entries.filter((entry) => entry.from.id !== change.row);
    if (left.length === entries.length && this.memory === "closed") {
      for (const entry of change.entries) addTo(left, entry, -entry.minor);
    }
    return left;
  }

  #nextDeadline(skewMs: number): number {
    let least = NEVER;
    for (const entry of this.entries) {
      const point = entry.dueAt + skewMs;
      if (point > this.lastPoint && point < least) least = point;
    }
    for (const { time, isAdd, entries } of this.#waiting) {
      if (time >= least) break;
      for (const entry of isAdd ? entries : []) {
        const point = entry.dueAt + skewMs;
        if (point >= time && point > this.lastPoint && point < least) least = point;
      }
    }
    return least;
  }

  /** The end of the first run of changes that has not been judged, plus skew. */
  #nextSettled(skewMs: number): number {
    const judged = this.lastChange === undefined || this.lastChange + skewMs <= this.lastPoint;
    let end = judged ? undefined : this.lastChange;
    for (const { time } of this.#waiting) {
      if (end !== undefined && time > end + skewMs) break;
      end = time;
    }
    return end === undefined ? NEVER : end + skewMs;
  }
}

/** Adds an amount to the total of its leg and currency. */
function addTo(totals: Entry[], entry: Entry, minor: bigint): void {
  const id = `closed/${entry.leg}/${entry.currency}`;
  const at = totals.findIndex((total) => total.from.id === id);
  if (at < 0) {
    totals.push({ ...entry, minor, from: { ...entry.from, id, row: "closed", fields: [] } });
    return;
  }
  const total = totals[at]!;
  totals[at] = { ...total, minor: total.minor + minor, dueAt: Math.max(total.dueAt, entry.dueAt) };
}
