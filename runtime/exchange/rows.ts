import type { Batch } from "../../base/batch.ts";
import { BytesColumn, Float64Column, Int32Column, Int64Column } from "../../base/columns.ts";
import { copyBytes } from "./frame-buffer.ts";

/**
 * Appends copies of `rows[start .. end)` of a batch to one of the same layout, column by column, which is
 * faster than row by row.
 */
export function appendRows(into: Batch, from: Batch, rows: Int32Array, start: number, end: number): void {
  const first = into.count;
  into.grow(first + end - start);
  for (let c = 0; c < into.columns.length; c++) {
    const to = into.columns[c]!;
    const source = from.columns[c]!;
    if (to instanceof Int32Column) copyInts(to, source as Int32Column, first, rows, start, end);
    else if (to instanceof Float64Column) copyDoubles(to, source as Float64Column, first, rows, start, end);
    else if (to instanceof Int64Column) copyLongs(to, source as Int64Column, first, rows, start, end);
    else if (to instanceof BytesColumn) copyHeap(to, source as BytesColumn, first, rows, start, end);
    else for (let i = start; i < end; i++) to.copy(first + i - start, source, rows[i]!);
  }
  into.count = first + end - start;
}

/** Bytes of a batch's heaps that are in use. */
export function heapUsed(batch: Batch): number {
  let bytes = 0;
  for (const column of batch.columns) if (column instanceof BytesColumn) bytes += column.used;
  return bytes;
}

/** Bytes of a row that lie in heaps. */
export function heapBytes(batch: Batch, row: number): number {
  let bytes = 0;
  for (const column of batch.columns) {
    if (column instanceof BytesColumn && column.nulls[row] === 0) bytes += column.ends[row]! - column.starts[row]!;
  }
  return bytes;
}

function copyInts(
  to: Int32Column,
  from: Int32Column,
  first: number,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  const { values, nulls } = to;
  for (let i = start, row = first; i < end; i++, row++) {
    values[row] = from.values[rows[i]!]!;
    nulls[row] = from.nulls[rows[i]!]!;
  }
}

function copyDoubles(
  to: Float64Column,
  from: Float64Column,
  first: number,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  const { values, nulls } = to;
  for (let i = start, row = first; i < end; i++, row++) {
    values[row] = from.values[rows[i]!]!;
    nulls[row] = from.nulls[rows[i]!]!;
  }
}

function copyLongs(
  to: Int64Column,
  from: Int64Column,
  first: number,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  const { words, nulls } = to;
  for (let i = start, row = first; i < end; i++, row++) {
    words[2 * row] = from.words[2 * rows[i]!]!;
    words[2 * row + 1] = from.words[2 * rows[i]! + 1]!;
    nulls[row] = from.nulls[rows[i]!]!;
  }
}

/** Where the heap has room, without the calls that `put` takes. */
function copyHeap(
  to: BytesColumn,
  from: BytesColumn,
  first: number,
  rows: Int32Array,
  start: number,
  end: number,
): void {
  const { starts, ends, nulls } = to;
  for (let i = start, row = first; i < end; i++, row++) {
    const source = rows[i]!;
    const begin = from.starts[source]!;
    const length = from.ends[source]! - begin;
    const at = to.used;
    nulls[row] = from.nulls[source]!;
    if (nulls[row] === 1) continue;
    if (at + length > to.heap.length) {
      to.put(row, from.heap, begin, begin + length);
      continue;
    }
    copyBytes(from.heap, begin, begin + length, to.heap, at);
    starts[row] = at;
    ends[row] = to.used = at + length;
  }
}
