import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { BytesColumn, Float64Column, Int32Column, Int64Column } from "../../base/columns.ts";
import { assert } from "../../base/errors.ts";

/** Writes rows `rows[0 .. count)` of a batch, one after the other: a frame for Flink often holds a single one. */
export function writeRows(batch: Batch, rows: readonly number[], out: ByteWriter): void {
  out.uint(rows.length);
  for (const row of rows) for (const column of batch.columns) writeValue(column, row, out);
}

/** Appends what `writeRows` wrote to a batch of the same layout. */
export function readRows(from: ByteReader, into: Batch): void {
  const count = from.uint();
  into.grow(into.count + count);
  for (let i = 0; i < count; i++, into.count++) {
    for (const column of into.columns) readValue(column, into.count, from);
  }
}

function writeValue(column: Batch["columns"][number], row: number, out: ByteWriter): void {
  const isNull = column.nulls[row] === 1;
  out.flag(isNull);
  if (isNull) return;
  if (column instanceof Int32Column) out.float64(column.values[row]!);
  else if (column instanceof Float64Column) out.float64(column.values[row]!);
  else if (column instanceof Int64Column) out.bigint(column.big[row]!);
  else if (column instanceof BytesColumn) out.block(column.heap.subarray(column.starts[row], column.ends[row]));
  else assert(false, `rows with a ${column.type} column are not written`);
}

function readValue(column: Batch["columns"][number], row: number, from: ByteReader): void {
  if (from.flag()) column.nulls[row] = 1;
  else if (column instanceof Int32Column) column.set(row, from.float64());
  else if (column instanceof Float64Column) column.set(row, from.float64());
  else if (column instanceof Int64Column) column.setBig(row, from.bigint());
  else if (column instanceof BytesColumn) {
    const bytes = from.block();
    column.put(row, bytes, 0, bytes.length);
  }
}
