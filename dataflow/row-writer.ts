import type { Batch } from "../base/batch.ts";
import type { Float64Column, Int32Column, Int64Column, TextColumn } from "../base/columns.ts";
import { CountercheckError, messageOf, raise } from "../base/errors.ts";
import { exponentOf, fitsInt64, packCurrency } from "../base/money.ts";
import type { FieldKind, Fields, MoneyValue } from "./model.ts";

/**
 * Writes the values of fields into a row, beginning at a column. Null and missing values become null. Throws
 * JOB_WRONG_VALUE where a value is not of its field's type.
 */
export function writeFields(
  batch: Batch,
  firstColumn: number,
  row: number,
  fields: Fields,
  values: Readonly<Record<string, unknown>>,
): void {
  if (values === null || typeof values !== "object") {
    raise("JOB_WRONG_VALUE", { field: "row", kind: "an object of its fields", value: String(values) });
  }
  let column = firstColumn;
  for (const name in fields) {
    const kind = fields[name]!.kind;
    const value = values[name];
    if (value === null || value === undefined) {
      batch.columns[column]!.nulls[row] = 1;
      if (kind === "money") batch.columns[column + 1]!.nulls[row] = 1;
    } else if (!write(batch, column, row, kind, value)) {
      raise("JOB_WRONG_VALUE", { field: name, kind, value: typeof value });
    }
    column += kind === "money" ? 2 : 1;
  }
}

/** Calls a function of the job; what it throws says where it was. JOB_FUNCTION_FAILED. */
export function callUser<T>(place: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof CountercheckError) throw error;
    raise("JOB_FUNCTION_FAILED", { place, reason: messageOf(error) }, { cause: error });
  }
}

function write(batch: Batch, column: number, row: number, kind: FieldKind, value: unknown): boolean {
  const target = batch.columns[column]!;
  switch (kind) {
    case "id":
    case "text":
      if (typeof value !== "string") return false;
      (target as TextColumn).set(row, value);
      return true;
    case "integer":
      if (typeof value !== "bigint" || !fitsInt64(value)) return false;
      (target as Int64Column).setBig(row, value);
      return true;
    case "flag":
      if (typeof value !== "boolean") return false;
      (target as Int32Column).set(row, value ? 1 : 0);
      return true;
    case "instant":
      if (typeof value !== "number") return false;
      (target as Float64Column).set(row, value);
      return true;
    case "money":
      return writeMoney(target as Int64Column, batch.columns[column + 1] as Int32Column, row, value as MoneyValue);
  }
}

function writeMoney(amount: Int64Column, currency: Int32Column, row: number, value: MoneyValue): boolean {
  if (typeof value.minor !== "bigint" || !fitsInt64(value.minor)) return false;
  if (exponentOf(value.currency) === undefined) return false;
  amount.setBig(row, value.minor);
  currency.set(row, packCurrency(value.currency));
  return true;
}
