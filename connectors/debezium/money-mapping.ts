import type { BytesColumn, Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import { formatDecimal, packCurrency, type RoundingMode } from "../../base/money.ts";
import type { MoneyMapping } from "../../dataflow/model.ts";
import { AbsentValues } from "./absent-values.ts";
import type { BadRows } from "./bad-rows.ts";
import { exponentOfPacked } from "./currencies.ts";
import { bigOfBytes, MOST_BYTES } from "./decimal-bytes.ts";
import type { MappedField, Mapping, RawColumn } from "./mapping.ts";
import {
  OK,
  OUT_OF_RANGE,
  OUT_OF_SCALE,
  type Outcome,
  putBig,
  putDecimal,
  putDigits,
  putFloating,
  putSmall,
  UNREADABLE,
} from "./money-amount.ts";
import { cut, shownBytes, shownText } from "./shown.ts";

/** What a money field writes to: minor units, and the packed currency beside them. */
export interface MoneyTarget extends MappedField {
  readonly to: Int64Column;
  readonly currency: Int32Column;
}

/** Writes the amount of `row` at a scale into row `at` of `to`. */
type Amount = (row: number, to: Int64Column, at: number, scale: number) => Outcome;

/** Where the currency of each row is told. */
export interface CurrencyColumn {
  readonly values: Column;
  /** The packed code; −1 for none. */
  readonly packedAt: (row: number) => number;
}

/**
 * The mapper of an amount; undefined where the column's type cannot be money under this mapping. `currency` is the
 * decoded column of the currency code, unless the mapping names one for all rows (CURRENCY_UNKNOWN if that is none).
 */
export function moneyMapping(
  mapping: MoneyMapping,
  from: RawColumn,
  currency: CurrencyColumn | undefined,
  target: MoneyTarget,
): Mapping | undefined {
  const amount = amountOf(mapping, from);
  if (amount === undefined) return undefined;
  const fixed = mapping.currency === undefined ? -1 : packedCode(mapping.currency);
  const absent = isBytesLike(from) ? new AbsentValues(from.values as BytesColumn, target) : undefined;
  const { to } = target;
  return {
    family: from.type.type === "string" ? "text" : "number",
    map(count, base, bad) {
      for (let row = 0; row < count; row++) {
        const at = base + row;
        if (from.values.nulls[row] === 1 || absent?.take(row, at)) {
          to.nulls[at] = 1;
          target.currency.nulls[at] = 1;
          continue;
        }
        const packed = currency === undefined ? fixed : currency.packedAt(row);
        const exponent = exponentOfPacked(packed);
        if (exponent < 0) {
          markUnknown(bad, row, from.name, currency);
          continue;
        }
        target.currency.set(at, packed);
        const scale = mapping.scale ?? exponent;
        const outcome = amount(row, to, at, scale);
        if (outcome !== OK) markAmount(bad, row, from, outcome, scale);
      }
    },
  };
}

function isBytesLike(from: RawColumn): boolean {
  return from.type.type === "bytes" || from.type.type === "string";
}

/** A currency that a mapping names for all rows, packed. Throws CURRENCY_UNKNOWN. */
export function packedCode(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) raise("CURRENCY_UNKNOWN", { column: "of the mapping", currency });
  const packed = packCurrency(currency);
  if (exponentOfPacked(packed) < 0) raise("CURRENCY_UNKNOWN", { column: "of the mapping", currency });
  return packed;
}

function amountOf(mapping: MoneyMapping, from: RawColumn): Amount | undefined {
  const { rounding, scale, minorUnits } = mapping;
  const { type, values } = from;
  switch (type.type) {
    case "bytes":
    case "fixed":
      return type.logicalType === "decimal" && isScale(type.scale)
        ? decimalBytes(values as BytesColumn, type.scale, rounding)
        : undefined;
    case "string":
      return type.connectName === undefined ? decimalText(values as TextColumn, rounding) : undefined;
    case "int":
      return isAnnotated(type) ? undefined : wholeInt(values as Int32Column, minorUnits, rounding);
    case "long":
      return isAnnotated(type) ? undefined : wholeLong(values as Int64Column, minorUnits, rounding);
    case "float":
    case "double": {
      if (rounding === undefined || scale === undefined) return undefined;
      return floating(values as Float64Column, type.type === "float", rounding);
    }
    default:
      return undefined;
  }
}

