import type { Batch } from "../../base/batch.ts";
import { fieldLayout } from "../change-layout.ts";
import { fieldPutter, type KeptRow } from "../kept-rows.ts";
import type { Fields } from "../model.ts";

/** Gives what copies the fields of rows of one batch into rows of another one. */
export function rowCopier(from: Batch, to: Batch, fields: Fields): (row: number, toRow: number) => void {
  const columns = fieldLayout(fields).map(({ name }) => [to.column(name), from.column(name)] as const);
  return (row, toRow) => {
    for (let c = 0; c < columns.length; c++) columns[c]![0].copy(toRow, columns[c]![1], row);
  };
}

/** Gives what writes kept rows into the fields of rows of a batch. */
export function rowPutter(to: Batch, fields: Fields): (row: number, kept: KeptRow) => void {
  const names = Object.keys(fields);
  const puts = names.map((name) => fieldPutter(to, name, fields[name]!));
  return (row, kept) => {
    for (let i = 0; i < names.length; i++) puts[i]!(row, kept[names[i]!]);
  };
}
