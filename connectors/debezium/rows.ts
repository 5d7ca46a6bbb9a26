import type { Batch } from "../../base/batch.ts";
import { type ChangeColumns, changeColumns } from "../../dataflow/change-layout.ts";
import type { BadRows } from "./bad-rows.ts";

/** Copies `rows` rows of fixed columns behind the last row of a model's batch, whose count stays as it is. */
export function appendHead(
  head: Batch,
  rows: number,
  to: { readonly batch: Batch; readonly columns: ChangeColumns; readonly table: number },
): void {
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
  const { row } = from;
  for (let r = 0; r < rows; r++) columns.row.put(base + r, row.heap, row.starts[r]!, row.ends[r]!);
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
