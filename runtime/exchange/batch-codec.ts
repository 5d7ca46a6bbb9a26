import { deserialize, serialize } from "node:v8";
import type { Batch } from "../../base/batch.ts";
import {
  BytesColumn,
  type Column,
  Float64Column,
  Int32Column,
  Int64Column,
  type ValueColumn,
} from "../../base/columns.ts";
import { copyBytes, type FrameBuffer } from "./frame-buffer.ts";

/**
 * The form of a batch in a frame, for threads of one process, not for disks: the number of rows, then each column as a
 * block at a multiple of 8. A block has the null flags first and then the values: numbers as they lie in memory; lengths
 * and the bytes of all rows; or what `v8.serialize` makes of a list.
 */

/** Appends the rows of a batch to a frame. BATCH_TOO_LARGE. */
export function encodeBatch(batch: Batch, out: FrameBuffer): void {
  const at = out.claim(8);
  out.words[at >> 2] = batch.count;
  for (const column of batch.columns) encodeColumn(column, batch.count, out);
}

/** Empties a batch and fills it with the rows at a place of a frame; it must have the layout of what was encoded. */
export function decodeBatch(frame: FrameBuffer, at: number, into: Batch): void {
  into.clear();
  const count = frame.words[at >> 2]!;
  into.grow(count);
  let place = at + 8;
  for (const column of into.columns) place = decodeColumn(column, count, frame, place);
  into.count = count;
}

function encodeColumn(column: Column, count: number, out: FrameBuffer): void {
  const at = out.claim(count);
  out.bytes.set(column.nulls.subarray(0, count), at);
  if (column instanceof Int32Column) encodeWords(column.values, count, out);
  else if (column instanceof Float64Column) encodeDoubles(column.values, count, out);
  else if (column instanceof Int64Column) encodeWords(column.words, 2 * count, out);
  else if (column instanceof BytesColumn) encodeHeap(column, count, out);
  else encodeValues(column, count, out);
}

/** Gives the place behind the column. */
function decodeColumn(column: Column, count: number, frame: FrameBuffer, at: number): number {
  const { nulls } = column;
  nulls.set(frame.bytes.subarray(at, at + count));
  const place = aligned(at + count);
  if (column instanceof Int32Column) return decodeWords(column.values, count, frame, place);
  if (column instanceof Float64Column) return decodeDoubles(column.values, count, frame, place);
  if (column instanceof Int64Column) return decodeWords(column.words, 2 * count, frame, place);
  if (column instanceof BytesColumn) return decodeHeap(column, count, frame, place);
  return decodeValues(column, count, frame, place);
}

function encodeWords(values: Int32Array, count: number, out: FrameBuffer): void {
  const at = out.claim(4 * count) >> 2;
  const { words } = out;
  for (let i = 0; i < count; i++) words[at + i] = values[i]!;
}

function decodeWords(values: Int32Array, count: number, frame: FrameBuffer, at: number): number {
  const { words } = frame;
  const first = at >> 2;
  for (let i = 0; i < count; i++) values[i] = words[first + i]!;
  return aligned(at + 4 * count);
}

function encodeDoubles(values: Float64Array, count: number, out: FrameBuffer): void {
  const at = out.claim(8 * count) >> 3;
  const { doubles } = out;
  for (let i = 0; i < count; i++) doubles[at + i] = values[i]!;
}

function decodeDoubles(values: Float64Array, count: number, frame: FrameBuffer, at: number): number {
  const { doubles } = frame;
  const first = at >> 3;
  for (let i = 0; i < count; i++) values[i] = doubles[first + i]!;
  return at + 8 * count;
}

/** Lengths, then bytes: in one piece where the rows lie one behind the other in the heap, as they do in a new batch. */
function encodeHeap(column: BytesColumn, count: number, out: FrameBuffer): void {
  const { nulls, starts, ends, heap } = column;
  const lengths = out.claim(4 * count) >> 2;
  const { words } = out;
  let first = -1;
  let next = -1;
  let total = 0;
  let isOnePiece = true;
  for (let row = 0; row < count; row++) {
    if (nulls[row] === 1) {
      words[lengths + row] = 0;
      continue;
    }
    const start = starts[row]!;
    if (first < 0) first = start;
    else if (start !== next) isOnePiece = false;
    next = ends[row]!;
    total += words[lengths + row] = next - start;
  }
  let at = out.claim(total);
  if (isOnePiece) copyBytes(heap, first, first + total, out.bytes, at);
  else {
    for (let row = 0; row < count; row++) {
      if (nulls[row] === 1) continue;
      copyBytes(heap, starts[row]!, ends[row]!, out.bytes, at);
      at += ends[row]! - starts[row]!;
    }
  }
}

function decodeHeap(column: BytesColumn, count: number, frame: FrameBuffer, at: number): number {
  const { starts, ends } = column;
  const { words } = frame;
  const lengths = at >> 2;
  let used = 0;
  for (let row = 0; row < count; row++) {
    starts[row] = used;
    ends[row] = used += words[lengths + row]!;
  }
  const bytes = aligned(at + 4 * count);
  if (column.heap.length < used) column.heap = Buffer.allocUnsafe(used);
  frame.bytes.copy(column.heap, 0, bytes, bytes + used);
  column.used = used;
  return aligned(bytes + used);
}

function encodeValues(column: ValueColumn, count: number, out: FrameBuffer): void {
  const { nulls, values } = column;
  const present: unknown[] = [];
  for (let row = 0; row < count; row++) if (nulls[row] === 0) present.push(values[row]);
  const bytes = serialize(present);
  const at = out.claim(8 + bytes.length);
  out.words[at >> 2] = bytes.length;
  bytes.copy(out.bytes, at + 8);
}

function decodeValues(column: ValueColumn, count: number, frame: FrameBuffer, at: number): number {
  const { nulls, values } = column;
  const end = at + 8 + frame.words[at >> 2]!;
  // A copy, because arrays of bytes that `deserialize` gives are views of what it read.
  const present = deserialize(new Uint8Array(frame.bytes.subarray(at + 8, end))) as unknown[];
  let next = 0;
  for (let row = 0; row < count; row++) values[row] = nulls[row] === 0 ? present[next++] : null;
  return aligned(end);
}

function aligned(at: number): number {
  return (at + 7) & ~7;
}
