import type { Batch } from "../base/batch.ts";
import type { Int32Column, Int64Column } from "../base/columns.ts";
import { unpackCurrency } from "../base/money.ts";
import { currencyColumn } from "./change-layout.ts";
import type { Fields, ValueOf } from "./model.ts";

/** A row as a function of a job sees it: read-only, and valid only until the function returns. */
export type Row<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> | null };

/** A cursor over a batch that shows one row at a time through getters, so that no object is made per row. */
export interface RowCursor<F extends Fields> {
  /** Points at a row and gives the view of it: always the same object. */
  at(row: number): Row<F>;
  /** The row that it points at. */
  readonly row: number;
}

/** Makes a cursor over a batch that has columns for all of the fields. */
export function rowCursor<F extends Fields>(batch: Batch, fields: F): RowCursor<F> {
  let current = 0;
  const view = {};
  for (const [name, field] of Object.entries(fields)) {
    const column = batch.column(name);
    const currency = field.kind === "money" ? (batch.column(currencyColumn(name)) as Int32Column) : null;
    const get = currency === null ? () => column.get(current) : () => moneyAt(column as Int64Column, currency, current);
    Object.defineProperty(view, name, { get, enumerable: true });
  }
  return {
    at(row) {
      current = row;
      return view as Row<F>;
    },
    get row() {
      return current;
    },
  };
}

function moneyAt(amount: Int64Column, currency: Int32Column, row: number) {
  const minor = amount.get(row);
  return minor === null ? null : { minor, currency: unpackCurrency(currency.values[row]!) };
}
