import { Batch } from "../../base/batch.ts";
import type { Column, TextColumn } from "../../base/columns.ts";
import { CountercheckError, isError } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { type AvroSchema, type CompiledDecoder, compileProjection, describeField } from "../../schemas/decoder.ts";
import { parseSchema } from "../../schemas/schema-tree.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import { framedId, notFramed } from "./framing.ts";
import { type KeyPartWriter, KeyWriter, keyPart } from "./key-text.ts";

/** What is known of one schema of Kafka keys. */
interface KeyPlan {
  readonly schema: AvroSchema;
  readonly decoder: CompiledDecoder;
  readonly batch: Batch;
  readonly columns: readonly string[];
  readonly parts: readonly { readonly name: string; readonly column: Column; readonly write: KeyPartWriter }[];
}

/** Reads primary keys from Kafka keys: the canonical text of all key fields, in the order of their schema. */
export class RowKeys {
  readonly #plans = new Map<number, KeyPlan | CountercheckError>();
  readonly #writer = new KeyWriter();
  #lastColumns: readonly string[] = [];

  /** True when keys of this schema can be read, or it is known why not. */
  knows(schemaId: number): boolean {
    return this.#plans.has(schemaId);
  }

  /** Takes in a schema. One that is no key of a row makes every record that has it a fault. */
  add(schemaId: number, schema: AvroSchema): void {
    this.#plans.set(schemaId, keyPlan(schemaId, schema));
  }

  /**
   * Reads the key of record i. What is wrong with it is returned, not thrown, because damaged records are ordinary;
   * `unknown` says why schemas that were not taken in could not be had.
   */
  read(
    records: RecordBatch,
    i: number,
    unknown: ReadonlyMap<number, CountercheckError>,
  ): CountercheckError | undefined {
    const start = records.keyStarts[i]!;
    const end = records.keyEnds[i]!;
    if (start < 0) return new CountercheckError("KEY_MISSING", { topic: records.topic });
    const id = framedId(records.buffer, start, end);
    if (id < 0) return notFramed(records.buffer, start, end);
    const plan =
      this.#plans.get(id) ??
      unknown.get(id) ??
      new CountercheckError("BUG", { what: `key schema ${id} was not looked up` });
    if (plan instanceof CountercheckError) return plan;
    try {
      for (const column of plan.batch.columns) column.clear();
      plan.decoder.decode(records.buffer, start + FRAME_LENGTH, end, plan.batch, 0);
    } catch (error) {
      if (isError(error)) return error;
      throw error;
    }
    return this.#compose(id, plan);
  }

  /** A schema whose keys can be read. */
  schemaOf(schemaId: number): AvroSchema | undefined {
    const plan = this.#plans.get(schemaId);
    return plan === undefined || plan instanceof CountercheckError ? undefined : plan.schema;
  }

  /** Puts the key that was read last into a row of a column. */
  putInto(column: TextColumn, row: number): void {
    this.#writer.putInto(column, row);
  }

  /** The key that was read last. */
  last(): Key {
    return this.#writer.toString();
  }

  /** The names of its columns, in the order of the key. */
  get lastColumns(): readonly string[] {
    return this.#lastColumns;
  }

  #compose(schemaId: number, plan: KeyPlan): CountercheckError | undefined {
    const writer = this.#writer;
    const { parts, columns } = plan;
    this.#lastColumns = columns;
    writer.reset();
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part.column.nulls[0] === 1) return unknownType(schemaId, part.name, "null");
      if (i > 0) writer.separator();
      part.write(writer, 0);
    }
    return undefined;
  }
}

function keyPlan(schemaId: number, schema: AvroSchema): KeyPlan | CountercheckError {
  try {
    const root = parseSchema(schema, String(schemaId));
    if (root.kind !== "record" || root.fields.length === 0) return unknownType(schemaId, "the key itself", root.kind);
    const names = root.fields.map((field) => field.name);
    const decoder = compileProjection(
      schema,
      names.map((path) => ({ path })),
      String(schemaId),
    );
    const batch = new Batch(decoder.layout, 1);
    const parts: KeyPlan["parts"][number][] = [];
    for (const [i, name] of names.entries()) {
      const type = describeField(schema, name)!;
      const column = batch.columns[i]!;
      const part = keyPart(type, column);
      if (part === undefined) return unknownType(schemaId, name, type.connectName ?? type.logicalType ?? type.type);
      parts.push({ name, column, write: part.write });
    }
    return { schema, decoder, batch, columns: names, parts };
  } catch (error) {
    if (isError(error) && error.code !== "BUG") return error;
    throw error;
  }
}

function unknownType(schema: number, field: string, type: string): CountercheckError {
  return new CountercheckError("KEY_UNKNOWN_TYPE", { schema, field, type });
}
