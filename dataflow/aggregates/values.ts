import type { Int32Column, Int64Column } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import { fitsInt64, packCurrency, unpackCurrency } from "../../base/money.ts";
import { compareIds, compareTexts } from "./order.ts";
import { type TimedValues, type Whole, wholeOf } from "./slots.ts";

/** Functions that compiled aggregates call, as `h`. */
export const helpers = {
  compareIds,
  compareTexts,
  packCurrency,

  /** The exact sum of two integers. */
  add(a: Whole, b: Whole): Whole {
    if (typeof a === "number" && typeof b === "number") {
      const sum = a + b;
      if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) return sum;
    }
    return wholeOf(BigInt(a) + BigInt(b));
  },

  /** Writes an integer into a row. AGGREGATE_TOO_LARGE: `field` is for its message. */
  putWhole(column: Int64Column, row: number, value: Whole, field: string): void {
    if (typeof value === "number") column.setNumber(row, value);
    else if (fitsInt64(value)) column.setBig(row, value);
    else raise("AGGREGATE_TOO_LARGE", { field, value: String(value) });
  },

  /** Money of any currency as one text: minor units and currency. */
  moneyText(amounts: Int64Column, currencies: Int32Column, row: number): string {
    return `${amounts.big[row]} ${unpackCurrency(currencies.values[row]!)}`;
  },

  /** Writes such a text into a row. */
  putMoneyText(amounts: Int64Column, currencies: Int32Column, row: number, text: string): void {
    const [minor, currency] = text.split(" ") as [string, string];
    amounts.setBig(row, BigInt(minor));
    currencies.set(row, packCurrency(currency));
  },

  /** Counts a value in, so many times. */
  countValue(counts: Map<unknown, number>, value: unknown, times: number): void {
    counts.set(value, (counts.get(value) ?? 0) + times);
  },

  /** Takes a value back; one that is not there was forgotten, and leaves nothing to do. */
  uncountValue(counts: Map<unknown, number>, value: unknown): void {
    const count = counts.get(value);
    if (count === 1) counts.delete(value);
    else if (count !== undefined) counts.set(value, count - 1);
  },

  /** Puts a value behind all that are not later. */
  insertTimed({ times, values }: TimedValues, time: number, value: unknown): void {
    let at = times.length;
    while (at > 0 && times[at - 1]! > time) at--;
    times.splice(at, 0, time);
    values.splice(at, 0, value);
  },

  /** Takes the earliest of the values that equal this one back. */
  removeTimed({ times, values }: TimedValues, value: unknown): void {
    const at = Number.isNaN(value) ? values.findIndex(Number.isNaN) : values.indexOf(value);
    if (at < 0) return;
    times.splice(at, 1);
    values.splice(at, 1);
  },
};
