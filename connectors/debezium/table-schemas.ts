import { crc32 } from "node:zlib";
import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { CountercheckError, isError, raise } from "../../base/errors.ts";
import { changeColumns } from "../../dataflow/change-layout.ts";
import { type Fields, fieldsFrom, type Model } from "../../dataflow/model.ts";
import { TRANSACTIONS } from "../../dataflow/source.ts";
import type { AvroSchema } from "../../schemas/decoder.ts";
import type { DatabaseKind, DebeziumSource } from "./config.ts";
import {
  type EnvelopePlan,
  envelopePlan,
  isProblem,
  missingEnvelopePath,
  type Problem,
  readsBefore,
  type TableModel,
} from "./envelope-plan.ts";
import { FusedDecoder } from "./fused-decoder.ts";
import type { KnownSchema } from "./fused-key.ts";
import { ReadableIds } from "./readable-ids.ts";
import { type SchemaFinding, schemaFinding } from "./schema-finding.ts";
import { missingTransactionPath, transactionPlan } from "./transaction-plan.ts";

/** A plan with what was found out about it. */
export interface TableSchema {
  readonly plan: EnvelopePlan;
  /** Why models that an earlier schema suited cannot be read under this one. */
  readonly broken: readonly { readonly model: string; readonly problem: Problem }[];
  /** For records that turn out to be faults; made when the first does. */
  ids: ReadableIds | undefined;
  /** For records that are plain, by the schema of their keys; null where none can be. Made when the first is met. */
  readonly fused: Map<number, FusedDecoder | null>;
}

/** One captured table: the models that read it, and how its records are decoded under each schema met so far. */
export class TableSchemas {
  readonly table: string;
  readonly models: readonly TableModel[];
  readonly #source: string;
  readonly #shape: Shape;
  readonly #known = new Map<number, TableSchema | CountercheckError>();
  readonly #former = new Map<number, AvroSchema>();
  /** Schemas that readers before this one knew. */
  readonly #knownBefore = new Set<number>();
  #hasWorked = false;
  /** How models are declared, as numbers that tell declarations apart. */
  readonly #declared = new Map<Model, Declared>();
  /** Models that could be read, as they are declared. */
  readonly #worked = new Set<Model>();

  /** `batches` holds one batch for each model, which all of the model's tables share. */
  constructor(
    { name: source, kind, tables }: Pick<DebeziumSource, "name" | "kind" | "tables">,
    table: string,
    batches: ReadonlyMap<Model, Batch>,
  ) {
    this.table = table;
    this.#shape = table === TRANSACTIONS ? transactionShape(kind, tables) : envelopeShape(kind, table);
    this.#source = source;
    this.models = [...batches].flatMap(([model, batch]) => {
      const index = model.from.findIndex((from) => from.source === source && from.table === table);
      return index < 0 ? [] : [{ model, table: index, batch, columns: changeColumns(batch), families: new Map() }];
    });
    for (const { model, table } of this.models) this.#declared.set(model, declaredOf(fieldsFrom(model, table)));
  }

  /** How records of a schema are decoded, or why all of them are faults; undefined for a schema not met yet. */
  get(schemaId: number): TableSchema | CountercheckError | undefined {
    return this.#known.get(schemaId);
  }

  /** True for a schema that a reader before this one knew: a registry that has it not is not that reader's. */
  wasKnown(schemaId: number): boolean {
    return this.#knownBefore.has(schemaId);
  }

