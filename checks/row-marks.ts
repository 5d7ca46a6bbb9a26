import type { RowReader, RowWriter } from "./row-codec.ts";
import type { RowEvidence } from "./row-set.ts";

/** Where a change stands in its source's log, and when it was; of the seed the time is −∞, and `seed` says when it was taken. */
export type Place = Pick<RowEvidence, "major" | "minor" | "sub" | "time" | "seed">;

/** What was last taken of a row under a key. */
export interface Mark {
  /** Of the last change that was taken. */
  readonly at: Place;
  /** False for a row that went. */
  readonly isThere: boolean;
  /** It takes part in some leg, so that what it says since it came is kept. */
  readonly takesPart: boolean;
  /** What that is; undefined where nothing is kept. */
  readonly from: RowEvidence | undefined;
}

/** The rows of a key that count, and its changes that wait, by time. */
interface KnownRows {
  readonly entries: readonly Part[];
  readonly waiting: Iterable<{ readonly isAdd: boolean; readonly row: string; readonly entries: readonly Part[] }>;
}

interface Part {
  readonly from: RowEvidence;
}

const IS_THERE = 1;
const HAS_SEED = 2;
const TAKES_PART = 4;
/** So many rows that went are kept without a look at how old they are. */
const FEW_GONE = 16;

/**
 * By row, the last change that was taken under a key, for rows whose changes bring the former row themselves. One that is not
 * newer is a repeat: so which of two changes counts does not depend on the order in which they came. An update takes its row
 * away and adds it at one position, in this order.
 */
export class RowMarks {
  readonly #marks = new Map<string, Mark>();
  /** Those that follow from the rows of the key are there too. */
  #isComplete = false;
  #gone = 0;
  #mostGone = FEW_GONE;

  /** Reads what `write` wrote. */
  static read(rows: RowReader): RowMarks {
    const { input } = rows;
    const marks = new RowMarks();
    for (let left = input.uint(); left > 0; left--) {
      const { id } = rows.read();
      const flags = input.byte();
      const [major, minor, sub] = [input.number(), input.number(), input.number()];
      const time = input.time();
      const at = { major, minor, sub, time, seed: (flags & HAS_SEED) === 0 ? null : input.time() };
      const takesPart = (flags & TAKES_PART) !== 0;
      marks.#set(id, { at, isThere: (flags & IS_THERE) !== 0, takesPart, from: undefined });
    }
    return marks;
  }

  /** The ids of the rows whose marks do not follow from what else is kept of them. */
  get told(): string[] {
    return [...this.#marks].flatMap(([id, { at, from }]) => (at === from ? [] : [id]));
  }

  /** Writes the marks of rows that are `told`. */
  write(rows: RowWriter, told: readonly string[]): void {
    const { out } = rows;
    out.uint(told.length);
    for (const id of told) {
      const { at, isThere, takesPart } = this.#marks.get(id)!;
      rows.write(id, []);
      out.byte((isThere ? IS_THERE : 0) | (at.seed === null ? 0 : HAS_SEED) | (takesPart ? TAKES_PART : 0));
      out.number(at.major);
      out.number(at.minor);
      out.number(at.sub);
      out.time(at.time);
      if (at.seed !== null) out.time(at.seed);
    }
  }

  get isEmpty(): boolean {
    return this.#marks.size === 0;
  }

  /** There are so many of rows that went that those which are old should be forgotten. */
  get isCrowded(): boolean {
    return this.#gone > this.#mostGone;
  }

  /** Adds those that follow from the rows of the key for which `isOf` holds, once. Before, the others are there alone. */
  complete(known: KnownRows, isOf: (from: RowEvidence) => boolean): this {
    if (this.#isComplete) return this;
    this.#isComplete = true;
    const read = new Map(this.#marks);
    const add = ({ from }: Part) => {
      const { at, takesPart } = read.get(from.id) ?? { at: from, takesPart: true };
      if (takesPart && isOf(from)) this.#set(from.id, { at, isThere: true, takesPart, from });
    };
    for (const part of known.entries) add(part);
    for (const { isAdd, entries } of known.waiting) if (isAdd) for (const part of entries) add(part);
    return this;
  }

  of(row: string): Mark | undefined {
    return this.#marks.get(row);
  }

  /** A row came; `takesPart`: in some leg, so that it is kept. */
  comes(from: RowEvidence, takesPart: boolean): void {
    const at = takesPart ? from : placeOf(from);
    this.#set(from.id, { at, isThere: true, takesPart, from: takesPart ? from : undefined });
  }

  /** A row went, whether it was known or not. */
  goes(from: RowEvidence): void {
    this.#set(from.id, { at: placeOf(from), isThere: false, takesPart: false, from: undefined });
  }

  /** A row that is there was changed, and says what it said. */
  stays(from: RowEvidence): void {
    this.#set(from.id, { ...this.#marks.get(from.id)!, at: placeOf(from) });
  }

  /** Forgets the rows that went before a time. */
  forgetGoneBefore(time: number): void {
    for (const [id, { at, isThere }] of this.#marks) if (!isThere && at.time < time) this.#delete(id);
    this.#mostGone = Math.max(FEW_GONE, 2 * this.#gone);
  }

  /** Forgets all rows but those of changes that wait. */
  forgetAllBut(waiting: KnownRows["waiting"]): void {
    const kept = new Set<string>();
    for (const { row } of waiting) kept.add(row);
    for (const id of [...this.#marks.keys()]) if (!kept.has(id)) this.#delete(id);
  }

  #set(id: string, mark: Mark): void {
    this.#delete(id);
    this.#marks.set(id, mark);
    if (!mark.isThere) this.#gone++;
  }

  #delete(id: string): void {
    const mark = this.#marks.get(id);
    if (mark === undefined) return;
    if (!mark.isThere) this.#gone--;
    this.#marks.delete(id);
  }
}

function placeOf({ major, minor, sub, time, seed }: RowEvidence): Place {
  return { major, minor, sub, time, seed };
}

/** Positive where one place in a log is behind another. */
export function comparePlaces(one: Place, other: Place): number {
  return one.major - other.major || one.minor - other.minor || one.sub - other.sub;
}
