import type { Records } from "../../dataflow/records.ts";
import { type CheckRule, isCapture, type PlainTotals } from "../rule.ts";
import { ENTRY_DOUBLES, entriesOfRow, legOfEntry, lengthOfRow, RECORD, ROW, rowsOf } from "./plain-layout.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Points and sums of a plain key, told from its record: what a `Ledger` tells of the same rows. */
export class PlainPoints {
  /** The first time of a change that waits behind the point that was looked at last, +∞ for none. */
  firstWaiting = NEVER;
  readonly totals: Mutable<PlainTotals> = {
    lower: 0,
    upper: 0,
    full: 0,
    actual: 0,
    ahead: 0,
    captures: 0,
    lines: 0,
    dueLines: 0,
  };
  readonly #records: Records;
  readonly #skewMs: number;
  /** By leg. */
  readonly #expects: readonly boolean[];
  readonly #captures: readonly boolean[];

  constructor({ legs, skewMs }: CheckRule, records: Records) {
    this.#records = records;
    this.#skewMs = skewMs;
    this.#expects = legs.map(({ side }) => side === "expect");
    this.#captures = legs.map(isCapture);
  }

  /** The next point of a key behind its last one, as `Ledger.nextJudgement`. */
  next(address: number): number {
    const { words, doubles } = this.#records;
    const skew = this.#skewMs;
    const lastPoint = doubles[(address >> 3) + RECORD.lastPoint]!;
    let due = NEVER;
    let lastChange = -NEVER;
    let firstWaiting = NEVER;
    let at = (address >> 3) + RECORD.rows;
    for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
      const shape = words[at << 1]!;
      const time = doubles[at + ROW.time]!;
      const counts = time <= lastPoint;
      if (counts) {
        if (time > lastChange) lastChange = time;
      } else if (time < firstWaiting) firstWaiting = time;
      let entry = at + ROW.entries + 1;
      for (let i = entriesOfRow(shape); i > 0; i--, entry += ENTRY_DOUBLES) {
        const point = doubles[entry]! + skew;
        if (point > lastPoint && point < due && (counts || point >= time)) due = point;
      }
      at += lengthOfRow(shape);
    }
    return this.#nextOf(address, lastPoint, due, lastChange, firstWaiting);
  }

  #nextOf(address: number, lastPoint: number, due: number, lastChange: number, firstWaiting: number): number {
    this.firstWaiting = firstWaiting;
    const skew = this.#skewMs;
    const begin = lastChange + skew > lastPoint ? lastChange : firstWaiting;
    const settled = firstWaiting === NEVER ? begin + skew : this.#endOfRun(address, begin) + skew;
    return Math.min(settled, due);
  }

  /** The newest of the changes that wait and lie within the skew of one another, from a time on. */
  #endOfRun(address: number, begin: number): number {
    const { words, doubles } = this.#records;
    let end = begin;
    for (let isLonger = true; isLonger; ) {
      isLonger = false;
      let at = (address >> 3) + RECORD.rows;
      for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
        const time = doubles[at + ROW.time]!;
        if (time > end && time <= end + this.#skewMs) {
          end = time;
          isLonger = true;
        }
        at += lengthOfRow(words[at << 1]!);
      }
    }
    return end;
  }

  /** Sums up what counts at a point, into `totals`; gives the next point behind it. */
  sumUp(address: number, point: number): number {
    const { words, doubles } = this.#records;
    const skew = this.#skewMs;
    let lower = 0;
    let upper = 0;
    let full = 0;
    let actual = 0;
    let ahead = 0;
    let captures = 0;
    let lines = 0;
    let dueLines = 0;
    let due = NEVER;
    let lastChange = -NEVER;
    let firstWaiting = NEVER;
    let at = (address >> 3) + RECORD.rows;
    for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
      const shape = words[at << 1]!;
      const time = doubles[at + ROW.time]!;
      const entries = entriesOfRow(shape);
      const counts = time <= point;
      if (counts) {
        if (time > lastChange) lastChange = time;
      } else if (time < firstWaiting) firstWaiting = time;
      const legs = words[(at << 1) + ROW.legs]!;
      for (let i = 0, entry = at + ROW.entries; i < entries; i++, entry += ENTRY_DOUBLES) {
        const dueAt = doubles[entry + 1]! + skew;
        const isDue = dueAt <= point;
        if (!isDue && dueAt < due && (counts || dueAt >= time)) due = dueAt;
        if (!counts) continue;
        const minor = doubles[entry]!;
        const leg = legOfEntry(legs, i);
        if (this.#expects[leg]!) {
          full += minor;
          if (isDue || minor < 0) lower += minor;
          if (isDue || minor >= 0) upper += minor;
          if (this.#captures[leg]!) captures++;
        } else {
          actual += minor;
          lines++;
          if (isDue) dueLines++;
          else if (minor < 0) ahead += minor;
        }
      }
      at += lengthOfRow(shape);
    }
    const { totals } = this;
    totals.lower = lower;
    totals.upper = upper;
    totals.full = full;
    totals.actual = actual;
    totals.ahead = ahead;
    totals.captures = captures;
    totals.lines = lines;
    totals.dueLines = dueLines;
    return this.#nextOf(address, point, due, lastChange, firstWaiting);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
