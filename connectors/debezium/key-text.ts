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
    this.#reserve(20);
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.#length++] = MINUS;
      rest = -rest;
    }
    if (rest < 1e9) this.#digits(rest, 1);
    else {
      const high = Math.floor(rest / 1e9);
      if (high < 1e9) this.#digits(high, 1);
      else this.ascii(String(high));
      this.#digits(rest - high * 1e9, 9);
    }
  }

  /** Appends the 64-bit integer of two words. */
  words(low: number, high: number): void {
    if (high === low >> 31) {
      this.safeInteger(low);
      return;
    }
    let lower = low >>> 0;
    let upper = high >>> 0;
    if (high < 0) {
      this.#reserve(1);
      this.#bytes[this.#length++] = MINUS;
      lower = -low >>> 0;
      upper = (lower === 0 ? -high : ~high) >>> 0;
    }
    // Divided by 10^9 in three steps, none of which leaves 53 bits.
    const first = Math.floor(upper / 1e9);
    const middle = (upper - first * 1e9) * 65_536 + (lower >>> 16);
    const second = Math.floor(middle / 1e9);
    const last = (middle - second * 1e9) * 65_536 + (lower & 65_535);
    const third = Math.floor(last / 1e9);
    const quotient = first * 4_294_967_296 + second * 65_536 + third;
    if (quotient === 0) {
      this.safeInteger(last);
      return;
    }
    this.safeInteger(quotient);
    this.#reserve(9);
    this.#digits(last - third * 1e9, 9);
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

  /** Appends an integer below 10^9 with at least so many digits. */
  #digits(value: number, least: number): void {
    let rest = value | 0;
    let count = least;
    for (let bound = 10 ** least; bound <= rest; bound *= 10) count++;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const quotient = (rest / 10) | 0;
      this.#bytes[at] = ZERO + rest - quotient * 10;
      rest = quotient;
    }
    this.#length += count;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const next = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + more));
    next.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = next;
  }
}
