import { SortedList } from "../base/sorted-list.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import { Deadlines } from "./deadlines.ts";
import type { Entry } from "./row-set.ts";

/** A change of a key: entries of a row that count from its time on, or that no longer do. */
export interface Change {
  readonly time: number;
  /** False for a retract. */
  readonly isAdd: boolean;
  /** Identity of the row. */
  readonly row: string;
  readonly entries: readonly Entry[];
}

/** Changes up to which looking at each costs less than to keep up what follows from them: rows of a key often come together, and go together. */
const FEW = 256;

/**
 * The changes of a key that wait, by time; those of one time in the order of arrival, which is the log's order for one row.
 * A key may have very many: none of what is asked for here goes through all of them for each change or each point.
 */
export class WaitingChanges implements Iterable<Change> {
  readonly #skewMs: number;
  #list = new SortedList<Change>(byTime);
  /** Time of the last change of the run that the first one begins; undefined where that is to be looked for. */
  #runEnd: number | undefined;
  /** Kept while there are many. */
  #many: ManyWaiting | undefined;
  /** Retracts among them. */
  #retracts = 0;
  /** One of those may be of a row that is not known. */
  #mayBeUnknown = false;

  /** A run are changes of which each lies within `skewMs` of the one before. */
  constructor(skewMs: number) {
    this.#skewMs = skewMs;
  }

  get size(): number {
    return this.#list.size;
  }

  get first(): Change | undefined {
    return this.#list.first;
  }

  [Symbol.iterator](): Iterator<Change> {
    return this.#list[Symbol.iterator]();
  }

  /** Takes a change in; `isKnown` says whether a row counts already. */
  add(change: Change, isKnown: (row: string) => boolean): void {
    const { first } = this.#list;
    const { time } = change;
    this.#list.add(change);
    if (!change.isAdd) this.#retracts++;
    if (first === undefined) this.#runEnd = time;
    else if (this.#runEnd !== undefined) this.#moveRunEnd(time, first.time, this.#runEnd);
    if (this.#many === undefined && this.size > FEW) this.#many = new ManyWaiting(this.#list, this.#skewMs);
    else this.#many?.add(change);
    if (!change.isAdd && !isKnown(change.row) && this.#many?.isAddedBefore(change) !== true) this.#mayBeUnknown = true;
  }

  /** Takes the first change away, if it is at or before a time. */
  take(through: number): Change | undefined {
    const { first } = this.#list;
    if (first === undefined || first.time > through) return undefined;
    this.#list.takeFirst();
    if (!first.isAdd) this.#retracts--;
    if (this.#runEnd !== undefined && (this.#list.first?.time ?? Number.POSITIVE_INFINITY) > this.#runEnd)
      this.#runEnd = undefined;
    this.#many?.removeFirst(first);
    if (this.size === 0) this.#many = undefined;
    return first;
  }

  /** A row that counted is over: what waits may take it away another time. */
  rowEnded(row: string): void {
    if (this.#many === undefined || this.#many.firstOf(row)?.isAdd === false) this.#mayBeUnknown = true;
  }

  /** No row counts any more. */
  rowsEnded(): void {
    this.#mayBeUnknown = true;
  }

  /** Drops retracts of rows that neither count nor are added before. */
  dropUnknown(isKnown: (row: string) => boolean): void {
    if (!this.#mayBeUnknown || this.#retracts === 0) return;
    this.#mayBeUnknown = false;
    const coming = new Set<string>();
    const kept: Change[] = [];
    this.#list.forEach((change) => {
      if (change.isAdd) coming.add(change.row);
      if (change.isAdd || coming.has(change.row) || isKnown(change.row)) kept.push(change);
    });
    if (kept.length === this.size) return;
    this.#retracts -= this.size - kept.length;
    this.#list = SortedList.of(kept, byTime);
    this.#runEnd = undefined;
    this.#many = this.size > FEW ? new ManyWaiting(this.#list, this.#skewMs) : undefined;
  }

  /**
   * The first deadline of what waits, in event time without skew, that is a point of the key: behind the last one, and, skew
   * included, not before the change itself. +∞ for none.
   */
  nextDeadline(lastPoint: number): number {
    if (this.#many !== undefined) return this.#many.nextDeadline(lastPoint);
    let least = Number.POSITIVE_INFINITY;
    this.#list.forEach(({ time, isAdd, entries }) => {
      if (!isAdd) return;
      for (let at = 0; at < entries.length; at++) {
        const { dueAt } = entries[at]!;
        const point = dueAt + this.#skewMs;
        if (point >= time && point > lastPoint && dueAt < least) least = dueAt;
      }
    });
    return least;
  }

  /** Time of the last change of a run that begins at `start`, or with the first change where that is undefined. */
  endOfRun(start: number | undefined): number | undefined {
    const { first } = this.#list;
    if (first === undefined || (start !== undefined && first.time > start + this.#skewMs)) return start;
    this.#runEnd ??= this.#endFrom(BEFORE_ALL_TIME, first.time);
    return this.#runEnd;
  }

  #moveRunEnd(time: number, first: number, end: number): void {
    if (time > end) {
      if (time <= end + this.#skewMs) this.#runEnd = this.#endFrom(time, time);
    } else if (time < first && first > time + this.#skewMs) this.#runEnd = time;
  }

  /** The end of a run that has reached `end`; `from`: times before it are in it. */
  #endFrom(from: number, end: number): number {
    let last = end;
    for (const { time } of this.#list.behind((change) => change.time < from)) {
      if (time > last + this.#skewMs) break;
      last = time;
    }
    return last;
  }
}

/** A change that waits, until it does no more. */
interface Waiter {
  readonly change: Change;
  counts: boolean;
}

/** What is kept up of many changes that wait. */
class ManyWaiting {
  readonly #skewMs: number;
  readonly #deadlines = new Deadlines();
  readonly #byRow = new Map<string, Waiter[]>();

  constructor(changes: Iterable<Change>, skewMs: number) {
    this.#skewMs = skewMs;
    for (const change of changes) this.add(change);
  }

  add(change: Change): void {
    const waiter = { change, counts: true };
    const known = this.#byRow.get(change.row);
    if (known === undefined) this.#byRow.set(change.row, [waiter]);
    else known.splice(known.findLastIndex((other) => other.change.time <= change.time) + 1, 0, waiter);
    for (const entry of change.isAdd ? change.entries : [])
      if (entry.dueAt + this.#skewMs >= change.time) this.#deadlines.add(entry, waiter);
  }

  /** Removes the first change of all. */
  removeFirst({ row }: Change): void {
    const known = this.#byRow.get(row)!;
    known[0]!.counts = false;
    if (known.length === 1) this.#byRow.delete(row);
    else known.shift();
  }

  /** The first deadline that is a point behind the last one. */
  nextDeadline(lastPoint: number): number {
    while (this.#deadlines.next(lastPoint - this.#skewMs) !== undefined);
    return this.#deadlines.first();
  }

  firstOf(row: string): Change | undefined {
    return this.#byRow.get(row)?.[0]?.change;
  }

  /** An add of a row waits in front of a retract of it, which came later. */
  isAddedBefore(retract: Change): boolean {
    const first = this.#byRow.get(retract.row)!.find(({ change }) => change.isAdd);
    return first !== undefined && first.change.time <= retract.time;
  }
}

function byTime({ time: left }: Change, { time: right }: Change): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
