import type { Batch } from "../../base/batch.ts";
import type { Key } from "../../base/key.ts";
import type { Fields } from "../model.ts";
import type { StateCodec } from "../operator.ts";

/** What is kept of the rows of one key or window; only `CompiledAggregates` look into it. */
export interface Accumulator {
  readonly accumulator?: never;
}

/**
 * Aggregates as functions that are made for them. They hold the columns of the batch that is bound, so each subtask has
 * its own; nothing is allocated per row.
 */
export interface CompiledAggregates {
  /** Of the result. */
  readonly fields: Fields;
  readonly codec: StateCodec<Accumulator>;
  /** Two accumulators can become one: every fold has a `merge`. */
  readonly mergeable: boolean;
  /** An accumulator of no rows. */
  create(): Accumulator;
  /** Says of which batch the rows are that follow; once a batch, whose columns must stay what they are. */
  bind(batch: Batch): void;
  /** Counts a row of the bound batch in. */
  add(into: Accumulator, row: number): void;
  /** Takes a row of the bound batch back; only where compiled for changes. */
  retract(from: Accumulator, row: number): void;
  /** Counts all of another accumulator in, which stays as it is and shares nothing with `into`. Only where mergeable. */
  merge(into: Accumulator, from: Accumulator): void;
  /** All rows were retracted; only where compiled for changes. */
  isEmpty(accumulator: Accumulator): boolean;
  /**
   * Writes the result into the fields of a row, all of them, of a batch with the layout of rows of `fields`.
   * `start` and `end` are the window's, in ms. AGGREGATE_TOO_LARGE.
   */
  write(of: Accumulator, output: Batch, row: number, key: Key, start?: number, end?: number): void;
  /** The same for a key that another row of the output has already, from which it is copied. */
  writeLike(of: Accumulator, output: Batch, row: number, key: Key, like: number): void;
  /** Notes what the result is computed of, for `hasChanged` and `writeNoted`. */
  note(of: Accumulator): void;
  /** False where the result is sure to be the one that was noted. */
  hasChanged(of: Accumulator): boolean;
  /** Writes the result as it was noted. */
  writeNoted(output: Batch, row: number, key: Key): void;
}
