import type { BytesColumn, Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import { bigOfBytes, SMALL_BYTES, smallOfBytes } from "./decimal-bytes.ts";

/** Appends the canonical text of one row's value to a writer; the value must not be null. */
export type KeyPartWriter = (writer: KeyWriter, row: number) => void;

/** Whether values of a key part are numbers or strings; `42` and `'42` are different keys. */
export type KeyFamily = "integer" | "text" | "boolean";

/**
 * How values of an Avro type become canonical key text (base/key.ts): integers of any width and decimals without digits
 * after the point, strings and enums, booleans. Undefined for every other type.
 */
export function keyPart(
  type: FieldDescription,
  column: Column,
): { readonly family: KeyFamily; readonly write: KeyPartWriter } | undefined {
  switch (type.type) {
    case "int": {
      const int = column as Int32Column;
      return { family: "integer", write: (writer, row) => writer.safeInteger(int.values[row]!) };
    }
    case "long": {
      const long = column as Int64Column;
      return {
        family: "integer",
        write: (writer, row) => writer.words(long.words[2 * row]!, long.words[2 * row + 1]!),
      };
    }
    case "string":
    case "enum": {
      const text = column as TextColumn;
      return { family: "text", write: (writer, row) => writer.text(text.heap, text.starts[row]!, text.ends[row]!) };
    }
    case "bytes":
    case "fixed": {
      if (type.logicalType !== "decimal" || type.scale !== 0) return undefined;
      const bytes = column as BytesColumn;
      return {
        family: "integer",
        write: (writer, row) => writer.decimal(bytes.heap, bytes.starts[row]!, bytes.ends[row]!),
      };
    }
    case "boolean": {
      const bool = column as Int32Column;
      return { family: "boolean", write: (writer, row) => writer.ascii(bool.values[row] === 1 ? "true" : "false") };
    }
    default:
      return undefined;
  }
}

const QUOTE = 39;
const SEPARATOR = 124;
const BACKSLASH = 92;
const ZERO = 48;
const MINUS = 45;

/** Builds canonical key text as bytes, in one buffer that is used again and again. */
export class KeyWriter {
  #bytes = Buffer.allocUnsafeSlow(128);
  #length = 0;

  /** Begins a new key. */
  reset(): void {
    this.#length = 0;
  }

  /** Stands between the parts of a composite key. */
  separator(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = SEPARATOR;
  }

  /** Puts what was written into a row of a column. */
  putInto(column: TextColumn, row: number): void {
    column.put(row, this.#bytes, 0, this.#length);
  }

  /** Appends an integer within ±2^53. */
  safeInteger(value: number): void {
    const high = Math.floor(value / 4_294_967_296);
    this.words(value - high * 4_294_967_296, high);
  }

  /** Appends the 64-bit integer of two words. */
  words(low: number, high: number): void {
    this.#reserve(LONGEST_INTEGER);
    this.#length = writeInteger(this.#bytes, this.#length, low, high);
  }

  /** Appends the decimal without digits after the point in `bytes[start .. end)`. */
  decimal(bytes: Uint8Array, start: number, end: number): void {
    if (end - start <= SMALL_BYTES) this.safeInteger(smallOfBytes(bytes, start, end));
    else this.ascii(String(bigOfBytes(bytes, start, end)));
  }

  /** Appends a string value: a quote, then the text with `|` and `\` escaped. */
  text(source: Uint8Array, start: number, end: number): void {
    this.#reserve(2 * (end - start) + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      if (byte === SEPARATOR || byte === BACKSLASH) bytes[at++] = BACKSLASH;
      bytes[at++] = byte;
    }
    this.#length = at;
  }

  /** Appends ASCII text as it is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** What was written. */
  toString(): string {
    return this.#bytes.toString("utf8", 0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + more));
    next.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = next;
  }
}

/** Puts the canonical text of the 64-bit integer of two words into a row of a column. */
export function putInteger(column: TextColumn, row: number, low: number, high: number): void {
  column.room(LONGEST_INTEGER);
  const start = column.used;
  const end = writeInteger(column.heap, start, low, high);
  column.starts[row] = start;
  column.ends[row] = column.used = end;
  column.nulls[row] = 0;
}

/** Characters of −2^63. */
const LONGEST_INTEGER = 20;

/** Writes the 64-bit integer of two words as digits from `at` on, where there is room; gives where they end. */
function writeInteger(bytes: Uint8Array, at: number, low: number, high: number): number {
  let lower = low >>> 0;
  let upper = high >>> 0;
  if (high < 0) {
    bytes[at++] = MINUS;
    lower = -low >>> 0;
    upper = (lower === 0 ? -high : ~high) >>> 0;
  }
  if (upper === 0 && lower < BILLION) return writeDigits(bytes, at, lower, 1);
  // A quotient of doubles is at most 1 beside the right one; how far the rest is from it, 32 bits tell.
  let billions = Math.floor((upper * 4_294_967_296 + lower) / BILLION);
  let rest = (lower - Math.imul(billions | 0, BILLION)) | 0;
  if (rest < 0) {
    billions--;
    rest += BILLION;
  } else if (rest >= BILLION) {
    billions++;
    rest -= BILLION;
  }
  let end = at;
  if (billions >= BILLION) {
    // At most 9: 2^63 is 9.2 × 10^18.
    const more = Math.floor(billions / BILLION);
    billions -= more * BILLION;
    end = writeDigits(bytes, end, more, 1);
  }
  end = writeDigits(bytes, end, billions, end > at ? 9 : 1);
  return writeDigits(bytes, end, rest, 9);
}

const BILLION = 1e9;

/** Writes an integer below 10^9 with at least so many digits, two at a time. */
function writeDigits(bytes: Uint8Array, at: number, value: number, least: number): number {
  let rest = value | 0;
  const end = at + Math.max(least, countDigits(rest));
  let place = end;
  for (; place - at > 1; place -= 2) {
    const quotient = (rest / 100) | 0;
    const pair = 2 * (rest - quotient * 100);
    bytes[place - 2] = PAIRS[pair]!;
    bytes[place - 1] = PAIRS[pair + 1]!;
    rest = quotient;
  }
  if (place > at) bytes[at] = ZERO + rest;
  return end;
}

/** How many digits an integer below 10^9 has; compared with all bounds, since a loop over them costs more than the digits. */
function countDigits(value: number): number {
  if (value < 1e4) return value < 1e2 ? (value < 1e1 ? 1 : 2) : value < 1e3 ? 3 : 4;
  if (value < 1e6) return value < 1e5 ? 5 : 6;
  return value < 1e8 ? (value < 1e7 ? 7 : 8) : 9;
}

/** The digits of 00 to 99. */
const PAIRS = Buffer.from(Array.from({ length: 100 }, (_, pair) => String(pair).padStart(2, "0")).join(""));
