import { unpackCurrency } from "../base/money.ts";
import type { Due } from "./dues.ts";
import type { RowReader } from "./row-codec.ts";
import type { StateWriter } from "./state-bytes.ts";

/** A row's signed part in a leg, as the judgement sees it. */
export interface JudgedEntry {
  /** Index of the leg in its rule. */
  readonly leg: number;
  readonly side: "expect" | "actual";
  /** True for positive legs of the expected side: what makes a payment captured. */
  readonly captures: boolean;
  /** Packed currency. */
  readonly currency: number;
  /** Signed, at the currency's comparison scale. */
  readonly minor: bigint;
  /** Deadline in event time, without skew. */
  readonly dueAt: number;
}

/** What a key's entries in one currency come to, and what of it is due. */
export class Totals {
  readonly currency: number;
  /** What must have come: positive expectations that are due and all negative ones. */
  lower = 0n;
  /** What may have come: all positive expectations and negative ones that are due. */
  upper = 0n;
  /** All that is expected. */
  full = 0n;
  actual = 0n;
  /** Negative actual amounts that are not due: they wait for their counterpart. */
  ahead = 0n;
  /** By leg. */
  readonly legs: bigint[] = [];
  captures = 0;
  lines = 0;
  dueLines = 0;
  entries = 0;

  constructor(currency: number) {
    this.currency = currency;
  }

  /** Counts an entry, or with `times` −1 takes it back. */
  count(entry: JudgedEntry, isDue: boolean, times: 1 | -1): void {
    const minor = times === 1 ? entry.minor : -entry.minor;
    this.entries += times;
    this.legs[entry.leg] = (this.legs[entry.leg] ?? 0n) + minor;
    if (entry.captures) this.captures += times;
    if (entry.side === "expect") this.#countExpected(entry, minor, isDue);
    else this.#countActual(entry, minor, isDue, times);
  }

  /** Entries that were counted as not due are due from now on. */
  fallDue({ lines, expected, takenBack, ahead }: Due): void {
    this.dueLines += lines;
    this.lower += expected;
    this.upper += takenBack;
    this.ahead -= ahead;
  }

  copy(): Totals {
    return Object.assign(new Totals(this.currency), this, { legs: [...this.legs] });
  }

  /** Writes all of it, for `read`. */
  write(out: StateWriter): void {
    out.currency(this.currency);
    for (const count of [this.captures, this.lines, this.dueLines, this.entries]) out.number(count);
    for (const sum of [this.lower, this.upper, this.full, this.actual, this.ahead]) out.amount(sum);
    out.uint(this.legs.length);
    for (let leg = 0; leg < this.legs.length; leg++) out.amount(this.legs[leg] ?? 0n);
  }

  /** Totals that were written. */
  static read(rows: RowReader): Totals {
    const { input } = rows;
    const totals = new Totals(input.currency());
    totals.captures = input.number();
    totals.lines = input.number();
    totals.dueLines = input.number();
    totals.entries = input.number();
    totals.lower = input.amount();
    totals.upper = input.amount();
    totals.full = input.amount();
    totals.actual = input.amount();
    totals.ahead = input.amount();
    const legs = input.uint();
    for (let leg = 0; leg < legs; leg++) totals.legs[rows.legOf(leg)] = input.amount();
    return totals;
  }

  #countExpected(entry: JudgedEntry, minor: bigint, isDue: boolean): void {
    const isNegative = entry.minor < 0n;
    this.full += minor;
    if (isDue || isNegative) this.lower += minor;
    if (isDue || !isNegative) this.upper += minor;
  }

  #countActual(entry: JudgedEntry, minor: bigint, isDue: boolean, times: 1 | -1): void {
    this.actual += minor;
    this.lines += times;
    if (isDue) this.dueLines += times;
    else if (entry.minor < 0n) this.ahead += minor;
  }
}

/** The totals of a key by currency, in order of currency code; kept up as entries come, go and fall due. */
export class KeyTotals {
  readonly #all: Totals[] = [];

  /** Currencies that have entries. */
  get all(): readonly Totals[] {
    return this.#all;
  }

  of(currency: number): Totals | undefined {
    for (const totals of this.#all) if (totals.currency === currency) return totals;
    return undefined;
  }

  add(entry: JudgedEntry, isDue: boolean): void {
    (this.of(entry.currency) ?? this.#open(entry.currency)).count(entry, isDue, 1);
  }

  remove(entry: JudgedEntry, isDue: boolean): void {
    const totals = this.of(entry.currency);
    if (totals === undefined) return;
    totals.count(entry, isDue, -1);
    if (totals.entries === 0) this.#all.splice(this.#all.indexOf(totals), 1);
  }

  fallDue(due: Due): void {
    this.of(due.currency)!.fallDue(due);
  }

  copy(): KeyTotals {
    const totals = new KeyTotals();
    for (const each of this.#all) totals.#all.push(each.copy());
    return totals;
  }

  clear(): void {
    this.#all.length = 0;
  }

  /** Writes all of them, for `read`. */
  write(out: StateWriter): void {
    out.uint(this.#all.length);
    for (const totals of this.#all) totals.write(out);
  }

  /** Those of a key that has one currency. */
  static with(only: Totals): KeyTotals {
    const totals = new KeyTotals();
    totals.#all.push(only);
    return totals;
  }

  /** Totals that were written. */
  static read(rows: RowReader): KeyTotals {
    const totals = new KeyTotals();
    for (let left = rows.input.uint(); left > 0; left--) totals.#all.push(Totals.read(rows));
    return totals;
  }

  #open(currency: number): Totals {
    const totals = new Totals(currency);
    const code = unpackCurrency(currency);
    const behind = this.#all.findIndex((other) => unpackCurrency(other.currency) > code);
    this.#all.splice(behind < 0 ? this.#all.length : behind, 0, totals);
    return totals;
  }
}

/** The totals of entries by currency. */
export function totalsOf<E extends JudgedEntry>(entries: readonly E[], isDue: (entry: E) => boolean): KeyTotals {
  const totals = new KeyTotals();
  for (const entry of entries) totals.add(entry, isDue(entry));
  return totals;
}
