import type { Batch } from "../../base/batch.ts";
import type { Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { currencyColumn } from "../../dataflow/change-layout.ts";
import type { FieldKind, Model } from "../../dataflow/model.ts";
import type { Records } from "../../dataflow/records.ts";
import { FIELD_WORDS, fieldWordsOf } from "./field-words.ts";

/** A field, and where its words are in a row. */
interface FieldPlace {
  readonly name: string;
  readonly kind: FieldKind;
  readonly at: number;
}

/** A text over the batch that is read. */
interface TextPlace extends FieldPlace {
  column: TextColumn;
}

/** Bytes up to which a loop is quicker than a call. */
const FEW_BYTES = 24;

/**
 * Writes the fields of a model's rows as evidence, words as they are in the columns. The words of all rows of a batch are put
 * one behind the other when it is read, column by column, which costs a fraction of what going through the columns for each
 * row does.
 */
export class FieldWriter {
  readonly #records: Records;
  readonly #fields: readonly FieldPlace[];
  readonly #texts: readonly TextPlace[];
  readonly #words: number;
  /** By row of the batch: its words; and the bytes that its fields take, with their texts. */
  #image = new Int32Array(0);
  #bytes = new Int32Array(0);
  /** Doubles seen as words, by field: the same as long as their column has the same memory. */
  readonly #seen = new Map<string, Int32Array>();

  constructor(model: Model, records: Records) {
    this.#records = records;
    const fields = Object.entries(model.fields);
    let at = Math.ceil(fields.length / 32);
    this.#fields = fields.map(([name, { kind }]) => {
      const place = { name, kind, at };
      at += FIELD_WORDS[kind];
      return place;
    });
    const column = undefined as unknown as TextColumn;
    const texts = this.#fields.filter(({ kind }) => kind === "id" || kind === "text");
    this.#texts = texts.map((place) => ({ ...place, column }));
    this.#words = fieldWordsOf(fields.map(([, { kind }]) => kind));
  }

  /** Reads the rows of a batch; valid as long as it is. */
  read(batch: Batch): void {
    const { count } = batch;
    const size = this.#words;
    if (this.#bytes.length < count) {
      this.#image = new Int32Array(2 * count * size);
      this.#bytes = new Int32Array(2 * count);
    }
    const image = this.#image;
    image.fill(0, 0, count * size);
    this.#bytes.fill(4 * size, 0, count);
    for (const [i, { name, kind, at }] of this.#fields.entries()) {
      const column = batch.column(name);
      putBits(image, i >> 5, size, count, column.nulls, 1 << (i & 31));
      if (kind === "flag") putWords(image, at, size, count, (column as Int32Column).values);
      else if (kind !== "id" && kind !== "text") putPairs(image, at, size, count, this.#wordsOf(name, column));
      if (kind !== "money") continue;
      putWords(image, at + 2, size, count, (batch.column(currencyColumn(name)) as Int32Column).values);
    }
    for (const text of this.#texts) {
      text.column = batch.column(text.name) as TextColumn;
      putLengths(image, text.at, size, count, text.column, this.#bytes);
    }
  }

  /** Bytes of the fields of every row, without those of texts. */
  get bytes(): number {
    return 4 * this.#words;
  }

  /** Bytes that the fields of a row take, with their texts. */
  bytesOf(row: number): number {
    return this.#bytes[row]!;
  }

  /** Writes a row's fields, at a place in words, and behind them the bytes of its identity and of its texts. */
  write(row: number, at: number, identity: TextColumn): void {
    const { words } = this.#records;
    const image = this.#image;
    const size = this.#words;
    const from = row * size;
    for (let i = 0; i < size; i++) words[at + i] = image[from + i]!;
    let byte = this.#copy((at + size) << 2, identity, row);
    for (let i = 0; i < this.#texts.length; i++) {
      const text = this.#texts[i]!;
      if (image[from + text.at] !== 0) byte = this.#copy(byte, text.column, row);
    }
  }

  #copy(to: number, column: TextColumn, row: number): number {
    const { bytes } = this.#records;
    const { heap } = column;
    const start = column.starts[row]!;
    const length = column.ends[row]! - start;
    if (length < FEW_BYTES) for (let i = 0; i < length; i++) bytes[to + i] = heap[start + i]!;
    else bytes.set(heap.subarray(start, start + length), to);
    return to + length;
  }

  /** The words of a column that has two a row. */
  #wordsOf(name: string, column: Column): Int32Array {
    if (column.type === "int64") return (column as Int64Column).words;
    const { buffer, byteOffset, length } = (column as Float64Column).values;
    const seen = this.#seen.get(name);
    if (seen !== undefined && seen.buffer === buffer && seen.byteOffset === byteOffset && seen.length === 2 * length)
      return seen;
    const words = new Int32Array(buffer, byteOffset, 2 * length);
    this.#seen.set(name, words);
    return words;
  }
}

/** Sets a bit in a word of each row that has a value. */
function putBits(image: Int32Array, word: number, size: number, count: number, nulls: Uint8Array, bit: number): void {
  for (let row = 0, at = word; row < count; row++, at += size) if (nulls[row] === 0) image[at]! |= bit;
}

/** Puts a word of each row. */
function putWords(image: Int32Array, word: number, size: number, count: number, from: Int32Array): void {
  for (let row = 0, at = word; row < count; row++, at += size) image[at] = from[row]!;
}

/** Puts two words of each row. */
function putPairs(image: Int32Array, word: number, size: number, count: number, from: Int32Array): void {
  for (let row = 0, at = word; row < count; row++, at += size) {
    image[at] = from[2 * row]!;
    image[at + 1] = from[2 * row + 1]!;
  }
}

/** Puts the length of each row's text, where there is one, and adds it to those of all. */
function putLengths(
  image: Int32Array,
  word: number,
  size: number,
  count: number,
  { nulls, starts, ends }: TextColumn,
  bytes: Int32Array,
): void {
  for (let row = 0, at = word; row < count; row++, at += size) {
    if (nulls[row] === 1) continue;
    const length = ends[row]! - starts[row]!;
    image[at] = length;
    bytes[row]! += length;
  }
}
