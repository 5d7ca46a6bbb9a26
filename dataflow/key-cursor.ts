import type { Batch } from "../base/batch.ts";
import type { TextColumn } from "../base/columns.ts";
import type { Key } from "../base/key.ts";
import { perBatch } from "./per-batch.ts";

/** Goes through the keys of a batch's rows. The text of a key is made once for rows of it that come one after the other. */
export class KeyCursor {
  /** Of the row that it stands at. */
  key: Key = "";
  readonly #columnOf: (batch: Batch) => TextColumn;
  #keys!: TextColumn;
  #row = -1;

  /** `column`: the text column that holds the key. */
  constructor(column: string) {
    this.#columnOf = perBatch((batch) => batch.column(column) as TextColumn);
  }

  /** Begins with a batch, before its first row, whenever it was filled. */
  begin(batch: Batch): void {
    this.#keys = this.#columnOf(batch);
    this.#row = -1;
  }

  /** A row without the whole key. */
  isNull(row: number): boolean {
    return this.#keys.nulls[row] === 1;
  }

  /** Goes to a row that has a key; true where it is another one than that of the row before, and at a batch's first. */
  moveTo(row: number): boolean {
    const keys = this.#keys;
    if (this.#row >= 0 && keys.equals(row, keys, this.#row)) return false;
    this.#row = row;
    this.key = keys.text(row);
    return true;
  }
}
