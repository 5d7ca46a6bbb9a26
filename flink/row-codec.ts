import { deserialize, serialize } from "node:v8";
import type { Batch } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import {
  BytesColumn,
  type Column,
  Float64Column,
  Int32Column,
  type Int64Column,
  type ValueColumn,
} from "../base/columns.ts";

/**
 * The form of rows between tasks, column by column: how many rows, and for each column a byte that says how its values are
 * written, which of them are null, and those that are not, in the shortest of a few forms that takes all of them. A piece
 * often holds a few rows only, and most columns of changes have one value over many rows.
 */

/** Which values are null. */
const NULLS = { none: 0, some: 1, all: 2 } as const;
/** All values are the same, and written once; they fit into the shorter form of their type; they do not. */
const FORM = { same: 0, short: 1, long: 2 } as const;

/** Rows of the present column that are not null, there and here. */
let present = new Int32Array(1_024);

/** Appends `rows[0 .. count)` of a batch. */
export function encodeRows(batch: Batch, rows: Int32Array, count: number, out: ByteWriter): void {
  out.uint(count);
  if (present.length < count) present = new Int32Array(2 * count);
  for (const column of batch.columns) encodeColumn(column, rows, count, out);
}

/** Appends all rows that were encoded to a batch of the same layout. */
export function decodeRows(input: ByteReader, into: Batch): void {
  const count = input.uint();
  const first = into.count;
  into.grow(first + count);
  if (present.length < count) present = new Int32Array(2 * count);
  for (const column of into.columns) decodeColumn(column, first, count, input);
  into.count = first + count;
}

function encodeColumn(column: Column, rows: Int32Array, count: number, out: ByteWriter): void {
  const { nulls } = column;
  let found = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    if (nulls[row] !== 1) present[found++] = row;
  }
  const kind = found === 0 ? NULLS.all : found === count ? NULLS.none : NULLS.some;
  const head = out.length;
  out.byte(kind);
  if (kind === NULLS.all) return;
  if (kind === NULLS.some) encodeNulls(nulls, rows, count, out);
  const form = encodeValues(column, found, out);
  out.buffer[head] = kind | (form << 2);
}

function decodeColumn(column: Column, first: number, count: number, input: ByteReader): void {
  const head = input.byte();
  const { nulls } = column;
  const kind = head & 3;
  if (kind === NULLS.all) {
    setNulls(nulls, 1, first, count);
    return;
  }
  setNulls(nulls, 0, first, count);
  let found = count;
  if (kind === NULLS.some) found = decodeNulls(nulls, first, count, input);
  else for (let i = 0; i < count; i++) present[i] = first + i;
  decodeValues(column, head >> 2, found, input);
}

/** A loop where there is little to fill, which takes a fraction of the call's time. */
function setNulls(nulls: Uint8Array, isNull: 0 | 1, first: number, count: number): void {
  if (count < 32) for (let row = first; row < first + count; row++) nulls[row] = isNull;
  else nulls.fill(isNull, first, first + count);
}

/** A bit for each row. */
function encodeNulls(nulls: Uint8Array, rows: Int32Array, count: number, out: ByteWriter): void {
  for (let i = 0; i < count; i += 8) {
    let bits = 0;
    for (let j = i; j < i + 8 && j < count; j++) if (nulls[rows[j]!] === 1) bits |= 1 << (j - i);
    out.byte(bits);
  }
}

/** Gives how many are not null. */
function decodeNulls(nulls: Uint8Array, first: number, count: number, input: ByteReader): number {
  let found = 0;
  let bits = 0;
  for (let i = 0; i < count; i++) {
    bits = i % 8 === 0 ? input.byte() : bits >> 1;
    if ((bits & 1) === 1) nulls[first + i] = 1;
    else present[found++] = first + i;
  }
  return found;
}

/** Gives the form. */
function encodeValues(column: Column, found: number, out: ByteWriter): number {
  if (column instanceof Int32Column) return encodeInts(column.values, found, out);
  if (column instanceof Float64Column) return encodeDoubles(column.values, found, out);
  if (column instanceof BytesColumn) return encodeBytes(column, found, out);
  if (column.type === "int64") return encodeLongs((column as Int64Column).words, found, out);
  const { values } = column as ValueColumn;
  out.block(serialize(Array.from({ length: found }, (_, i) => values[present[i]!])));
  return FORM.long;
}

function decodeValues(column: Column, form: number, found: number, input: ByteReader): void {
  if (column instanceof Int32Column) decodeInts(column.values, form, found, input);
  else if (column instanceof Float64Column) decodeDoubles(column.values, form, found, input);
  else if (column instanceof BytesColumn) decodeBytes(column, form, found, input);
  else if (column.type === "int64") decodeLongs((column as Int64Column).words, form, found, input);
  else {
    // A copy, because arrays of bytes that `deserialize` gives are views of what it read.
    const values = deserialize(new Uint8Array(input.block())) as unknown[];
    for (let i = 0; i < found; i++) (column as ValueColumn).values[present[i]!] = values[i];
  }
}

/** The short form is a byte. */
function encodeInts(values: Int32Array, found: number, out: ByteWriter): number {
  const one = values[present[0]!]!;
  let isSame = true;
  let all = 0;
  for (let i = 0; i < found; i++) {
    const value = values[present[i]!]!;
    if (value !== one) isSame = false;
    all |= value;
  }
  if (isSame) {
    out.uint32(one >>> 0);
    return FORM.same;
  }
  if (all >>> 8 !== 0) {
    for (let i = 0; i < found; i++) out.uint32(values[present[i]!]! >>> 0);
    return FORM.long;
  }
  out.reserve(found);
  const { buffer, length } = out;
  for (let i = 0; i < found; i++) buffer[length + i] = values[present[i]!]!;
  out.length = length + found;
  return FORM.short;
}

