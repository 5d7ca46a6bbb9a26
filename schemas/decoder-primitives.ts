import { type BytesColumn, type Float64Column, type Int32Column, Int64Column } from "../base/columns.ts";

/**
 * What compiled decoders are made of. `b` is the buffer, `p` the position, `end` where the record ends. A `put…` and a
 * `skip…` gives the position after the value; an `…At` gives the value, and `skipVarint` or the length leads past it.
 *
 * Lengths are checked against `end` before anything is copied or jumped over. Single bytes may be read past `end`, which
 * costs nothing to allow: the position only grows, and a decoder checks it once it is done. What is said of a record that
 * fails comes from a second look, in which nothing lies behind `end`.
 */

/** A record that its schema cannot have written. The decoder adds the schema's name and the position. */
export class Malformed extends Error {
  readonly code: "AVRO_CORRUPT" | "DECIMAL_OUT_OF_RANGE";

  constructor(reason: string, code: "AVRO_CORRUPT" | "DECIMAL_OUT_OF_RANGE" = "AVRO_CORRUPT") {
    super(reason);
    this.code = code;
  }
}

export function fail(reason: string): never {
  throw new Malformed(reason);
}

export function skipVarint(b: Uint8Array, p: number): number {
  const start = p;
  while (b[p++]! > 127);
  if (p - start > 10) fail("an integer of more than ten bytes");
  return p;
}

/** Checks the length of something that starts at `p`. */
export function checkLength(length: number, p: number, end: number): void {
  if (length < 0) fail("a negative length");
  if (length > end - p) fail("a length beyond the end");
}

export function skipBytes(b: Uint8Array, p: number, end: number): number {
  const byte = b[p]!;
  const second = b[p + 1]!;
  if (byte > 127 && second < 128) {
    // A length of two bytes: below 8,192.
    const length = (((byte & 127) | (second << 7)) >>> 1) ^ -(byte & 1);
    checkLength(length, p + 2, end);
    return p + 2 + length;
  }
  const length = numberAt(b, p);
  const start = skipVarint(b, p);
  checkLength(length, start, end);
  return start + length;
}

export function putBoolean(column: Int32Column, row: number, b: Uint8Array, p: number): number {
  column.values[row] = booleanAt(b, p) ? 1 : 0;
  column.nulls[row] = 0;
  return p + 1;
}

export function booleanAt(b: Uint8Array, p: number): boolean {
  const byte = b[p]!;
  if (byte > 1) fail("a boolean that is neither 0 nor 1");
  return byte === 1;
}

export function putInt(column: Int32Column, row: number, b: Uint8Array, p: number): number {
  const byte = b[p]!;
  column.nulls[row] = 0;
  if (byte < 128) {
    column.values[row] = (byte >>> 1) ^ -(byte & 1);
    return p + 1;
  }
  column.values[row] = intAt(b, p);
  return skipVarint(b, p);
}

