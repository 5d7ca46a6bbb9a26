import { assert } from "../base/errors.ts";
import { SortedList } from "../base/sorted-list.ts";
import type { StateReader, StateWriter } from "./state-bytes.ts";
import type { JudgedEntry } from "./totals.ts";

/** What of a due is written. */
const HAS_LINES = 1;
const HAS_EXPECTED = 2;
const HAS_TAKEN_BACK = 4;
const HAS_AHEAD = 8;

/** What a key's entries in one currency come to of which all have one deadline, which lies ahead. */
export class Due {
  /** In event time, without skew. */
  readonly dueAt: number;
  readonly currency: number;
  entries = 0;
  /** Those of the actual side. */
  lines = 0;
  /** Positive and negative expectations. */
  expected = 0n;
  takenBack = 0n;
  /** Negative actual amounts. */
  ahead = 0n;

  constructor(dueAt: number, currency: number) {
    this.dueAt = dueAt;
    this.currency = currency;
  }

  /** Counts an entry, or with `times` −1 takes it back. */
  count({ side, minor }: JudgedEntry, times: 1 | -1): void {
    const amount = times === 1 ? minor : -minor;
    this.entries += times;
    if (side === "actual") {
      this.lines += times;
      if (minor < 0n) this.ahead += amount;
    } else if (minor < 0n) {
      this.takenBack += amount;
    } else {
      this.expected += amount;
    }
  }
}

/** The deadlines of a key that lie ahead, in order, with what falls due at each: no row is looked at when one is over. */
export class Dues {
  readonly #list = new SortedList<Due>(byTimeAndCurrency);
  /** The one that was counted in last: rows of a key have few deadlines, or ever later ones. */
  #last: Due | undefined;

  /** Counts an entry whose deadline lies ahead, or with `times` −1 takes one back. */
  count(entry: JudgedEntry, times: 1 | -1): void {
    const due = this.#dueOf(entry, times === 1);
    due.count(entry, times);
    this.#last = due;
    if (due.entries > 0) return;
    this.#list.remove(due);
    this.#last = undefined;
  }

  /** The first deadline, +∞ for none. */
  first(): number {
    return this.#list.first?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  /** The first deadline for which `isBefore` does not hold, as it does for all before it; +∞ for none. */
  firstBehind(isBefore: (dueAt: number) => boolean): number {
    return this.#list.firstBehind((due) => isBefore(due.dueAt))?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  /** Takes what has the first deadline; there must be one. */
  takeFirst(): Due {
    this.#last = undefined;
    return this.#list.takeFirst()!;
  }

  /** By deadline, and by currency. */
  [Symbol.iterator](): Iterator<Due> {
    return this.#list[Symbol.iterator]();
  }

  clear(): void {
    this.#list.clear();
    this.#last = undefined;
  }

  /** Writes all of it, for `read`. */
  write(out: StateWriter): void {
    out.uint(this.#list.size);
    this.#list.forEach(({ dueAt, currency, entries, lines, expected, takenBack, ahead }) => {
      out.time(dueAt);
      out.currency(currency);
      out.uint(entries);
      // A key may have very many of one entry, of which nearly all is nothing.
      out.byte(
        (lines === 0 ? 0 : HAS_LINES) |
          (expected === 0n ? 0 : HAS_EXPECTED) |
          (takenBack === 0n ? 0 : HAS_TAKEN_BACK) |
          (ahead === 0n ? 0 : HAS_AHEAD),
      );
      if (lines !== 0) out.uint(lines);
      if (expected !== 0n) out.amount(expected);
      if (takenBack !== 0n) out.amount(takenBack);
      if (ahead !== 0n) out.amount(ahead);
    });
  }

  /** Reads what `write` wrote, into one that is empty. */
  read(input: StateReader): void {
    for (let left = input.uint(); left > 0; left--) {
      const due = new Due(input.time(), input.currency());
      due.entries = input.uint();
      const flags = input.byte();
      if ((flags & HAS_LINES) !== 0) due.lines = input.uint();
      if ((flags & HAS_EXPECTED) !== 0) due.expected = input.amount();
      if ((flags & HAS_TAKEN_BACK) !== 0) due.takenBack = input.amount();
      if ((flags & HAS_AHEAD) !== 0) due.ahead = input.amount();
      this.#list.add(due);
    }
  }

  #dueOf({ dueAt, currency }: JudgedEntry, isNew: boolean): Due {
    const last = this.#last;
    if (last !== undefined && last.dueAt === dueAt && last.currency === currency) return last;
    const due = new Due(dueAt, currency);
    const known = this.#list.find(due);
    if (known !== undefined) return known;
    assert(isNew, "what is taken back was counted");
    this.#list.add(due);
    return due;
  }
}

function byTimeAndCurrency(left: Due, right: Due): number {
  return left.dueAt < right.dueAt ? -1 : left.dueAt > right.dueAt ? 1 : left.currency - right.currency;
}
