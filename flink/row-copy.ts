import type { Batch } from "../base/batch.ts";
import {
  BytesColumn,
  type Column,
  Float64Column,
  Int32Column,
  type Int64Column,
  type ValueColumn,
} from "../base/columns.ts";

/**
 * Appends `rows[0 .. count)`, which ascend, of a batch to another of the same layout, column by column. Bytes that lie one behind the other
 * are copied in one piece, and rows that share theirs share them still.
 */
export function copyRows(from: Batch, rows: Int32Array, count: number, into: Batch): void {
  const first = into.count;
  into.grow(first + count);
  for (let c = 0; c < into.columns.length; c++) copyColumn(from.columns[c]!, rows, count, into.columns[c]!, first);
  into.count = first + count;
}

function copyColumn(from: Column, rows: Int32Array, count: number, into: Column, first: number): void {
  const { nulls } = from;
  copyNumbers(nulls, rows, count, into.nulls, first);
  if (from instanceof Int32Column) copyNumbers(from.values, rows, count, (into as Int32Column).values, first);
  else if (from instanceof Float64Column) copyNumbers(from.values, rows, count, (into as Float64Column).values, first);
  else if (from instanceof BytesColumn) copyBytes(from, rows, count, into as BytesColumn, first);
  else if (from.type === "int64") copyPairs(from.words, rows, count, (into as Int64Column).words, first);
  else for (let i = 0; i < count; i++) (into as ValueColumn).values[first + i] = from.values[rows[i]!];
}

/** At once where the rows follow one another. */
function copyNumbers<T extends Uint8Array | Int32Array | Float64Array>(
  from: T,
  rows: Int32Array,
  count: number,
  into: T,
  first: number,
): void {
  if (isRange(rows, count)) into.set(from.subarray(rows[0]!, rows[0]! + count), first);
  else for (let i = 0; i < count; i++) into[first + i] = from[rows[i]!]!;
}

function copyPairs(from: Int32Array, rows: Int32Array, count: number, into: Int32Array, first: number): void {
  if (isRange(rows, count)) {
    into.set(from.subarray(2 * rows[0]!, 2 * (rows[0]! + count)), 2 * first);
    return;
  }
  for (let i = 0; i < count; i++) {
    const at = 2 * rows[i]!;
    const to = 2 * (first + i);
    into[to] = from[at]!;
    into[to + 1] = from[at + 1]!;
  }
}

function isRange(rows: Int32Array, count: number): boolean {
  return count > 0 && rows[count - 1]! - rows[0]! === count - 1;
}

/** What is in hand is `heap[start .. end)`, of the rows from `begun` on: it grows as long as the next row goes on there. */
function copyBytes(from: BytesColumn, rows: Int32Array, count: number, into: BytesColumn, first: number): void {
  const { nulls, starts, ends, heap } = from;
  let start = 0;
  let end = 0;
  let begun = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    if (nulls[row] === 1) continue;
    const rowStart = starts[row]!;
    const isWithin = rowStart >= start && ends[row]! <= end;
    if (!isWithin && rowStart !== end) {
      moveBytes(into, first + begun, first + i, into.append(heap, start, end) - start);
      start = rowStart;
      end = rowStart;
      begun = i;
    }
    if (!isWithin) end = ends[row]!;
    // As if they lay at the same places there, until it is known where.
    into.starts[first + i] = rowStart;
    into.ends[first + i] = ends[row]!;
  }
  moveBytes(into, first + begun, first + count, into.append(heap, start, end) - start);
}

function moveBytes({ nulls, starts, ends }: BytesColumn, from: number, to: number, by: number): void {
  for (let row = from; row < to; row++) {
    if (nulls[row] === 1) continue;
    starts[row]! += by;
    ends[row]! += by;
  }
}
