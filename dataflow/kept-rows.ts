import type { Batch } from "../base/batch.ts";
import type { Float64Column, Int32Column, Int64Column, TextColumn } from "../base/columns.ts";
import { packCurrency, unpackCurrency } from "../base/money.ts";
import { currencyColumn } from "./change-layout.ts";
import type { Field, Fields, MoneyValue } from "./model.ts";
import type { Row } from "./row-view.ts";

/**
 * A row as state keeps it: a plain object of its fields, null where there is no value, which nobody changes. Its codec is
 * `fieldsCodec`.
 */
export type KeptRow = Row<Fields>;

/** Gives copies of a batch's rows, of the given fields, to be kept. */
export function rowTaker(batch: Batch, fields: Fields): (row: number) => KeptRow {
  const names = Object.keys(fields);
  const takes = names.map((name) => fieldTaker(batch, name, fields[name]!));
  return (row) => {
    const kept: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) kept[names[i]!] = takes[i]!(row);
    return kept as KeptRow;
  };
}

/** Gives the value of one field of a batch's rows. */
export function fieldTaker(batch: Batch, name: string, { kind }: Field): (row: number) => unknown {
  const column = batch.column(name);
  if (kind !== "money") return (row) => column.get(row);
  const amounts = column as Int64Column;
  const currencies = batch.column(currencyColumn(name)) as Int32Column;
  return (row) => {
    if (amounts.nulls[row] === 1) return null;
    return { minor: amounts.big[row]!, currency: unpackCurrency(currencies.values[row]!) };
  };
}

/** Writes a value, as it was kept, into a field of a batch's rows; null and undefined become null. */
export function fieldPutter(batch: Batch, name: string, { kind }: Field): (row: number, value: unknown) => void {
  const column = batch.column(name);
  if (kind === "money") {
    const currencies = batch.column(currencyColumn(name)) as Int32Column;
    return nullable(
      column,
      (row, value) => {
        const { minor, currency } = value as MoneyValue;
        (column as Int64Column).setBig(row, minor);
        currencies.set(row, packCurrency(currency));
      },
      currencies,
    );
  }
  switch (kind) {
    case "id":
    case "text":
      return nullable(column, (row, value) => (column as TextColumn).set(row, value as string));
    case "integer":
      return nullable(column, (row, value) => (column as Int64Column).setBig(row, value as bigint));
    case "number":
    case "instant":
      return nullable(column, (row, value) => (column as Float64Column).set(row, value as number));
    case "flag":
      return nullable(column, (row, value) => (column as Int32Column).set(row, value === true ? 1 : 0));
  }
}

type Nullable = { readonly nulls: Uint8Array };

function nullable(column: Nullable, put: (row: number, value: unknown) => void, beside?: Nullable) {
  return (row: number, value: unknown) => {
    if (value !== null && value !== undefined) {
      put(row, value);
      return;
    }
    column.nulls[row] = 1;
    if (beside !== undefined) beside.nulls[row] = 1;
  };
}
