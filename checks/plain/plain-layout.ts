import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Memory } from "../ledger.ts";

/**
 * How a plain key is written down: a key with some rows, all in one currency, of which nothing was told. Places in a record are given in doubles or words from its address, so that code reads them without views:
 *
 *     double 0   the last point at which it is known what is found, −∞ for none: it may lie ahead of the frontiers
 *     double 1   the next point, at which more is to be said of the key, +∞ for none; −∞ while its points are not looked for
 *     double 2   when its retention looks at it, +∞ while that is not planned
 *     word 6     the currency, packed
 *     word 7     number of rows; what is found at the last point, from bit 8; what is left of the key, from bit 16
 *     double 4   the rows, one behind the other; of a key that has none any more, what they came to
 *
 * A row counts from its time on, and until its end where it has one, so at a point those at or before it count whose end lies
 * behind it. The others wait, or are over:
 *
 *     word 0     its length in doubles; entries, from bit 16; whether it is of the seed, bit 22; whether it has an end, bit 23;
 *                input, from bit 24
 *     word 1     table; length of its identity in bytes, from bit 16
 *     word 2     the leg of each entry, a byte each
 *     word 3     `sub` of its position
 *     double 2   its time, −∞ of the seed
 *     double 3   `major` and then `minor` of its position
 *     double 5   for each entry: the amount, signed and at the comparison scale, and the deadline, without skew
 *     then       a bit for each field that has a value, in words; the fields, each in as many words as its kind takes;
 *                and the bytes of the row's identity, and of fields that are text, in order
 *     then       when the seed was taken, of a row of it
 *     at last    its end, where it has one: when it was changed or deleted
 *
 * In front of the rows of a key with some that have ended, with many, or with some from before all sources had a history, is its *past*, which is told of like a row, with no
 * entries, of no input (plain-past.ts):
 *
 *     word 0     as of a row
 *     word 1     what was found at its base
 *     word 2     number of rows behind it that have an end
 *     double 2   time of the newest change of the rows that were let go of, −∞ for none
 *     double 3   time of the newest of them that was added to the expected side, and then to the actual one
 *     double 5   its base: a point that was judged, behind which all others lie that may be asked for; −∞ for none
 */
export const RECORD = {
  lastPoint: 0,
  nextPoint: 1,
  retireAt: 2,
  /** In words. */
  currency: 6,
  state: 7,
  /** In doubles. */
  rows: 4,
} as const;

/** Of a key that has let go of its rows, in doubles; behind it the sum of each leg. */
export const CLOSED = {
  lastChange: 4,
  lastExpected: 5,
  lastActual: 6,
  captures: 7,
  lines: 8,
  entries: 9,
  sums: 10,
} as const;

export const ROW = {
  /** In words. */
  shape: 0,
  name: 1,
  legs: 2,
  sub: 3,
  /** In doubles. */
  time: 2,
  major: 3,
  minor: 4,
  entries: 5,
} as const;

/** Of the past of a key. */
export const PAST = {
  input: 255,
  /** In words. */
  status: 1,
  ended: 2,
  /** In doubles. */
  lastChange: ROW.time,
  lastExpected: 3,
  lastActual: 4,
  base: 5,
  doubles: 6,
} as const;

/** Doubles of an entry. */
export const ENTRY_DOUBLES = 2;

/** Limits of what is plain. Sums of so many amounts of such a size are exact as numbers. */
export const MOST = {
  /** With those that are over, and the past. */
  rows: 127,
  /** Of a row; as many as a word has bytes for their legs. */
  entries: 4,
  amount: 2 ** 43,
  tables: 65_535,
  identityBytes: 1_024,
} as const;

/**
 * As the next point of a key: its points are looked for once the history of all sources has begun, before which nothing is
 * judged. Such a key has a past.
 */
export const POSTPONED = BEFORE_ALL_TIME;

/** What is found at the last point. */
export const STATUS = { unjudged: 0, pass: 1, pending: 2 } as const;

/** What is left of a key: which of `MEMORIES`. */
export const MEMORY = { rows: 0, closed: 1, forgotten: 2 } as const satisfies Record<Memory, number>;

export const rowsOf = (state: number): number => state & 0xff;
export const statusOf = (state: number): number => (state >>> 8) & 0xff;
export const memoryOf = (state: number): number => state >>> 16;
export const stateOf = (rows: number, status: number, memory: number = MEMORY.rows): number => {
  return rows | (status << 8) | (memory << 16);
};

export const lengthOfRow = (shape: number): number => shape & 0xffff;
export const entriesOfRow = (shape: number): number => (shape >>> 16) & 0x3f;
export const inputOfRow = (shape: number): number => shape >>> 24;
export const isOfSeed = (shape: number): boolean => (shape & OF_SEED) !== 0;
/** The shape of a row of the seed, whose length has room for when that was taken. */
export const ofSeed = (shape: number): number => shape | OF_SEED;
/** Where a row of the seed says when that was taken, in doubles from its place on. */
export const seedOfRow = (shape: number): number => lengthOfRow(shape) - (hasEnd(shape) ? 2 : 1);
export const hasEnd = (shape: number): boolean => (shape & ENDED) !== 0;
/** The shape of a row that gets an end. */
export const ended = (shape: number): number => (shape + 1) | ENDED;
export const tableOfRow = (name: number): number => name & 0xffff;
export const identityBytesOf = (name: number): number => name >>> 16;
export const legOfEntry = (legs: number, entry: number): number => (legs >>> (8 * entry)) & 0xff;

const OF_SEED = 1 << 22;
const ENDED = 1 << 23;