  /** Writes what tells the user's error from a breaking change, and a known schema from a new one. */
  save(out: ByteWriter): void {
    const ids = new Set([...this.#knownBefore, ...this.#known.keys()]);
    out.flag(this.#hasWorked);
    out.uint(ids.size);
    for (const id of ids) out.uint(id);
    out.uint(this.models.length);
    for (const { model, families } of this.models) {
      const declared = this.#declared.get(model)!;
      out.text(model.name);
      out.uint(this.#worked.has(model) ? declared.whole : 0);
      out.uint(families.size);
      for (const [field, family] of families) {
        out.text(field);
        out.uint(declared.fields.get(field)!);
        out.flag(family === "number");
      }
    }
  }

  /** Takes in what was saved; several times where splits of the table were saved apart. */
  restore(input: ByteReader): void {
    if (input.flag()) this.#hasWorked = true;
    for (let ids = input.uint(); ids > 0; ids--) this.#knownBefore.add(input.uint());
    for (let models = input.uint(); models > 0; models--) {
      const name = input.text();
      const now = this.models.find(({ model }) => model.name === name);
      const declared = now && this.#declared.get(now.model);
      const declaration = input.uint();
      if (now !== undefined && declaration === declared?.whole) this.#worked.add(now.model);
      for (let fields = input.uint(); fields > 0; fields--) {
        const field = input.text();
        const isSame = input.uint() === declared?.fields.get(field);
        const family = input.flag() ? "number" : "text";
        // A field that is declared otherwise is another one, and may be read from whatever there is for it.
        if (isSame) now!.families.set(field, family);
      }
    }
  }

  /** The declaration of a model that reads the table, to be told from others; undefined for one that does not. */
  declarationOf(name: string): number | undefined {
    const found = this.models.find(({ model }) => model.name === name);
    return found && this.#declared.get(found.model)!.whole;
  }

  /** Models that could once be read, though they may be declared otherwise by now. */
  haveWorked(names: readonly string[]): void {
    for (const { model } of this.models) if (names.includes(model.name)) this.#worked.add(model);
  }

  /** False until the first schema of the table's records was met. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  /**
   * Takes note of a schema that records were written with before any that was met here: models that it suits can be broken
   * by what comes.
   */
  addEarlier(schemaId: number, schema: AvroSchema): void {
    if (this.#shape.missingPath(schema) !== undefined) return;
    this.#hasWorked = true;
    const { models } = this.#shape.plan(schemaId, schema, this.models);
    for (const [i, { model }] of this.models.entries()) if (!isProblem(models[i]!)) this.#worked.add(model);
  }

  /** A schema that was met, or that was looked up to be compared with. */
  schemaOf(schemaId: number): AvroSchema | undefined {
    const known = this.#known.get(schemaId);
    return known === undefined || isError(known) ? this.#former.get(schemaId) : known.plan.schema;
  }

  /** Takes in a schema that new ones are compared with, and no record is decoded with. */
  readonly former = { add: (schemaId: number, schema: AvroSchema) => void this.#former.set(schemaId, schema) };

  /** What a schema changes for the models of the table. */
  changeFrom(before: AvroSchema | undefined, { plan, broken }: TableSchema): SchemaFinding {
    return schemaFinding(before, plan.schema, this.models, broken);
  }

  /**
   * Compiles the decoder for a schema. What a model cannot be read from is the user's error when it is so from the first
   * schema on (MODEL_COLUMN_MISSING, MODEL_TYPE_MISMATCH, ENVELOPE_MISSING), or since the model was declared otherwise, and
   * a breaking change after that. Records of a schema that is not valid Avro are faults.
   */
  add(schemaId: number, schema: AvroSchema): void {
    try {
      this.#compile(schemaId, schema);
    } catch (error) {
      if (!isError(error, "AVRO_SCHEMA_INVALID")) throw error;
      this.#known.set(schemaId, error);
    }
  }

  /** Id fields that can be read of a record of a schema. */
  idsOf(schema: TableSchema): ReadableIds {
    const { plan } = schema;
    schema.ids ??= new ReadableIds(
      plan.schema,
      String(plan.schemaId),
      this.models.map((to) => ({
        name: to.model.name,
        fields: fieldsFrom(to.model, to.table),
        readsBefore: readsBefore(to),
      })),
    );
    return schema.ids;
  }

  /** What reads plain records of a schema whose keys have another; null where none can be. */
  fusedOf({ plan, broken, fused }: TableSchema, key: KnownSchema): FusedDecoder | null {
    let decoder = fused.get(key.id);
    if (decoder === undefined) {
      const value = { id: plan.schemaId, schema: plan.schema };
      decoder = (broken.length === 0 && this.#shape.fused(value, key, this.models)) || null;
      fused.set(key.id, decoder);
    }
    return decoder;
  }

  #compile(schemaId: number, schema: AvroSchema): void {
    const path = this.#shape.missingPath(schema);
    if (path !== undefined) {
      const error = new CountercheckError("ENVELOPE_MISSING", {
        schema: schemaId,
        table: this.table,
        source: this.#source,
        path,
      });
      if (!this.#hasWorked) throw error;
      this.#known.set(schemaId, error);
      return;
    }
    const plan = this.#shape.plan(schemaId, schema, this.models);
    const broken = plan.models.flatMap((mapped, i) =>
      isProblem(mapped) ? [{ model: this.models[i]!.model, problem: mapped }] : [],
    );
    const mistaken = broken.find(({ model }) => !this.#worked.has(model))?.problem;
    if (mistaken !== undefined) raise(mistaken.code, mistaken.details);
    this.#hasWorked = true;
    for (const { model } of this.models) this.#worked.add(model);
    const names = broken.map(({ model, problem }) => ({ model: model.name, problem }));
    this.#known.set(schemaId, { plan, broken: names, ids: undefined, fused: new Map() });
  }
}

/** How records of a table look: changes of its rows, but for the ends of transactions. */
interface Shape {
  missingPath(schema: AvroSchema): string | undefined;
  plan(schemaId: number, schema: AvroSchema, models: readonly TableModel[]): EnvelopePlan;
  fused(value: KnownSchema, key: KnownSchema, models: readonly TableModel[]): FusedDecoder | undefined;
}

function envelopeShape(kind: DatabaseKind, table: string): Shape {
  return {
    missingPath: (schema) => missingEnvelopePath(schema, kind),
    plan: (schemaId, schema, models) => envelopePlan(table, kind, schemaId, schema, models),
    fused: (value, key, models) => FusedDecoder.compile(kind, value, key, models),
  };
}

/** A table's topic is the connector's prefix, then what transactions call the table. */
function transactionShape(kind: DatabaseKind, tables: DebeziumSource["tables"]): Shape {
  const topics = Object.entries(tables);
  const nameOf = (collection: string) => topics.find(([, { topic }]) => topic.endsWith(`.${collection}`))?.[0];
  return {
    missingPath: missingTransactionPath,
    plan: (schemaId, schema, models) => transactionPlan(kind, schemaId, schema, models, nameOf),
    fused: () => undefined,
  };
}

/** A model's declaration, as far as it is of the table. */
interface Declared {
  /** Never 0. */
  readonly whole: number;
  readonly fields: ReadonlyMap<string, number>;
}

function declaredOf(fields: Fields): Declared {
  const byName = Object.entries(fields).map(([name, field]) => [name, crc32(JSON.stringify(field))] as const);
  return { whole: 1 + crc32(JSON.stringify(fields)), fields: new Map(byName) };
}