function decodeInts(values: Int32Array, form: number, found: number, input: ByteReader): void {
  if (form === FORM.same) {
    const one = input.uint32();
    for (let i = 0; i < found; i++) values[present[i]!] = one;
  } else if (form === FORM.short) for (let i = 0; i < found; i++) values[present[i]!] = input.byte();
  else for (let i = 0; i < found; i++) values[present[i]!] = input.uint32();
}

/** The short form is the distance from the first in 32 bits: times that lie within a few weeks. */
function encodeDoubles(values: Float64Array, found: number, out: ByteWriter): number {
  const one = values[present[0]!]!;
  let isSame = true;
  let isNear = true;
  for (let i = 0; i < found; i++) {
    const value = values[present[i]!]!;
    const distance = (value - one) | 0;
    if (!Object.is(value, one)) isSame = false;
    if (!Object.is(one + distance, value)) isNear = false;
  }
  if (!isSame && !isNear) {
    for (let i = 0; i < found; i++) out.float64(values[present[i]!]!);
    return FORM.long;
  }
  out.float64(one);
  if (isSame) return FORM.same;
  for (let i = 1; i < found; i++) out.uint32((values[present[i]!]! - one) >>> 0);
  return FORM.short;
}

function decodeDoubles(values: Float64Array, form: number, found: number, input: ByteReader): void {
  if (form === FORM.long) {
    for (let i = 0; i < found; i++) values[present[i]!] = input.float64();
    return;
  }
  const one = input.float64();
  values[present[0]!] = one;
  if (form === FORM.same) for (let i = 1; i < found; i++) values[present[i]!] = one;
  else for (let i = 1; i < found; i++) values[present[i]!] = one + (input.uint32() | 0);
}

/** Words of 32 bits, the low one first; the short form has that alone. */
function encodeLongs(words: Int32Array, found: number, out: ByteWriter): number {
  const low = words[2 * present[0]!]!;
  const high = words[2 * present[0]! + 1]!;
  let isSame = true;
  let isShort = true;
  for (let i = 0; i < found; i++) {
    const at = 2 * present[i]!;
    if (words[at] !== low || words[at + 1] !== high) isSame = false;
    if (words[at]! >> 31 !== words[at + 1]) isShort = false;
  }
  const count = isSame ? 1 : found;
  const form = isSame ? FORM.same : isShort ? FORM.short : FORM.long;
  for (let i = 0; i < count; i++) {
    const at = 2 * present[i]!;
    out.uint32(words[at]! >>> 0);
    if (form !== FORM.short) out.uint32(words[at + 1]! >>> 0);
  }
  return form;
}

function decodeLongs(words: Int32Array, form: number, found: number, input: ByteReader): void {
  const same = form === FORM.same;
  let low = same ? input.uint32() : 0;
  let high = same ? input.uint32() : 0;
  for (let i = 0; i < found; i++) {
    const at = 2 * present[i]!;
    if (!same) {
      low = input.uint32() | 0;
      high = form === FORM.short ? low >> 31 : input.uint32();
    }
    words[at] = low;
    words[at + 1] = high;
  }
}

/** Lengths and then all bytes; the short form has lengths of a byte. */
function encodeBytes({ heap, starts, ends }: BytesColumn, found: number, out: ByteWriter): number {
  const first = present[0]!;
  let total = 0;
  let most = 0;
  let isSame = true;
  for (let i = 0; i < found; i++) {
    const row = present[i]!;
    const length = ends[row]! - starts[row]!;
    total += length;
    if (length > most) most = length;
    isSame &&= row === first || equals(heap, starts[first]!, ends[first]!, starts[row]!, length);
  }
  const form = isSame ? FORM.same : most < 256 ? FORM.short : FORM.long;
  const count = isSame ? 1 : found;
  out.reserve(4 * count + total);
  for (let i = 0; i < count; i++) {
    const length = ends[present[i]!]! - starts[present[i]!]!;
    if (form === FORM.short) out.byte(length);
    else out.uint32(length);
  }
  for (let i = 0; i < count; i++) out.raw(heap, starts[present[i]!]!, ends[present[i]!]!);
  return form;
}

/** The bytes go into the heap in one piece, where rows with the same share them. */
function decodeBytes(column: BytesColumn, form: number, found: number, input: ByteReader): void {
  const { starts, ends } = column;
  const count = form === FORM.same ? 1 : found;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const row = present[i]!;
    starts[row] = total;
    total += form === FORM.short ? input.byte() : input.uint32();
    ends[row] = total;
  }
  const base = column.append(input.buffer, input.position, input.position + total);
  input.position += total;
  for (let i = 0; i < count; i++) {
    starts[present[i]!]! += base;
    ends[present[i]!]! += base;
  }
  if (form !== FORM.same) return;
  for (let i = 1; i < found; i++) {
    starts[present[i]!] = starts[present[0]!]!;
    ends[present[i]!] = ends[present[0]!]!;
  }
}

function equals(heap: Buffer, start: number, end: number, other: number, length: number): boolean {
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) if (heap[start + i] !== heap[other + i]) return false;
  return true;
}
