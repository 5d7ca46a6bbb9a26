import { assert } from "../../base/errors.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Records } from "../../dataflow/records.ts";
import { type CheckRule, isCapture, type PlainTotals, type RuleLeg } from "../rule.ts";
import {
  ENTRY_DOUBLES,
  entriesOfRow,
  hasEnd,
  legOfEntry,
  lengthOfRow,
  PAST,
  RECORD,
  ROW,
  rowsOf,
} from "./plain-layout.ts";
import { pastOf } from "./plain-past.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What of a rule decides at which points its keys are judged, and by which sums. */
export interface PointsRule extends Pick<CheckRule, "skewMs" | "warnBeforeMs"> {
  readonly legs: readonly Pick<RuleLeg, "side" | "sign">[];
  readonly quick: NonNullable<CheckRule["quick"]>;
}

/** What is found at a point of a plain key. */
export type Found = "pass" | "pending";

/**
 * Points and sums of a plain key, told from its record: what a `Ledger` tells of the same rows. Points at which bands begin
 * are told apart, as nothing is judged there.
 */
export class PlainPoints {
  /** The first time of a change that waits behind the point that was summed up last, +∞ for none. */
  firstWaiting = NEVER;
  /** Where the first band behind that point begins, +∞ for none. */
  nextBand = NEVER;
  /** Entries that count at that point. */
  counting = 0;
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
  /** At that point: the first deadline ahead of what counts, skew included, and the newest change. */
  #firstDue = NEVER;
  #lastChange = -NEVER;
  readonly #records: Records;
  readonly #quick: PointsRule["quick"];
  readonly #skewMs: number;
  /** How long the bands before deadlines are; 0: there are none. */
  readonly #bandMs: number;
  /** By leg. */
  readonly #expects: readonly boolean[];
  readonly #captures: readonly boolean[];

  constructor({ legs, skewMs, warnBeforeMs, quick }: PointsRule, records: Records) {
    this.#records = records;
    this.#quick = quick;
    this.#skewMs = skewMs;
    this.#bandMs = warnBeforeMs ?? 0;
    this.#expects = legs.map(({ side }) => side === "expect");
    this.#captures = legs.map(isCapture);
  }

  /**
   * Visits the points up to the last one at which it is known what is found, from the first one behind its base on. They follow
   * from the rows: what comes later has no part in a point before it, however often it was told anew.
   */
  forEachKnown(address: number, visit: (point: number, found: Found) => void): void {
    const { doubles } = this.#records;
    const last = doubles[(address >> 3) + RECORD.lastPoint]!;
    const past = pastOf(this.#records, address);
    const base = past < 0 ? BEFORE_ALL_TIME : doubles[past + PAST.base]!;
    let point = last > base ? this.sumUp(address, base) : NEVER;
    while (point <= last) {
      const next = this.sumUp(address, point);
      const found = this.found();
      assert(found !== null, "what was known of a plain key is told again from its rows");
      visit(point, found);
      point = next;
    }
  }

  /** What is found at the point that was summed up last; null where more is to be said. Of a key that nothing is left of, it passes. */
  found(): Found | null {
    return this.counting === 0 ? "pass" : this.#quick(this.totals);
  }

  /**
   * Whether something may be to be warned of at a point, which was summed up last: a deadline is ahead within its band, and
   * what the key will look like behind it does not just pass or wait. Overwrites what was summed up.
   */
  warns(address: number, point: number): boolean {
    if (this.#firstDue - this.#bandMs > point || this.#lastChange + this.#skewMs > point) return false;
    this.#sum(address, point, point + this.#bandMs);
    return this.found() === null;
  }

  /** Sums up what counts at a point; gives the next point of judgement behind it, as `Ledger.nextJudgement`. */
  sumUp(address: number, point: number): number {
    const due = this.#sum(address, point, point);
    const { firstWaiting } = this;
    const lastChange = this.#lastChange;
    const skew = this.#skewMs;
    const begin = lastChange + skew > point ? lastChange : firstWaiting;
    const settled = firstWaiting === NEVER ? begin + skew : this.#endOfRun(address, begin) + skew;
    return Math.min(settled, due);
  }

  /** The newest of the changes that wait and lie within the skew of one another, from a time on. */
  #endOfRun(address: number, begin: number): number {
    const { words, doubles } = this.#records;
    const skew = this.#skewMs;
    let end = begin;
    for (let isLonger = true; isLonger; ) {
      isLonger = false;
      let at = (address >> 3) + RECORD.rows;
      for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
        const shape = words[at << 1]!;
        const time = doubles[at + ROW.time]!;
        at += lengthOfRow(shape);
        const over = hasEnd(shape) ? doubles[at - 1]! : time;
        if (time > end && time <= end + skew) {
          end = time;
          isLonger = true;
        }
        if (over > end && over <= end + skew) {
          end = over;
          isLonger = true;
        }
      }
    }
    return end;
  }

  /** Sums up what counts at a point, with what is due through another; gives the first deadline ahead, skew included. */
  #sum(address: number, point: number, dueThrough: number): number {
    const { words, doubles } = this.#records;
    const skew = this.#skewMs;
    const bandMs = this.#bandMs;
    let lower = 0;
    let upper = 0;
    let full = 0;
    let actual = 0;
    let ahead = 0;
    let captures = 0;
    let lines = 0;
    let dueLines = 0;
    let counting = 0;
    let due = NEVER;
    let firstDue = NEVER;
    let nextBand = NEVER;
    let lastChange = -NEVER;
    let firstWaiting = NEVER;
    let at = (address >> 3) + RECORD.rows;
    for (let left = rowsOf(words[(address >> 2) + RECORD.state]!); left > 0; left--) {
      const shape = words[at << 1]!;
      const row = at;
      at += lengthOfRow(shape);
      const time = doubles[row + ROW.time]!;
      const end = hasEnd(shape) ? doubles[at - 1]! : NEVER;
      const entries = entriesOfRow(shape);
      const counts = time <= point;
      if (end <= point) {
        if (end > lastChange) lastChange = end;
        continue;
      }
      if (end < firstWaiting) firstWaiting = end;
      if (counts) {
        if (time > lastChange) lastChange = time;
        counting += entries;
      } else if (time < firstWaiting) firstWaiting = time;
      const legs = words[(row << 1) + ROW.legs]!;
      for (let i = 0, entry = row + ROW.entries; i < entries; i++, entry += ENTRY_DOUBLES) {
        const dueAt = doubles[entry + 1]! + skew;
        const isDue = dueAt <= dueThrough;
        if (!isDue && dueAt < due && dueAt < end && (counts || dueAt >= time)) due = dueAt;
        if (!counts) continue;
        if (bandMs > 0 && !isDue) {
          const begin = dueAt - bandMs;
          if (dueAt < firstDue) firstDue = dueAt;
          if (begin > point && begin < nextBand) nextBand = begin;
        }
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
    this.counting = counting;
    this.firstWaiting = firstWaiting;
    this.nextBand = nextBand;
    this.#firstDue = firstDue;
    this.#lastChange = lastChange;
    return due;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