/** Whether a decimal's scale is one that a database can have; a schema may say anything. */
function isScale(scale: number | undefined): scale is number {
  return Number.isInteger(scale) && scale! >= 0 && scale! <= 1_000;
}

/** A number or text that stands for something else, such as a date. */
function isAnnotated(type: RawColumn["type"]): boolean {
  return type.connectName !== undefined || type.logicalType !== undefined;
}

function decimalBytes(from: BytesColumn, scale: number, rounding: RoundingMode | undefined): Amount {
  return (row, to, at, wanted) =>
    putDecimal(from.heap, from.starts[row]!, from.ends[row]!, scale, wanted, rounding, to, at);
}

function decimalText(from: TextColumn, rounding: RoundingMode | undefined): Amount {
  return (row, to, at, wanted) => putDigits(from.heap, from.starts[row]!, from.ends[row]!, wanted, rounding, to, at);
}

type MinorUnits = MoneyMapping["minorUnits"];

/** Digits after the point of what an integer counts. */
export function scaleOf(minorUnits: MinorUnits, wanted: number): number {
  return minorUnits === true ? wanted : Number(minorUnits ?? 0);
}

function wholeInt(from: Int32Column, minorUnits: MinorUnits, rounding: RoundingMode | undefined): Amount {
  return (row, to, at, wanted) => putSmall(from.values[row]!, scaleOf(minorUnits, wanted), wanted, rounding, to, at);
}

function wholeLong(from: Int64Column, minorUnits: MinorUnits, rounding: RoundingMode | undefined): Amount {
  return (row, to, at, wanted) => {
    const scale = scaleOf(minorUnits, wanted);
    return from.isSafe(row)
      ? putSmall(from.number(row), scale, wanted, rounding, to, at)
      : putBig(from.big[row]!, scale, wanted, rounding, to, at);
  };
}

function floating(from: Float64Column, isSingle: boolean, rounding: RoundingMode): Amount {
  return (row, to, at, wanted) => putFloating(from.values[row]!, isSingle, wanted, rounding, to, at);
}

const CODES = {
  [OUT_OF_SCALE]: "MONEY_OUT_OF_SCALE",
  [OUT_OF_RANGE]: "MONEY_OUT_OF_RANGE",
  [UNREADABLE]: "MONEY_UNREADABLE",
} as const;

function markAmount(
  bad: BadRows,
  row: number,
  from: RawColumn,
  outcome: Exclude<Outcome, typeof OK>,
  scale: number,
): void {
  bad.mark(row, CODES[outcome], { column: from.name, value: shown(from, row), scale });
}

/** The amount as a person would write it. */
function shown(from: RawColumn, row: number): string {
  const { type, values } = from;
  if (type.type === "string") return shownText(values as TextColumn, row);
  if (type.logicalType !== "decimal") return String(values.get(row));
  const bytes = values as BytesColumn;
  const start = bytes.starts[row]!;
  const end = bytes.ends[row]!;
  if (end - start > MOST_BYTES) return shownBytes(bytes.heap, start, end);
  return cut(formatDecimal(bigOfBytes(bytes.heap, start, end), type.scale ?? 0));
}

function markUnknown(bad: BadRows, row: number, column: string, currency: CurrencyColumn | undefined): void {
  const values = currency?.values;
  const text = values?.type === "text" ? shownText(values as TextColumn, row) : String(values?.get(row) ?? null);
  bad.mark(row, "CURRENCY_UNKNOWN", { column, currency: text });
}
