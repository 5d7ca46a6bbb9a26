import type { Batch } from "../../base/batch.ts";
import type { Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { currencyColumn } from "../../dataflow/change-layout.ts";
import type { FieldKind, Model } from "../../dataflow/model.ts";
import type { Records } from "../../dataflow/records.ts";
import { fieldWordsOf } from "./field-words.ts";

/** A field over the batch that is read: two words a row of what is neither text nor flag. */
interface FieldColumns {
  readonly name: string;
  readonly kind: FieldKind;
  column: Column;
  words: Int32Array;
  currency: Int32Column;
}

/** Bytes up to which a loop is quicker than a call. */
const FEW_BYTES = 24;

/** Writes the fields of a model's rows as evidence, words as they are in the columns. */
export class FieldWriter {
  readonly #records: Records;
  readonly #fields: FieldColumns[];
  readonly #texts: FieldColumns[];
  readonly #words: number;
  readonly #bitWords: number;

  constructor(model: Model, records: Records) {
    this.#records = records;
    const none = undefined as unknown as Column & Int32Column;
    this.#fields = Object.entries(model.fields).map(([name, { kind }]) => {
      return { name, kind, column: none, words: NO_WORDS, currency: none };
    });
    this.#texts = this.#fields.filter(({ kind }) => kind === "id" || kind === "text");
    this.#words = fieldWordsOf(this.#fields.map(({ kind }) => kind));
    this.#bitWords = Math.ceil(this.#fields.length / 32);
  }

  /** The columns of a batch; valid as long as it is. */
  read(batch: Batch): void {
    for (const field of this.#fields) {
      field.column = batch.column(field.name);
      field.words = wordsOf(field.column, field.words);
      if (field.kind === "money") field.currency = batch.column(currencyColumn(field.name)) as Int32Column;
    }
  }

  /** Bytes of the fields of every row, without those of texts. */
  get bytes(): number {
    return 4 * this.#words;
  }

  /** Bytes that the fields of a row take, with their texts. */
  bytesOf(row: number): number {
    let bytes = 4 * this.#words;
    for (let i = 0; i < this.#texts.length; i++) {
      const { nulls, starts, ends } = this.#texts[i]!.column as TextColumn;
      if (nulls[row] === 0) bytes += ends[row]! - starts[row]!;
    }
    return bytes;
  }

  /** Writes a row's fields, at a place in words, and behind them the bytes of its identity and of its texts. */
  write(row: number, at: number, identity: TextColumn): void {
    const { words } = this.#records;
    const fields = this.#fields;
    let bits = at;
    let word = at + this.#bitWords;
    let byte = this.#copy((at + this.#words) << 2, identity, row);
    for (let i = 0; i < this.#bitWords; i++) words[at + i] = 0;
    for (let i = 0; i < fields.length; i++) {
      const { kind, column, words: from, currency } = fields[i]!;
      if (i > 0 && (i & 31) === 0) bits++;
      const isNull = column.nulls[row] === 1;
      if (!isNull) words[bits]! |= 1 << (i & 31);
      switch (kind) {
        case "id":
        case "text": {
          const { starts, ends } = column as TextColumn;
          words[word++] = isNull ? 0 : ends[row]! - starts[row]!;
          if (!isNull) byte = this.#copy(byte, column as TextColumn, row);
          break;
        }
        case "flag":
          words[word++] = from[row]!;
          break;
        case "money":
          words[word + 2] = currency.values[row]!;
          words[word] = from[2 * row]!;
          words[word + 1] = from[2 * row + 1]!;
          word += 3;
          break;
        default:
          words[word++] = from[2 * row]!;
          words[word++] = from[2 * row + 1]!;
      }
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
}

const NO_WORDS = new Int32Array(0);

/** The words of a column that has one or two a row; those known already where they are the same memory. */
function wordsOf(column: Column, known: Int32Array): Int32Array {
  switch (column.type) {
    case "int64":
      return (column as Int64Column).words;
    case "bool":
    case "int32":
      return (column as Int32Column).values;
    case "float64": {
      const { buffer, byteOffset, length } = (column as Float64Column).values;
      const isSame = known.buffer === buffer && known.byteOffset === byteOffset && known.length === 2 * length;
      return isSame ? known : new Int32Array(buffer, byteOffset, 2 * length);
    }
    default:
      return NO_WORDS;
  }
}
