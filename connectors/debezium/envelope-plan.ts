import { Batch } from "../../base/batch.ts";
import type { Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { ErrorCode } from "../../base/error-catalogue.ts";
import type { ErrorDetails } from "../../base/errors.ts";
import { type ChangeColumns, currencyColumn } from "../../dataflow/change-layout.ts";
import { columnOf, type Field, type Fields, fieldsFrom, type Model } from "../../dataflow/model.ts";
import { TRANSACTION_COLUMN } from "../../dataflow/source.ts";
import { type AvroSchema, type CompiledDecoder, compileProjection, describeField } from "../../schemas/decoder.ts";
import { leavesOf } from "../../schemas/schema-paths.ts";
import { parseSchema } from "../../schemas/schema-tree.ts";
import type { DatabaseKind } from "./config.ts";
import { currencyReader } from "./currencies.ts";
import { fieldMapping, type Mapper, type Mapping, type RawColumn, readableTypes } from "./mapping.ts";
import { moneyMapping } from "./money-mapping.ts";
import { type PositionReader, positionPaths, positionReader } from "./position.ts";
import { type ReadOne, textReader } from "./readable-ids.ts";
import { RowBefore } from "./row-before.ts";
import { transactionIdMapping } from "./transaction-id.ts";

/** A model that reads a table, with the batch that its changes are gathered in. */
export interface TableModel {
  readonly model: Model;
  /** Index of the table in `model.from`. */
  readonly table: number;
  readonly batch: Batch;
  readonly columns: ChangeColumns;
  /** What each field was read from under the first schema that worked, by field name. */
  readonly families: Map<string, Mapping["family"]>;
}

/** Why a model cannot be read under a schema. */
export interface Problem {
  readonly code: Extract<ErrorCode, "MODEL_COLUMN_MISSING" | "MODEL_TYPE_MISMATCH">;
  readonly details: ErrorDetails;
}

/** How envelopes of one schema are decoded, for all models of their table at once. */
export interface EnvelopePlan {
  readonly schemaId: number;
  readonly schema: AvroSchema;
  readonly decoder: CompiledDecoder;
  /** What the decoder writes to. */
  readonly raw: Batch;
  /** What was done, as the record says it. */
  readonly op: TextColumn;
  /** The same as a letter: one of `OP`, `TRUNCATE`, `MESSAGE`; 0 for none of them. */
  opAt(row: number): number;
  /** Whether there is an `after`. */
  hasAfter(row: number): boolean;
  readonly tsMs: Int64Column;
  readonly position: PositionReader;
  /** Where the row before is read too: then a record is decoded into the second of two rows. */
  readonly before: RowBefore | undefined;
  /** Reads which kind of snapshot a record is of, where rows before are read. */
  readonly snapshot: ReadOne<string> | undefined;
  /** For each model of the table its mappers, or why it cannot be read. */
  readonly models: readonly (readonly Mapper[] | Problem)[];
}

/** Letters beside those of `OP`: a TRUNCATE, and a logical message, which is about no row. */
export const TRUNCATE = 116;
export const MESSAGE = 109;

/** Where an envelope says whether it is of a snapshot, and of which kind; some schemas have no such field. */
export const SNAPSHOT = "source.snapshot";
/** What is there of one that is taken while changes are streamed. */
export const INCREMENTAL = "incremental";

/** Where an envelope has the columns. */
const ROW = "after.";

/** The most columns that a message names. */
const MOST_SHOWN = 60;

/** True where the rows before updates and deletes are handed to a model. */
export function readsBefore({ model, table }: TableModel): boolean {
  return model.from[table]!.before === "full";
}

/** True where a plan says why a model cannot be read. */
export function isProblem(plan: readonly Mapper[] | Problem): plan is Problem {
  return "code" in plan;
}

/** The paths that every envelope of a kind of database has. */
function envelopePaths(kind: DatabaseKind): readonly string[] {
  return ["op", "after", "source.ts_ms", ...positionPaths[kind]];
}

/** The first path of an envelope that a schema lacks; such a schema is no Debezium change event. */
export function missingEnvelopePath(schema: AvroSchema, kind: DatabaseKind): string | undefined {
  return envelopePaths(kind).find((path) => describeField(schema, path) === undefined);
}

/** Compiles the decoder and the mappers for a schema that has all of `envelopePaths`. */
export function envelopePlan(
  table: string,
  kind: DatabaseKind,
  schemaId: number,
  schema: AvroSchema,
  models: readonly TableModel[],
): EnvelopePlan {
  const columns = new Set(models.flatMap(({ model, table }) => columnsRead(fieldsFrom(model, table))));
  const readable = [...columns].map(pathOf).filter((path) => describeField(schema, path) !== undefined);
  // The last field is decoded so that a record with bytes too many or too few is always recognised.
  const last = leavesOf(parseSchema(schema, String(schemaId)), String(schemaId)).at(-1)!;
  const paths = new Set([...envelopePaths(kind), ...readable, last]);
  const decoder = compileProjection(
    schema,
    [...paths].map((path) => ({ path })),
    String(schemaId),
  );
  const raw = new Batch(decoder.layout);
  const op = raw.column("op") as TextColumn;
  const hasBefore = models.some(readsBefore);
  const after = raw.column("after") as Int32Column;
  return {
    schemaId,
    schema,
    decoder,
    raw,
    op,
    opAt: (row) => letterAt(op, row),
    hasAfter: (row) => after.values[row] === 1,
    tsMs: raw.column("source.ts_ms") as Int64Column,
    position: positionReader(kind, raw),
    before: hasBefore ? new RowBefore(table, kind, schemaId, schema, readable, raw) : undefined,
    snapshot: hasBefore ? textReader(schema, String(schemaId), SNAPSHOT) : undefined,
    models: models.map((model) => modelMappers(kind, table, schema, raw, model)),
  };
}

function letterAt(op: TextColumn, row: number): number {
  const start = op.starts[row]!;
  return op.nulls[row] === 0 && op.ends[row]! - start === 1 ? op.heap[start]! : 0;
}

/** Where in an envelope a column is: in the row, or where its own dots say. */
export function pathOf(column: string): string {
  return column.includes(".") ? column : ROW + column;
}

/** The columns that fields are read from. */
export function columnsRead(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const currency = field.money?.currencyFrom;
    return currency === undefined ? [columnOf(name, field)] : [columnOf(name, field), currency];
  });
}

