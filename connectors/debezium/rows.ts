import type { Batch } from "../../base/batch.ts";
import type { TextColumn } from "../../base/columns.ts";
import { type ChangeColumns, changeColumns } from "../../dataflow/change-layout.ts";

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

/** Copies a row of fixed columns to another place in them; they share their key. */
export function copyHead(head: ChangeColumns, to: number, from: number): void {
  for (const name of ["kind", "time", "seed", "major", "minor", "sub", "offset"] as const) {
    head[name].values[to] = head[name].values[from]!;
  }
  head.seed.nulls[to] = head.seed.nulls[from]!;
  head.row.starts[to] = head.row.starts[from]!;
  head.row.ends[to] = head.row.ends[from]!;
  head.row.nulls[to] = 0;
}

/** Closes up the gaps of rows that do not stay among `rows` rows behind the last of a batch; gives how many stay. */
export function keepRows(batch: Batch, rows: number, stays: (row: number) => boolean): number {
  let first = 0;
  while (first < rows && stays(first)) first++;
  if (first === rows) return rows;
  const base = batch.count;
  let kept = first;
  for (let row = first + 1; row < rows; row++) {
    if (!stays(row)) continue;
    for (const column of batch.columns) column.copy(base + kept, column, base + row);
    kept++;
  }
  return kept;
}
