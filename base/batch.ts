import { type Column, type ColumnType, makeColumn } from "./columns.ts";
import { assert } from "./errors.ts";

/** Names and types of a batch's columns, in order. Names may be paths (`after.amount`). */
export type Layout = readonly { readonly name: string; readonly type: ColumnType }[];

/**
 * The unit between operators: `count` rows over columns of one layout. Whoever made a batch may empty and refill it
 * once the call that handed it on has returned; who needs a row for longer copies it.
 */
export class Batch {
  readonly layout: Layout;
  readonly columns: readonly Column[];
  /** Rows in use; the columns may have room for more. */
  count = 0;
  #capacity = 0;

  constructor(layout: Layout, capacity = 0, columns?: readonly Column[]) {
    this.layout = layout;
    this.columns = columns ?? layout.map((column) => makeColumn(column.type));
    this.grow(capacity);
  }

  /** A batch over columns of others, which it shows under its own layout and must not change; its `count` is to be set. */
  static over(layout: Layout, columns: readonly Column[]): Batch {
    return new Batch(layout, 0, columns);
  }

  /** Makes room for at least `capacity` rows, doubling so that appending stays cheap. */
  grow(capacity: number): void {
    if (capacity <= this.#capacity) return;
    this.#capacity = Math.max(capacity, this.#capacity * 2);
    for (const column of this.columns) column.grow(this.#capacity);
  }

  /** The position of a column by name; a name that is not there is a defect of the caller. */
  indexOf(name: string): number {
    const index = this.layout.findIndex((column) => column.name === name);
    assert(index >= 0, `batch has no column ${name}`);
    return index;
  }

  /** The column of a name. */
  column(name: string): Column {
    return this.columns[this.indexOf(name)]!;
  }

  /** Appends a copy of one row of a batch with the same layout; gives its row number here. */
  append(from: Batch, fromRow: number): number {
    const row = this.count;
    this.grow(row + 1);
    for (let c = 0; c < this.columns.length; c++) this.columns[c]!.copy(row, from.columns[c]!, fromRow);
    this.count = row + 1;
    return row;
  }

  /** Empties the batch and keeps its memory. */
  clear(): void {
    this.count = 0;
    for (const column of this.columns) column.clear();
  }

  /** A row as a plain object, for tests and messages, never for the hot path. */
  row(row: number): Record<string, unknown> {
    return Object.fromEntries(this.layout.map((column, c) => [column.name, this.columns[c]!.get(row)]));
  }
}
