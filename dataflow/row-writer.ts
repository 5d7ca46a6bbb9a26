import type { Batch } from "../base/batch.ts";
import type { Float64Column, Int32Column, Int64Column, TextColumn } from "../base/columns.ts";
import { CountercheckError, raise } from "../base/errors.ts";
import { packCurrency } from "../base/money.ts";
import { atPlace, thrownText } from "../base/stacks.ts";
import { type FieldKind, type Fields, isOfKind, type MoneyValue } from "./model.ts";
import type { CallPlace } from "./row-place.ts";

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
    } else {
      if (!isOfKind(kind, value)) raise("JOB_WRONG_VALUE", { field: name, kind, value: typeof value });
      write(batch, column, row, kind, value);
    }
    column += kind === "money" ? 2 : 1;
  }
}

/** Throws what a function of the job has thrown, so that it says where it was, and at what. JOB_FUNCTION_FAILED. */
export function raiseFailed(place: string, error: unknown, called?: CallPlace): never {
  if (error instanceof CountercheckError) throw error;
  const row = called === undefined ? "" : `, called for ${called.of}`;
  const details = { place, at: atPlace(error), row, offset: called?.offset, read: "", reason: thrownText(error) };
  raise("JOB_FUNCTION_FAILED", details, { cause: error });
}

/**
 * Calls a function of the job, for many rows perhaps; what it throws says where it was. `called` is asked then. JOB_FUNCTION_FAILED.
 */
export function callUser<T>(place: string, call: () => T, called?: () => CallPlace): T {
  try {
    return call();
  } catch (error) {
    raiseFailed(place, error, called?.());
  }
}

/** Writes a value that is of the kind. */
function write(batch: Batch, column: number, row: number, kind: FieldKind, value: unknown): void {
  const target = batch.columns[column]!;
  switch (kind) {
    case "id":
    case "text":
      (target as TextColumn).set(row, value as string);
      return;
    case "integer":
      (target as Int64Column).setBig(row, value as bigint);
      return;
    case "number":
    case "instant":
      (target as Float64Column).set(row, value as number);
      return;
    case "flag":
      (target as Int32Column).set(row, value === true ? 1 : 0);
      return;
    case "money": {
      const { minor, currency } = value as MoneyValue;
      (target as Int64Column).setBig(row, minor);
      (batch.columns[column + 1] as Int32Column).set(row, packCurrency(currency));
    }
  }
}
