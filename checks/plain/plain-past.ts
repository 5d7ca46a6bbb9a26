import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Records } from "../../dataflow/records.ts";
import {
  ended,
  entriesOfRow,
  hasEnd,
  inputOfRow,
  legOfEntry,
  lengthOfRow,
  memoryOf,
  PAST,
  RECORD,
  ROW,
  rowsOf,
  stateOf,
  statusOf,
} from "./plain-layout.ts";

/** Rows from which on points are told from a base, and not from the first one on. */
const MANY = 8;

/** Where the past of a key is, in doubles; −1 where it has none. */
export function pastOf({ words }: Records, address: number): number {
  const state = words[(address >> 2) + RECORD.state]!;
  const at = (address >> 3) + RECORD.rows;
  return rowsOf(state) > 0 && inputOfRow(words[at << 1]!) === PAST.input ? at : -1;
}

/**
 * Keeps plain keys small whose rows change: rows get an end, and are let go of when they are over at all points that may
 * still be asked for. What a ledger would know of them is in the key's past.
 */
export class PlainPast {
  readonly #records: Records;
  /** By leg. */
  readonly #expects: readonly boolean[];

  constructor(legs: readonly { readonly side: "expect" | "actual" }[], records: Records) {
    this.#records = records;
    this.#expects = legs.map(({ side }) => side === "expect");
  }

  /**
   * Lets go of what is over, where all points through a time have been judged; gives the bytes that are left of the record,
   * in front of a change of it.
   */
  tidy(address: number, through: number): number {
    const { words, doubles } = this.#records;
    const past = pastOf(this.#records, address);
    if (past < 0) return this.#records.lengthAt(address);
    const last = doubles[(address >> 3) + RECORD.lastPoint]!;
    if (last <= through) {
      doubles[past + PAST.base] = last;
      words[(past << 1) + PAST.status] = statusOf(words[(address >> 2) + RECORD.state]!);
    }
    return words[(past << 1) + PAST.ended] === 0 ? this.#records.lengthAt(address) : this.#drop(address, past);
  }

  /** Gives a key a past that needs one, before a row of it ends, or because it has many; gives its address. */
  begin(address: number, isEnding: boolean): number {
    const records = this.#records;
    const state = records.words[(address >> 2) + RECORD.state]!;
    if ((!isEnding && rowsOf(state) < MANY) || pastOf(records, address) >= 0) return address;
    const { words, doubles } = records;
    const bytes = records.lengthAt(address);
    const to = records.resize(address, bytes + (PAST.doubles << 3));
    const at = (to >> 3) + RECORD.rows;
    doubles.copyWithin(at + PAST.doubles, at, (to + bytes) >> 3);
    this.write(at);
    words[(to >> 2) + RECORD.state] = stateOf(rowsOf(state) + 1, statusOf(state), memoryOf(state));
    return to;
  }

  /** Writes a past in which nothing is, at a place in doubles. */
  write(at: number): void {
    const { words, doubles } = this.#records;
    words[at << 1] = PAST.doubles | (PAST.input << 24);
    words[(at << 1) + PAST.status] = 0;
    words[(at << 1) + PAST.ended] = 0;
    words[(at << 1) + ROW.sub] = 0;
    doubles[at + PAST.lastChange] = BEFORE_ALL_TIME;
    doubles[at + PAST.lastExpected] = BEFORE_ALL_TIME;
    doubles[at + PAST.lastActual] = BEFORE_ALL_TIME;
    doubles[at + PAST.base] = BEFORE_ALL_TIME;
  }

  /**
   * A row, of a key with a past whose record takes `bytes`, ends at a time. `row`: its place in doubles from the address on.
   * Gives its address.
   */
  end(address: number, bytes: number, row: number, time: number): number {
    const { words, doubles } = this.#records;
    const to = this.#records.resize(address, bytes + 8);
    const at = (to >> 3) + row;
    const shape = words[at << 1]!;
    const end = at + lengthOfRow(shape);
    doubles.copyWithin(end + 1, end, (to + bytes) >> 3);
    doubles[end] = time;
    words[at << 1] = ended(shape);
    words[(pastOf(this.#records, to) << 1) + PAST.ended]!++;
    return to;
  }

  /** Lets go of the rows that are over at the base. */
  #drop(address: number, past: number): number {
    const { words, doubles } = this.#records;
    const state = words[(address >> 2) + RECORD.state]!;
    const base = doubles[past + PAST.base]!;
    let kept = past;
    let at = past;
    let dropped = 0;
    for (let left = rowsOf(state); left > 0; left--) {
      const shape = words[at << 1]!;
      const row = at;
      at += lengthOfRow(shape);
      if (hasEnd(shape) && doubles[at - 1]! <= base) {
        this.#note(past, row, doubles[at - 1]!);
        dropped++;
        continue;
      }
      if (kept < row) doubles.copyWithin(kept, row, at);
      kept += at - row;
    }
    words[(past << 1) + PAST.ended]! -= dropped;
    words[(address >> 2) + RECORD.state] = stateOf(rowsOf(state) - dropped, statusOf(state), memoryOf(state));
    return (kept << 3) - address;
  }

  /** Notes of a row, which goes, what a ledger knows of rows that went. */
  #note(past: number, row: number, end: number): void {
    const { words, doubles } = this.#records;
    const time = doubles[row + ROW.time]!;
    const legs = words[(row << 1) + ROW.legs]!;
    doubles[past + PAST.lastChange] = Math.max(doubles[past + PAST.lastChange]!, end);
    for (let entry = entriesOfRow(words[row << 1]!) - 1; entry >= 0; entry--) {
      const side = past + (this.#expects[legOfEntry(legs, entry)]! ? PAST.lastExpected : PAST.lastActual);
      doubles[side] = Math.max(doubles[side]!, time);
    }
  }
}
