import type { Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { exponentOf, packCurrency, unpackCurrency } from "../../base/money.ts";
import type { ValueMap } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";

/**
 * Gives the packed currency of each row of a column; −1 for null and for what is none. `names`: what the column calls them, if
 * not by their codes. Undefined for a column that cannot hold currencies.
 */
export function currencyReader(
  { type, connectName, logicalType }: FieldDescription,
  column: Column,
  names: ValueMap | undefined,
): ((row: number) => number) | undefined {
  const isText = type === "string" || type === "enum";
  if (names === undefined) return isText ? (row) => packedAt(column as TextColumn, row) : undefined;
  const isInteger = (type === "int" || type === "long") && connectName === undefined && logicalType === undefined;
  if (!isText && !isInteger) return undefined;
  const known = new Map(
    Object.entries(names).map(([name, code]) => [isInteger ? Number(name) : name, packCurrency(code)]),
  );
  const read = isText ? textOf(column as TextColumn) : numberOf(column as Int32Column | Int64Column);
  return (row) => (column.nulls[row] === 1 ? -1 : (known.get(read(row)) ?? -1));
}

function textOf(column: TextColumn): (row: number) => string {
  return (row) => column.text(row);
}

function numberOf(column: Int32Column | Int64Column): (row: number) => number {
  return column.type === "int64" ? (row) => column.number(row) : (row) => column.values[row]!;
}

/** The packed currency code (base/money.ts) in a row of a text column; −1 for null and for what is not three capital letters. */
export function packedAt(column: TextColumn, row: number): number {
  return column.nulls[row] === 1 ? -1 : packedIn(column.heap, column.starts[row]!, column.ends[row]!);
}

/** The packed currency code in `bytes[start .. end)`; −1 for what is not three capital letters. */
export function packedIn(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 3) return -1;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  const third = bytes[start + 2]!;
  if (first < 65 || first > 90 || second < 65 || second > 90 || third < 65 || third > 90) return -1;
  return first | (second << 8) | (third << 16);
}

/** Digits after the point by ISO 4217 of a packed currency code; −1 for a code that is not in the standard, and for −1. */
export function exponentOfPacked(packed: number): number {
  if (packed < 0) return -1;
  const index = (((packed & 0xff) - 65) * 26 + ((packed >> 8) & 0xff) - 65) * 26 + (packed >> 16) - 65;
  const known = EXPONENTS[index]!;
  if (known !== UNASKED) return known;
  const exponent = exponentOf(unpackCurrency(packed)) ?? -1;
  EXPONENTS[index] = exponent;
  return exponent;
}

const UNASKED = -2;
const EXPONENTS = new Int8Array(26 ** 3).fill(UNASKED);
