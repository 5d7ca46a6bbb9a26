import { Batch, type Layout } from "../base/batch.ts";
import type { Float64Column, Int32Column } from "../base/columns.ts";
import { fieldLayout } from "./change-layout.ts";
import type { Fields } from "./model.ts";

/** Columns that every batch of rows begins with, those of changes too: see `changeLayout`. */
const HEAD = [
  /** +1 for an add, −1 for a retract; events are adds. */
  { name: "$kind", type: "int32" },
  /** Event time in whole milliseconds; −∞ for rows of the seed, which say nothing of when. */
  { name: "$time", type: "float64" },
  /** The seed's own time for a row of the initial snapshot, else null. */
  { name: "$seed", type: "float64" },
] as const satisfies Layout;

/** The first column after the fixed ones in `rowLayout`. */
export const FIRST_ROW_FIELD = HEAD.length;

/** The layout of rows that operators hand on: events, and the adds and retracts of derived changelogs. */
export function rowLayout(fields: Fields): Layout {
  return [...HEAD, ...fieldLayout(fields)];
}

/** The fixed columns of any batch of rows, typed. */
export interface RowColumns {
  readonly kind: Int32Column;
  readonly time: Float64Column;
  readonly seed: Float64Column;
}

/** Gives the fixed columns of a batch whose layout is that of rows or of changes. */
export function rowColumns({ columns: [kind, time, seed] }: Batch): RowColumns {
  return { kind: kind as Int32Column, time: time as Float64Column, seed: seed as Float64Column };
}

/** Rows of a batch that is handed on before its call is over. */
const FULL = 4_096;

/** Where an operator writes the rows that it emits, before it hands them on. */
export class RowOutput {
  readonly batch: Batch;
  readonly #columns: RowColumns;

  constructor(fields: Fields) {
    this.batch = new Batch(rowLayout(fields));
    this.#columns = rowColumns(this.batch);
  }

  /** Begins a row, whose fields are the caller's to write, all of them, nulls too; gives its number. */
  add(kind: number, time: number): number {
    const { batch } = this;
    const row = batch.count++;
    batch.grow(batch.count);
    const columns = this.#columns;
    columns.kind.set(row, kind);
    columns.time.set(row, time);
    columns.seed.nulls[row] = 1;
    return row;
  }

  /** Marks a row as one of the seed. */
  seeded(row: number, seed: number): void {
    this.#columns.seed.set(row, seed);
  }

  /**
   * Hands on what was written if that is as much as a batch should be: between timers or rows of a call which may emit more
   * than there is memory for.
   */
  flushIfFull(forward: (batch: Batch) => void): void {
    if (this.batch.count >= FULL) this.flush(forward);
  }

  /** Hands on what was written, if anything, and begins anew. */
  flush(forward: (batch: Batch) => void): void {
    if (this.batch.count === 0) return;
    forward(this.batch);
    this.batch.clear();
  }
}
