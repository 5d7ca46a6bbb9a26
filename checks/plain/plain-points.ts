import { assert } from "../../base/errors.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Records } from "../../dataflow/records.ts";
import { type CheckRule, isCapture, type PlainTotals, type RuleLeg } from "../rule.ts";
import { ENTRY_DOUBLES, entriesOfRow, legOfEntry, lengthOfRow, RECORD, ROW, rowsOf } from "./plain-layout.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What of a rule decides at which points its keys are judged, and by which sums. */
export interface PointsRule extends Pick<CheckRule, "skewMs"> {
  readonly legs: readonly Pick<RuleLeg, "side" | "sign">[];
  readonly quick: NonNullable<CheckRule["quick"]>;
}

/** What is found at a point of a plain key. */
export type Found = "pass" | "pending";

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
  readonly #quick: PointsRule["quick"];
  readonly #skewMs: number;
  /** By leg. */
  readonly #expects: readonly boolean[];
  readonly #captures: readonly boolean[];

  constructor({ legs, skewMs, quick }: PointsRule, records: Records) {
    this.#records = records;
    this.#quick = quick;
    this.#skewMs = skewMs;
    this.#expects = legs.map(({ side }) => side === "expect");
    this.#captures = legs.map(isCapture);
  }

  /**
   * Visits the points up to the last one at which it is known what is found, from the first one on. They follow from the
   * rows: what comes later has no part in a point before it, however often it was told anew.
   */
  forEachKnown(address: number, visit: (point: number, found: Found) => void): void {
    const last = this.#records.doubles[(address >> 3) + RECORD.lastPoint]!;
    let point = last > BEFORE_ALL_TIME ? this.sumUp(address, BEFORE_ALL_TIME) : NEVER;
    while (point <= last) {
      const next = this.sumUp(address, point);
      const found = this.found();
      assert(found !== null, "what was known of a plain key is told again from its rows");
      visit(point, found);
      point = next;
    }
  }

  /** What is found at the point that was summed up last; null where more is to be said. */
  found(): Found | null {
    return this.#quick(this.totals);
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

  /** Sums up what counts at a point, into `totals`; gives the next point behind it, as `Ledger.nextJudgement`. */
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
