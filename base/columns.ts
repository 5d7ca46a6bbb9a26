import { raise } from "./errors.ts";

/**
 * Columns of a batch. A column owns its memory: what is put into it is copied, so a batch outlives the buffer that it
 * was decoded from. Rows are written with `set…` or, in compiled code, straight into the arrays; `grow` must have made
 * room before. Reading a row whose `nulls` flag is 1 gives an unspecified value.
 */
export type ColumnType = "bool" | "int32" | "int64" | "float64" | "text" | "bytes" | "value";

/** What all columns share. `nulls[row]` is 1 where there is no value. */
interface ColumnBase {
  readonly type: ColumnType;
  nulls: Uint8Array;
  /** Makes room for `capacity` rows and keeps what is there. */
  grow(capacity: number): void;
  /** Copies one row of a column of the same type into `row` of this one, its null flag included. */
  copy(row: number, from: Column, fromRow: number): void;
  /** The value of a row as JavaScript: boolean, number, bigint, string, Uint8Array (a view), anything; null if absent. */
  get(row: number): unknown;
  /** Forgets variable-length content; called when the batch is emptied. */
  clear(): void;
}

export type Column = Int32Column | Int64Column | Float64Column | TextColumn | BytesColumn | ValueColumn;

/** Booleans (0 and 1) and 32-bit integers. */
export class Int32Column implements ColumnBase {
  readonly type: "int32" | "bool";
  nulls = new Uint8Array(0);
  values = new Int32Array(0);

  constructor(type: "int32" | "bool") {
    this.type = type;
  }

  grow(capacity: number): void {
    if (capacity <= this.values.length) return;
    this.nulls = widened(this.nulls, new Uint8Array(capacity));
    this.values = widened(this.values, new Int32Array(capacity));
  }

  set(row: number, value: number): void {
    this.values[row] = value;
    this.nulls[row] = 0;
  }

  copy(row: number, from: Column, fromRow: number): void {
    const source = from as Int32Column;
    this.values[row] = source.values[fromRow]!;
    this.nulls[row] = source.nulls[fromRow]!;
  }

  get(row: number): number | boolean | null {
    if (this.nulls[row] === 1) return null;
    return this.type === "bool" ? this.values[row] === 1 : this.values[row]!;
  }

  clear(): void {}
}

const TWO_32 = 4294967296;

/**
 * Signed 64-bit integers, exact: one buffer seen as little-endian pairs of 32-bit words (`words[2 * row]` is the low
 * one) and as BigInts. Code that must be fast reads the words; `isSafe` tells where a number is exact.
 */
export class Int64Column implements ColumnBase {
  readonly type = "int64";
  nulls = new Uint8Array(0);
  words = new Int32Array(0);
  big = new BigInt64Array(0);

  grow(capacity: number): void {
    if (capacity <= this.big.length) return;
    this.nulls = widened(this.nulls, new Uint8Array(capacity));
    this.big = widened(this.big, new BigInt64Array(capacity));
    this.words = new Int32Array(this.big.buffer);
  }

  /** Writes an integer whose magnitude is at most 2^53 − 1. */
  setNumber(row: number, value: number): void {
    const high = Math.floor(value / TWO_32);
    this.words[2 * row] = value - high * TWO_32;
    this.words[2 * row + 1] = high;
    this.nulls[row] = 0;
  }

  setBig(row: number, value: bigint): void {
    this.big[row] = value;
    this.nulls[row] = 0;
  }

  /** True when the row's value is exact as a number. */
  isSafe(row: number): boolean {
    const high = this.words[2 * row + 1]!;
    return high >= -0x200000 && high < 0x200000 && !(high === -0x200000 && this.words[2 * row] === 0);
  }

  /** The row's value as a number: exact where `isSafe`, else the nearest double. */
  number(row: number): number {
    return this.words[2 * row + 1]! * TWO_32 + (this.words[2 * row]! >>> 0);
  }

  copy(row: number, from: Column, fromRow: number): void {
    const source = from as Int64Column;
    this.words[2 * row] = source.words[2 * fromRow]!;
    this.words[2 * row + 1] = source.words[2 * fromRow + 1]!;
    this.nulls[row] = source.nulls[fromRow]!;
  }

  get(row: number): bigint | null {
    return this.nulls[row] === 1 ? null : this.big[row]!;
  }

