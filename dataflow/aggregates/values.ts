import type { Int32Column, Int64Column } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import { fitsInt64, packCurrency, unpackCurrency } from "../../base/money.ts";
import { type Whole, wholeOf } from "./slots.ts";

/** The exact sum of two integers. */
export function addWhole(a: Whole, b: Whole): Whole {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) return sum;
  }
  return wholeOf(BigInt(a) + BigInt(b));
}

/** The exact difference of two integers. */
export function subtractWhole(a: Whole, b: Whole): Whole {
  return addWhole(a, -b);
}

/** Writes an integer into a row. AGGREGATE_TOO_LARGE: `field` is for its message. */
export function putWhole(column: Int64Column, row: number, value: Whole, field: string): void {
  if (typeof value === "number") column.setNumber(row, value);
  else if (fitsInt64(value)) column.setBig(row, value);
  else raise("AGGREGATE_TOO_LARGE", { field, value: String(value) });
}

/** Money of any currency as one text: minor units and currency. */
export function moneyText(amounts: Int64Column, currencies: Int32Column, row: number): string {
  return `${amounts.big[row]} ${unpackCurrency(currencies.values[row]!)}`;
}

/** Writes such a text into a row. */
export function putMoneyText(amounts: Int64Column, currencies: Int32Column, row: number, text: string): void {
  const [minor, currency] = text.split(" ") as [string, string];
  amounts.setBig(row, BigInt(minor));
  currencies.set(row, packCurrency(currency));
}