export function intAt(b: Uint8Array, p: number): number {
  let zigzag = 0;
  let shift = 0;
  let byte: number;
  do {
    byte = b[p++]!;
    if (shift === 28 && byte > 15) fail("an int of more than 32 bits");
    zigzag |= (byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  return (zigzag >>> 1) ^ -(zigzag & 1);
}

/** Writes both words of a long; an int has the same encoding. */
export function putLong(column: Int64Column, row: number, b: Uint8Array, p: number): number {
  const words = column.words;
  let low = b[p++]!;
  let high = 0;
  column.nulls[row] = 0;
  if (low > 127) {
    let byte = b[p++]!;
    low = (low & 127) | ((byte & 127) << 7);
    if (byte > 127) {
      byte = b[p++]!;
      low |= (byte & 127) << 14;
      if (byte > 127) {
        byte = b[p++]!;
        low |= (byte & 127) << 21;
        if (byte > 127) {
          byte = b[p++]!;
          low |= (byte & 127) << 28;
          high = (byte & 127) >>> 4;
          for (let shift = 3; byte > 127; shift += 7) {
            byte = b[p++]!;
            if (shift === 31 && byte > 1) fail("a long of more than 64 bits");
            high |= (byte & 127) << shift;
          }
        }
      }
    }
  }
  const sign = -(low & 1);
  words[2 * row] = ((low >>> 1) | (high << 31)) ^ sign;
  words[2 * row + 1] = (high >>> 1) ^ sign;
  return p;
}

export function bigAt(b: Uint8Array, p: number): bigint {
  putLong(SCRATCH, 0, b, p);
  return SCRATCH.big[0]!;
}

/** The long at `p` as the nearest double. */
export function numberAt(b: Uint8Array, p: number): number {
  const byte = b[p]!;
  if (byte < 128) return (byte >>> 1) ^ -(byte & 1);
  putLong(SCRATCH, 0, b, p);
  return SCRATCH.number(0);
}

export function putLongAsDouble(column: Float64Column, row: number, b: Uint8Array, p: number): number {
  column.set(row, numberAt(b, p));
  return skipVarint(b, p);
}

export function putLongAsFloat(column: Float64Column, row: number, b: Uint8Array, p: number): number {
  column.set(row, Math.fround(numberAt(b, p)));
  return skipVarint(b, p);
}

export function putFloat(column: Float64Column, row: number, b: Uint8Array, p: number): number {
  column.set(row, floatAt(b, p));
  return p + 4;
}

export function putDouble(column: Float64Column, row: number, b: Uint8Array, p: number): number {
  column.set(row, doubleAt(b, p));
  return p + 8;
}

export function floatAt(b: Uint8Array, p: number): number {
  for (let i = 0; i < 4; i++) FLOATING_BYTES[i] = b[p + i]!;
  return FLOAT[0]!;
}

export function doubleAt(b: Uint8Array, p: number): number {
  for (let i = 0; i < 8; i++) FLOATING_BYTES[i] = b[p + i]!;
  return DOUBLE[0]!;
}

/** Copies a string or bytes into the column, as bytes. */
export function putBytes(column: BytesColumn, row: number, b: Uint8Array, p: number, end: number): number {
  const byte = b[p]!;
  const short = (byte & 129) === 0;
  const length = short ? byte >> 1 : numberAt(b, p);
  const start = short ? p + 1 : skipVarint(b, p);
  checkLength(length, start, end);
  column.put(row, b, start, start + length);
  return start + length;
}

export function putFixed(
  column: BytesColumn,
  row: number,
  b: Uint8Array,
  p: number,
  end: number,
  size: number,
): number {
  checkLength(size, p, end);
  column.put(row, b, p, p + size);
  return p + size;
}

/** Writes the reader's symbol, in UTF-8, for the writer's index. */
export function putSymbol(
  column: BytesColumn,
  row: number,
  b: Uint8Array,
  p: number,
  symbols: readonly (Uint8Array | undefined)[],
): number {
  const symbol = symbolAt(b, p, symbols);
  column.put(row, symbol, 0, symbol.length);
  return skipVarint(b, p);
}

/** The entry of an enum's symbols that the index at `p` chooses. */
export function symbolAt<T>(b: Uint8Array, p: number, symbols: readonly (T | undefined)[]): T {
  const index = intAt(b, p);
  const symbol = symbols[index];
  if (symbol !== undefined) return symbol;
  return fail(
    index >= 0 && index < symbols.length ? "an enum symbol that the reader lacks" : "an enum index out of range",
  );
}

export function putUnscaledBytes(column: Int64Column, row: number, b: Uint8Array, p: number, end: number): number {
  const length = numberAt(b, p);
  return putUnscaledFixed(column, row, b, skipVarint(b, p), end, length);
}

/** Reads big-endian two's complement of `size` bytes, the digits of a decimal, into an int64. */
export function putUnscaledFixed(
  column: Int64Column,
  row: number,
  b: Uint8Array,
  p: number,
  end: number,
  size: number,
): number {
  checkLength(size, p, end);
  if (size === 0) fail("a decimal without digits");
  const next = p + size;
  const sign = b[p]! > 127 ? -1 : 0;
  for (; next - p > 8; p++) if (b[p] !== (sign & 255)) tooLarge();
  let low = sign;
  let high = sign;
  for (; p < next; p++) {
    high = (high << 8) | (low >>> 24);
    low = (low << 8) | b[p]!;
  }
  if (high >> 31 !== sign) tooLarge();
  column.words[2 * row] = low;
  column.words[2 * row + 1] = high;
  column.nulls[row] = 0;
  return next;
}

function tooLarge(): never {
  throw new Malformed("a decimal past 64 bits", "DECIMAL_OUT_OF_RANGE");
}

/** The text in `b[p .. next)`; what is not UTF-8 becomes U+FFFD. */
export function textAt(b: Uint8Array, p: number, next: number): string {
  return Buffer.from(b.buffer, b.byteOffset + p, next - p).toString("utf8");
}

/** A copy of `b[p .. next)`. */
export function bytesAt(b: Uint8Array, p: number, next: number): Uint8Array {
  return new Uint8Array(b.subarray(p, next));
}

/** Checks that `count` items of `least` bytes or more can lie before `end`, so that no count makes a loop long. */
export function checkCount(count: number, least: number, p: number, end: number): void {
  if (count * least > end - p) fail("more items than there are bytes");
}

/** Sets an entry of a map; its keys come from outside, and `__proto__` must be a key like any other. */
export function setEntry(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

const SCRATCH = new Int64Column();
SCRATCH.grow(1);
const FLOATING_BYTES = new Uint8Array(8);
const FLOAT = new Float32Array(FLOATING_BYTES.buffer, 0, 1);
const DOUBLE = new Float64Array(FLOATING_BYTES.buffer);