  clear(): void {}
}

/** IEEE doubles; also event times in milliseconds. */
export class Float64Column implements ColumnBase {
  readonly type = "float64";
  nulls = new Uint8Array(0);
  values = new Float64Array(0);

  grow(capacity: number): void {
    if (capacity <= this.values.length) return;
    this.nulls = widened(this.nulls, new Uint8Array(capacity));
    this.values = widened(this.values, new Float64Array(capacity));
  }

  set(row: number, value: number): void {
    this.values[row] = value;
    this.nulls[row] = 0;
  }

  copy(row: number, from: Column, fromRow: number): void {
    const source = from as Float64Column;
    this.values[row] = source.values[fromRow]!;
    this.nulls[row] = source.nulls[fromRow]!;
  }

  get(row: number): number | null {
    return this.nulls[row] === 1 ? null : this.values[row]!;
  }

  clear(): void {}
}

/** Bytes that a heap can have: places in it are 32-bit integers. */
const MOST_HEAP_BYTES = 2 ** 31 - 1;

const COMPACT_BYTES = 1 << 20;

/**
 * Byte strings of any length, in one heap; row `r` is `heap[starts[r] .. ends[r])`. What writes a row raises
 * BATCH_TOO_LARGE, and leaves all as it is, where they would be 2 GiB together.
 */
export class BytesColumn implements ColumnBase {
  readonly type: "bytes" | "text" = "bytes";
  nulls = new Uint8Array(0);
  starts = new Int32Array(0);
  ends = new Int32Array(0);
  heap = Buffer.allocUnsafe(0);
  used = 0;
  /** Bytes of the heap that no row uses, left behind by `replace`. */
  #waste = 0;

  grow(capacity: number): void {
    if (capacity <= this.starts.length) return;
    this.nulls = widened(this.nulls, new Uint8Array(capacity));
    this.starts = widened(this.starts, new Int32Array(capacity));
    this.ends = widened(this.ends, new Int32Array(capacity));
  }

  /** Copies `source[start .. end)` into the row. */
  put(row: number, source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const at = this.used;
    if (at + length > this.heap.length) this.#reserve(length);
    const heap = this.heap;
    if (length < 24) for (let i = 0; i < length; i++) heap[at + i] = source[start + i]!;
    else heap.set(source.subarray(start, end), at);
    this.starts[row] = at;
    this.ends[row] = this.used = at + length;
    this.nulls[row] = 0;
  }

  /** Copies `source[start .. end)` into the heap and gives its place there, for rows that are pointed at it. */
  append(source: Uint8Array, start: number, end: number): number {
    const at = this.used;
    const length = end - start;
    if (at + length > this.heap.length) this.#reserve(length);
    if (length < 24) for (let i = 0; i < length; i++) this.heap[at + i] = source[start + i]!;
    else this.heap.set(source.subarray(start, end), at);
    this.used = at + length;
    return at;
  }

  /** Makes room in the heap for so many bytes behind those in use, for code that writes them there. */
  room(length: number): void {
    if (this.used + length > this.heap.length) this.#reserve(length);
  }

  copy(row: number, from: Column, fromRow: number): void {
    const source = from as BytesColumn;
    if (source.nulls[fromRow] === 1) this.nulls[row] = 1;
    else this.put(row, source.heap, source.starts[fromRow]!, source.ends[fromRow]!);
  }

