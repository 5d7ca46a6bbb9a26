import { Batch } from "../../base/batch.ts";
import type { BytesColumn, Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { isError } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { type AvroSchema, type CompiledDecoder, compileProjection } from "../../schemas/decoder.ts";
import { leavesOf, nodeAt, withoutNull } from "../../schemas/schema-paths.ts";
import { parseSchema, type RecordNode } from "../../schemas/schema-tree.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import { BEFORE } from "./row-paths.ts";

/** Whether a column's value in row 0 may have been invented. */
type Invented = () => boolean;

/**
 * Tells rows before a delete of which a database's log held the key alone: for the other columns Debezium then writes null,
 * their default, or what is zero or empty in their type. A row that really holds nothing else looks the same.
 */
export class KeyOnlyRows {
  readonly #decoder: CompiledDecoder;
  readonly #batch: Batch;
  readonly #columns: readonly { readonly name: string; readonly isInvented: Invented }[];

  constructor(schema: AvroSchema, name: string) {
    const root = parseSchema(schema, name);
    const paths = leavesOf(root, name).filter((path) => path.startsWith(`${BEFORE}.`));
    const row = withoutNull(nodeAt(root, BEFORE)!) as RecordNode;
    this.#decoder = compileProjection(
      schema,
      paths.map((path) => ({ path })),
      name,
    );
    this.#batch = new Batch(this.#decoder.layout, 1);
    this.#columns = paths.map((path, i) => {
      const [, column] = path.split(".");
      const { default: byDefault } = row.fields.find((field) => field.name === column)!;
      return { name: column!, isInvented: inventedTest(this.#batch.columns[i]!, byDefault) };
    });
  }

  /** `key`: names of the key's columns. The record has been decoded, so it is whole. */
  isKeyOnly(records: RecordBatch, i: number, key: readonly string[]): boolean {
    const others = this.#columns.filter(({ name }) => !key.includes(name));
    if (others.length === 0 || !this.#decode(records, i)) return false;
    return others.every(({ isInvented }) => isInvented());
  }

  #decode({ buffer, valueStarts, valueEnds }: RecordBatch, i: number): boolean {
    this.#batch.clear();
    try {
      this.#decoder.decode(buffer, valueStarts[i]! + FRAME_LENGTH, valueEnds[i]!, this.#batch, 0);
      return true;
    } catch (error) {
      if (isError(error) && error.code !== "BUG") return false;
      throw error;
    }
  }
}

/** What stands for "nothing" in texts that are not simply empty: JSON, moments, times of day, lengths of time. */
const NOTHING = /^(\{\}|1970-01-01T00:00:00(\.0+)?Z|00:00:00(\.0+)?Z?|P0Y0M0DT0H0M0(\.0+)?S)?$/;

function inventedTest(column: Column, byDefault: unknown): Invented {
  const isNothing = nothingTest(column);
  return () => column.nulls[0] === 1 || isNothing() || isDefault(column.get(0), byDefault);
}

function nothingTest(column: Column): Invented {
  switch (column.type) {
    case "bool":
    case "int32":
      return () => (column as Int32Column).values[0] === 0;
    case "int64":
      return () => (column as Int64Column).words[0] === 0 && (column as Int64Column).words[1] === 0;
    case "float64":
      return () => (column as Float64Column).values[0] === 0;
    case "text":
      return () => NOTHING.test((column as TextColumn).text(0));
    case "bytes":
      return () => ((column as BytesColumn).get(0) as Uint8Array).every((byte) => byte === 0);
    default:
      return () => Object.keys((column.get(0) ?? {}) as object).length === 0;
  }
}

/** Avro writes a default of bytes as text, a character each, and one of a long as a number. */
function isDefault(value: unknown, byDefault: unknown): boolean {
  if (byDefault === undefined || byDefault === null) return false;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1") === byDefault;
  return typeof value === "bigint" ? String(value) === String(byDefault) : value === byDefault;
}
