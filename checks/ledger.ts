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

/** A change of a key: rows that count from its time on, or a row that no longer does. */
export interface Change {
  readonly time: number;
  readonly add: readonly Entry[] | null;
  /** Identity of the row that is retracted; null for an add. */
  readonly retract: string | null;
}

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
  timer = Number.POSITIVE_INFINITY;
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

  /**
   * The next point after the last one, +∞ if there is none: the least of the deadlines, plus skew, of what counts or
   * waits, and of the newest change of each run of changes that lie within `skewMs` of one another, plus skew. No point
   * lies before `floor`, where the history of all sources begins.
   */
  nextPoint(skewMs: number, floor: number): number {
    const point = Math.min(this.#nextDeadline(skewMs), this.#nextSettled(skewMs));
    return point === Number.POSITIVE_INFINITY ? point : Math.max(point, floor);
  }

  /** Moves to a point: changes at or before it count from now on. False when it turns out to be none. */
  advance(point: number, skewMs: number, floor: number): boolean {
    const settled = Math.max(this.#nextSettled(skewMs), floor) === point;
    const waiting = this.#waiting;
    let taken = 0;
    while (taken < waiting.length && waiting[taken]!.time <= point) this.#apply(waiting[taken++]!);
    waiting.splice(0, taken);
    const first = this.lastPoint < floor;
    this.lastPoint = point;
    return settled || first || this.entries.some((entry) => entry.dueAt + skewMs === point);
  }

  #apply(change: Change): void {
    this.lastChange = change.time;
    if (change.add !== null) for (const entry of change.add) this.entries.push(entry);
    else this.entries = this.entries.filter((entry) => entry.from.id !== change.retract);
  }

  #nextDeadline(skewMs: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const entry of this.entries) {
      const point = entry.dueAt + skewMs;
      if (point > this.lastPoint && point < least) least = point;
    }
    for (const { time, add } of this.#waiting) {
      if (time >= least) break;
      for (const entry of add ?? []) {
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
    return end === undefined ? Number.POSITIVE_INFINITY : end + skewMs;
  }
}