function modelMappers(
  kind: DatabaseKind,
  table: string,
  schema: AvroSchema,
  raw: Batch,
  to: TableModel,
): readonly Mapper[] | Problem {
  const mappings = new Map<string, Mapping>();
  let index = 0;
  for (const [name, field] of Object.entries(fieldsFrom(to.model, to.table))) {
    const mapping = new FieldCompiler(kind, table, schema, raw, to, name, field).compile(index++);
    if ("code" in mapping) return mapping;
    mappings.set(name, mapping);
  }
  for (const [name, mapping] of mappings) if (!to.families.has(name)) to.families.set(name, mapping.family);
  return [...mappings.values()].map((mapping) => mapping.map);
}

/** Compiles one field of one model under one schema. */
class FieldCompiler {
  readonly #kind: DatabaseKind;
  readonly #table: string;
  readonly #schema: AvroSchema;
  readonly #raw: Batch;
  readonly #to: TableModel;
  readonly #name: string;
  readonly #field: Field;

  constructor(
    kind: DatabaseKind,
    table: string,
    schema: AvroSchema,
    raw: Batch,
    to: TableModel,
    name: string,
    field: Field,
  ) {
    this.#kind = kind;
    this.#table = table;
    this.#schema = schema;
    this.#raw = raw;
    this.#to = to;
    this.#name = name;
    this.#field = field;
  }

  compile(index: number): Mapping | Problem {
    const from = this.#column(columnOf(this.#name, this.#field));
    if ("code" in from) return from;
    const mapping = this.#field.kind === "money" ? this.#money(from, index) : this.#plain(from, index);
    if (mapping === undefined) return this.#mismatch(from, readableTypes(this.#field));
    if ("code" in mapping || !this.#changesFamily(mapping.family)) return mapping;
    return this.#mismatch(from, `${this.#to.families.get(this.#name)}s, as before`);
  }

  #plain(from: RawColumn, index: number): Mapping | undefined {
    const { batch, columns } = this.#to;
    if (from.name === TRANSACTION_COLUMN) {
      return transactionIdMapping(this.#kind, from.values as TextColumn, batch.column(this.#name) as TextColumn);
    }
    return fieldMapping(this.#field, from, { to: batch.column(this.#name), index, absent: columns.absent });
  }

  #money(from: RawColumn, index: number): Mapping | Problem | undefined {
    const { batch, columns } = this.#to;
    const money = this.#field.money ?? {};
    const code = money.currencyFrom === undefined ? undefined : this.#column(money.currencyFrom);
    if (code !== undefined && "code" in code) return code;
    const { currencies } = money;
    const packedAt = code && currencyReader(code.type, code.values, currencies);
    if (code !== undefined && packedAt === undefined) {
      return this.#mismatch(code, `string${currencies === undefined ? " or enum" : ", enum, int or long"}`);
    }
    const currency = code && packedAt && { values: code.values, packedAt };
    return moneyMapping(money, from, currency, {
      to: batch.column(this.#name) as Int64Column,
      currency: batch.column(currencyColumn(this.#name)) as Int32Column,
      index,
      absent: columns.absent,
    });
  }

  /** Where numbers become text, keys no longer match and amounts may be anything: that is another column. */
  #changesFamily(family: Mapping["family"]): boolean {
    const { kind } = this.#field;
    const before = this.#to.families.get(this.#name);
    return (kind === "id" || kind === "money") && before !== undefined && before !== family;
  }

  #column(name: string): RawColumn | Problem {
    const path = pathOf(name);
    const type = describeField(this.#schema, path);
    if (type !== undefined) return { name, type, values: this.#raw.column(path) };
    return { code: "MODEL_COLUMN_MISSING", details: { ...this.#details(name), known: this.#known() } };
  }

  /** The columns that there are, as text. */
  #known(): string {
    const leaves = leavesOf(parseSchema(this.#schema, this.#table), this.#table);
    const names = leaves.flatMap((path) => (path.startsWith(ROW) ? [path.slice(ROW.length)] : []));
    const more = names.length - MOST_SHOWN;
    return names.slice(0, MOST_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
  }

  #mismatch(from: RawColumn, wanted: string): Problem {
    const { type, connectName, logicalType } = from.type;
    const named = connectName ?? logicalType;
    const found = named === undefined ? type : `${type} (${named})`;
    const details = { ...this.#details(from.name), kind: this.#field.kind, found, wanted };
    return { code: "MODEL_TYPE_MISMATCH", details };
  }

  #details(column: string) {
    return { model: this.#to.model.name, field: this.#name, table: this.#table, column };
  }
}