  /** Like `copy` over a row that was written before: its bytes are reused where the new value fits into them. */
  replace(row: number, from: BytesColumn, fromRow: number): void {
    if (from.nulls[fromRow] === 1) {
      this.nulls[row] = 1;
      return;
    }
    const start = from.starts[fromRow]!;
    const length = from.ends[fromRow]! - start;
    const room = this.ends[row]! - this.starts[row]!;
    this.#waste += length > room ? room : room - length;
    if (this.#waste > COMPACT_BYTES && this.#waste * 2 > this.used) this.#compact();
    if (length > room) {
      this.put(row, from.heap, start, start + length);
      return;
    }
    const at = this.starts[row]!;
    for (let i = 0; i < length; i++) this.heap[at + i] = from.heap[start + i]!;
    this.ends[row] = at + length;
    this.nulls[row] = 0;
  }

  /** True when two rows, of this column and another, hold the same bytes; neither may be null. */
  equals(row: number, other: BytesColumn, otherRow: number): boolean {
    const start = this.starts[row]!;
    const length = this.ends[row]! - start;
    const otherStart = other.starts[otherRow]!;
    if (other.ends[otherRow]! - otherStart !== length) return false;
    for (let i = 0; i < length; i++) if (this.heap[start + i] !== other.heap[otherStart + i]) return false;
    return true;
  }

  get(row: number): Uint8Array | string | null {
    return this.nulls[row] === 1 ? null : this.heap.subarray(this.starts[row], this.ends[row]);
  }

  clear(): void {
    this.used = 0;
    this.#waste = 0;
  }

  /** Drops the bytes that no row uses any more. */
  #compact(): void {
    const heap = Buffer.allocUnsafe(this.heap.length);
    let used = 0;
    for (let row = 0; row < this.starts.length; row++) {
      const start = this.starts[row]!;
      const end = this.ends[row]!;
      heap.set(this.heap.subarray(start, end), used);
      this.starts[row] = used;
      this.ends[row] = used += end - start;
    }
    this.heap = heap;
    this.used = used;
    this.#waste = 0;
  }

  #reserve(length: number): void {
    const needed = this.used + length;
    if (needed > MOST_HEAP_BYTES) raise("BATCH_TOO_LARGE", { bytes: needed, limit: MOST_HEAP_BYTES });
    const roomy = Math.min(this.heap.length * 2, MOST_HEAP_BYTES);
    const next = Buffer.allocUnsafe(Math.max(1024, roomy, needed));
    next.set(this.heap.subarray(0, this.used));
    this.heap = next;
  }
}

/** UTF-8 text, kept as bytes until somebody asks for the string. */
export class TextColumn extends BytesColumn {
  override readonly type = "text";

  set(row: number, value: string): void {
    const length = value.length;
    let ascii = length < 24;
    for (let i = 0; ascii && i < length; i++) ascii = value.charCodeAt(i) < 128;
    if (!ascii) {
      this.#setUtf8(row, value);
      return;
    }
    scratch.length = length;
    for (let i = 0; i < length; i++) scratch[i] = value.charCodeAt(i);
    this.put(row, scratch as unknown as Uint8Array, 0, length);
  }

  override get(row: number): string | null {
    return this.nulls[row] === 1 ? null : this.text(row);
  }

  /** The row's string; the row must not be null. */
  text(row: number): string {
    const start = this.starts[row]!;
    const end = this.ends[row]!;
    if (end - start < 16) {
      let text = "";
      for (let i = start; i < end; i++) {
        const byte = this.heap[i]!;
        if (byte > 127) return this.heap.toString("utf8", start, end);
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return this.heap.toString("utf8", start, end);
  }

  #setUtf8(row: number, value: string): void {
    const bytes = Buffer.from(value, "utf8");
    this.put(row, bytes, 0, bytes.length);
  }
}

const scratch: number[] = [];

/** Whatever has no flat form: arrays, maps, unions of several branches. Read-only, shared by whoever copies it. */
export class ValueColumn implements ColumnBase {
  readonly type = "value";
  nulls = new Uint8Array(0);
  values: unknown[] = [];

  grow(capacity: number): void {
    if (capacity > this.nulls.length) this.nulls = widened(this.nulls, new Uint8Array(capacity));
  }

  set(row: number, value: unknown): void {
    this.values[row] = value;
    this.nulls[row] = value === null || value === undefined ? 1 : 0;
  }

  copy(row: number, from: Column, fromRow: number): void {
    const source = from as ValueColumn;
    this.values[row] = source.values[fromRow];
    this.nulls[row] = source.nulls[fromRow]!;
  }

  get(row: number): unknown {
    return this.nulls[row] === 1 ? null : this.values[row];
  }

  clear(): void {
    this.values.length = 0;
  }
}

/** An empty column of a type. */
export function makeColumn(type: ColumnType): Column {
  switch (type) {
    case "bool":
    case "int32":
      return new Int32Column(type);
    case "int64":
      return new Int64Column();
    case "float64":
      return new Float64Column();
    case "text":
      return new TextColumn();
    case "bytes":
      return new BytesColumn();
    case "value":
      return new ValueColumn();
  }
}

function widened<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
