import type { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { type ChangeColumns, changeColumns } from "../../dataflow/change-layout.ts";
import type { BadRows } from "./bad-rows.ts";

/** Copies `rows` rows of fixed columns behind the last row of a model's batch, whose count stays as it is; gives how many. */
export function appendHead(
  head: Batch,
  rows: number,
  to: { readonly batch: Batch; readonly columns: ChangeColumns; readonly table: number },
): number {
  const { batch, columns } = to;
  const base = batch.count;
  batch.grow(base + rows);
  const from = changeColumns(head);
  for (const name of ["kind", "time", "seed", "major", "minor", "sub", "offset"] as const) {
    columns[name].values.set(from[name].values.subarray(0, rows), base);
  }
  columns.seed.nulls.set(from.seed.nulls.subarray(0, rows), base);
  columns.table.values.fill(to.table, base, base + rows);
  columns.absent.values.fill(0, base, base + rows);
  for (const name of ["kind", "time", "major", "minor", "sub", "offset", "table", "absent"] as const) {
    columns[name].nulls.fill(0, base, base + rows);
  }
  appendTexts(from.row, rows, columns.row, base);
  return rows;
}

/** Copies the texts of rows 0 … `rows` − 1, which lie one behind the other and of which none is null, to row `base` on. */
function appendTexts(from: TextColumn, rows: number, to: TextColumn, base: number): void {
  const moved = to.append(from.heap, 0, from.used);
  for (let row = 0; row < rows; row++) {
    to.starts[base + row] = from.starts[row]! + moved;
    to.ends[base + row] = from.ends[row]! + moved;
  }
  to.nulls.fill(0, base, base + rows);
}

/** Closes up the gaps that bad rows leave among `rows` rows from `base` on. */
export function removeRows(batch: Batch, base: number, rows: number, bad: BadRows): void {
  for (const column of batch.columns) {
    let to = base;
    for (let row = 0; row < rows; row++) {
      if (bad.has(row)) continue;
      if (to !== base + row) column.copy(to, column, base + row);
      to++;
    }
  }
}
