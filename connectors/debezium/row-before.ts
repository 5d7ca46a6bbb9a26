import { Batch } from "../../base/batch.ts";
import { BytesColumn, type Column, type Int32Column } from "../../base/columns.ts";
import { CountercheckError, isError } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { OP } from "../../dataflow/change-layout.ts";
import { type AvroSchema, type CompiledDecoder, compileProjection, describeField } from "../../schemas/decoder.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import type { DatabaseKind } from "./config.ts";
import { KeyOnlyRows } from "./key-only-rows.ts";
import { AFTER, inBefore, isInAfter } from "./row-paths.ts";

/**
 * Reads the row before updates and deletes into the columns that a plan reads the row after them into, so that the same
 * mappers take it. Of a plan's columns, those that are read elsewhere in the envelope are the same for both.
 */
export class RowBefore {
  readonly #table: string;
  readonly #raw: Batch;
  /** Undefined where envelopes of the schema have no such row that is like the row after. */
  readonly #decoder: CompiledDecoder | undefined;
  /** The plan's columns in the order of the decoder, first the one that says whether there is a row. */
  readonly #columns: Batch;
  readonly #isThere: Int32Column;
  /** Columns that are not of the row. */
  readonly #shared: readonly Column[];
  readonly #keyOnly: KeyOnlyRows | undefined;

  /** `paths`: those that are read for models; `raw`: the plan's columns, named by their paths, one `after`. */
  constructor(table: string, kind: DatabaseKind, schemaId: number, schema: AvroSchema, paths: string[], raw: Batch) {
    this.#table = table;
    this.#raw = raw;
    const ofRow = paths.filter(isInAfter);
    const own = [AFTER, ...ofRow];
    const name = String(schemaId);
    const isLike = own.every((path) => isSame(describeField(schema, path), describeField(schema, inBefore(path))));
    const decoder = isLike
      ? compileProjection(
          schema,
          own.map((path) => ({ path: inBefore(path) })),
          name,
        )
      : undefined;
    this.#decoder = decoder;
    const columns = own.map((path) => raw.column(path));
    this.#columns = Batch.over(decoder?.layout ?? [], decoder === undefined ? [] : columns);
    this.#isThere = columns[0] as Int32Column;
    this.#shared = paths.filter((path) => !isInAfter(path)).map((path) => raw.column(path));
    // MariaDB's connector fails where a row is not whole.
    const isInvented = kind === "postgresql" && decoder !== undefined;
    this.#keyOnly = isInvented ? new KeyOnlyRows(schema, name) : undefined;
  }

  /**
   * Reads what the row was before record i, whose update or delete is in row `at` of the columns, into the row in front of
   * it. `key`: names of the columns of its Kafka key. What makes the record unusable is returned.
   */
  read(records: RecordBatch, i: number, op: number, at: number, key: readonly string[]): CountercheckError | undefined {
    if (this.#decoder === undefined) return this.#missing(op, "its schema has no row before");
    const { buffer, valueStarts, valueEnds } = records;
    try {
      this.#decoder.decode(buffer, valueStarts[i]! + FRAME_LENGTH, valueEnds[i]!, this.#columns, at - 1);
    } catch (error) {
      if (isError(error) && error.code !== "BUG") return error;
      throw error;
    }
    if (this.#isThere.values[at - 1] !== 1) return this.#missing(op, "there is none");
    if (op === OP.delete && this.#keyOnly?.isKeyOnly(records, i, key) === true)
      return this.#missing(
        op,
        "but for its key, all of it is empty, or what the database takes where nothing is given",
      );
    for (const column of this.#shared) show(column, at - 1, at);
    return undefined;
  }

  /** Moves a record in row `at` of the columns, which no row goes in front of, one row up. */
  moveUp(at: number): void {
    for (const column of this.#raw.columns) show(column, at - 1, at);
  }

  #missing(op: number, found: string): CountercheckError {
    const done = op === OP.delete ? "deleted" : "updated";
    return new CountercheckError("ROW_BEFORE_MISSING", { table: this.#table, done, found });
  }
}

/** Shows a row's value in another row too; a text is not copied. */
function show(column: Column, to: number, from: number): void {
  if (column instanceof BytesColumn) {
    column.starts[to] = column.starts[from]!;
    column.ends[to] = column.ends[from]!;
    column.nulls[to] = column.nulls[from]!;
  } else column.copy(to, column, from);
}

function isSame(one: object | undefined, other: object | undefined): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
