import type { Batch } from "../../base/batch.ts";
import type { Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { KeptRow } from "../kept-rows.ts";
import type { Fields, MoneyValue } from "../model.ts";
import { FIRST_ROW_FIELD } from "../row-layout.ts";

/** Two rows of a batch with the layout of rows have the same values. */
export function isSameRow({ columns }: Batch, row: number, other: number): boolean {
  for (let c = FIRST_ROW_FIELD; c < columns.length; c++) if (!isSameValue(columns[c]!, row, other)) return false;
  return true;
}

/** Two kept rows have the same values. */
export function isSameKept(fields: Fields, a: KeptRow, b: KeptRow): boolean {
  for (const name in fields) {
    const left = a[name];
    const right = b[name];
    if (fields[name]!.kind === "money" ? !isSameMoney(left, right) : !Object.is(left, right)) return false;
  }
  return true;
}

function isSameValue(column: Column, row: number, other: number): boolean {
  const isNull = column.nulls[row] === 1;
  if (isNull || column.nulls[other] === 1) return isNull && column.nulls[other] === 1;
  switch (column.type) {
    case "int64": {
      const { words } = column as Int64Column;
      return words[2 * row] === words[2 * other] && words[2 * row + 1] === words[2 * other + 1];
    }
    case "float64": {
      const { values } = column as Float64Column;
      return Object.is(values[row], values[other]);
    }
    case "text":
      return (column as TextColumn).equals(row, column as TextColumn, other);
    default:
      return (column as Int32Column).values[row] === (column as Int32Column).values[other];
  }
}

function isSameMoney(a: unknown, b: unknown): boolean {
  if (a === null || b === null) return a === b;
  const left = a as MoneyValue;
  const right = b as MoneyValue;
  return left.minor === right.minor && left.currency === right.currency;
}
