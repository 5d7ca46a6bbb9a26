import { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { type CountercheckError, isError, raise } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { changeLayout } from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";
import type { SourceOutput, SourceReader, Split } from "../../dataflow/source.ts";
import type { AvroSchema } from "../../schemas/decoder.ts";
import { keySubject, type SchemaRegistry, type SubjectRegistry, valueSubject } from "../../schemas/registry.ts";
import { type DebeziumSource, defaultLongestTransactionMs } from "./config.ts";
import { framedId } from "./framing.ts";
import type { PartitionReader, TablePartition } from "./partition-reader.ts";
import { formatPosition } from "./position.ts";
import { RowKeys } from "./row-keys.ts";
import { SplitDecoder } from "./split-decoder.ts";
import { TableSchemas } from "./table-schemas.ts";

/** What a reader needs of a registry; without versions, the first schema that it meets is the first that there was. */
export type ReadRegistry = Pick<SchemaRegistry, "schemaById"> & Partial<Pick<SubjectRegistry, "versions">>;

/** What a reader is made of. */
export interface DebeziumReaderOptions {
  readonly source: DebeziumSource;
  /** All models of the job; those that read this source are decoded. */
  readonly models: readonly Model[];
  readonly registry: ReadRegistry;
  /** All partitions of the topics of the source's tables. They are the reader's own from here on. */
  readonly partitions: readonly TablePartition[];
}

/** A split while it is read. */
interface OpenSplit {
  readonly table: TableSchemas;
  readonly partition: PartitionReader;
  readonly decoder: SplitDecoder;
  /** Records that were read and not handed out, because a schema could not be had. */
  pending: RecordBatch | null;
  /** True once a schema that its records refer to was had: then one that is not in the registry is its record's fault. */
  hasSchema: boolean;
  hasEnded: boolean;
}

/**
 * Reads the change events of one source: Debezium envelopes in Confluent's Avro format. The constructor raises
 * SOURCE_TABLE_UNKNOWN and MODEL_TOO_WIDE.
 *
 * `read` throws or rejects with MODEL_COLUMN_MISSING, MODEL_TYPE_MISMATCH, ENVELOPE_MISSING or CURRENCY_UNKNOWN, where a
 * model does not suit the first schema of its table; with REGISTRY_UNAVAILABLE, REGISTRY_INVALID, and
 * REGISTRY_HAS_NO_SCHEMA where none of a split's first schemas is known, or one no more that was known before a restart; and with what the partition's reader raises. Nothing was handed out then, and the next `read` begins with the same records.
 */
export class DebeziumReader implements SourceReader {
  readonly source: string;
  readonly longestTransactionMs: number;
  readonly splits: readonly Split[];
  readonly #config: DebeziumSource;
  readonly #registry: ReadRegistry;
  readonly #keys = new RowKeys();
  /** Schemas of Kafka keys that were met, by topic. */
  readonly #keySchemas = new Map<string, Set<number>>();
  readonly #open: readonly OpenSplit[];

  constructor({ source, models, registry, partitions }: DebeziumReaderOptions) {
    this.#config = source;
    this.#registry = registry;
    this.source = source.name;
    this.longestTransactionMs = source.longestTransactionMs ?? defaultLongestTransactionMs[source.kind];
    if (source.heartbeatTable !== undefined) requireTable(source, source.heartbeatTable);
    const batches = batchesOf(source, models);
    const tables = new Map(
      Object.keys(source.tables).map((table) => [table, new TableSchemas(source, table, batches)]),
    );
    this.splits = partitions.map((partition) => splitOf(source, partition));
    this.#open = partitions.map(({ table: name, reader }, index) => {
      const table = tables.get(name)!;
      const split = this.splits[index]!;
      const decoder = new SplitDecoder({
        source: source.name,
        epochs: source.epochs ?? [],
        split,
        index,
        table,
        keys: this.#keys,
      });
      return { table, partition: reader, decoder, pending: null, hasSchema: false, hasEnded: false };
    });
  }

  /** Records that are left out since a breaking change, by model name: the model cannot be read from them. */
  get dropped(): ReadonlyMap<string, number> {
    const total = new Map<string, number>();
    for (const { decoder } of this.#open) {
      for (const [model, count] of decoder.dropped) total.set(model, (total.get(model) ?? 0) + count);
    }
    return total;
  }

  formatPosition(major: number, minor: number, sub: number): string {
    return formatPosition(this.#config.kind, major, minor, sub);
  }

  read(split: number, maxBytes: number, output: SourceOutput): boolean | Promise<boolean> {
    const open = this.#open[split]!;
    if (open.hasEnded) return false;
    const read = open.pending ?? open.partition.read(maxBytes);
    // What was to be read again may end with marks of transactions, which are passed without a record.
    if (read === null) return open.decoder.tellMended(open.partition.offset, output);
    if ("throughMs" in read) {
      open.hasEnded = true;
      open.decoder.tellMended(open.partition.offset, output);
      output.ended(split, read.throughMs);
      return true;
    }
    open.pending = read;
    const wanted = this.#schemasToFetch(open, read);
    return wanted.length === 0 ? decode(open, NONE, output) : this.#fetchAndDecode(split, wanted, output);
  }

  position(split: number): number {
    const { pending, partition } = this.#open[split]!;
    return pending === null || pending.count === 0 ? partition.offset : pending.offsets[0]!;
  }

  endOffset(split: number, since: number): number | undefined {
    return this.#open[split]!.partition.endOffset(since);
  }

  save(split: number, out: ByteWriter): void {
    const { table, decoder, hasSchema, hasEnded } = this.#open[split]!;
    out.uint(SAVED_FORMAT);
    out.uint(this.position(split));
    out.flag(hasSchema);
    out.flag(hasEnded);
    table.save(out);
    decoder.save(out);
  }

  restore(split: number, input: ByteReader): void {
    const open = this.#open[split]!;
    this.#requireFormat(split, input.uint());
    const position = input.uint();
    open.partition.seek(position);
    open.hasSchema = input.flag();
    open.hasEnded = input.flag();
    open.table.restore(input);
    const from = open.decoder.restore(input, position);
    if (from === position) return;
    open.partition.seek(from);
    open.hasEnded = false;
  }

  readsAgain(split: number): boolean {
    return this.#open[split]!.decoder.readsAgain;
  }

  close(): void {
    for (const { partition } of this.#open) partition.close();
  }

  #requireFormat(split: number, format: number): void {
    if (format === SAVED_FORMAT) return;
    const { topic, partition } = this.splits[split]!;
    const path = `What was saved of topic ${topic}, partition ${partition}`;
    raise("CHECKPOINT_VERSION", { path, format });
  }

  #schemasToFetch(open: OpenSplit, records: RecordBatch): WantedSchema[] {
    const { table } = open;
    const wanted: WantedSchema[] = [];
    const last = open.decoder.lastSchema;
    let valueId = -1;
    let keyId = -1;
    for (let i = 0; i < records.count; i++) {
      if (records.valueStarts[i]! < 0) continue;
      const value = framedId(records.buffer, records.valueStarts[i]!, records.valueEnds[i]!);
      if (value !== valueId && value >= 0) {
        if (table.get(value) === undefined) {
          want(wanted, value, table);
          // What is new is compared with what was before.
          if (last !== undefined && table.schemaOf(last) === undefined) want(wanted, last, table.former);
        } else open.hasSchema = true;
      }
      valueId = value;
      if (records.keyStarts[i]! < 0) continue;
      const key = framedId(records.buffer, records.keyStarts[i]!, records.keyEnds[i]!);
      if (key !== keyId && key >= 0) {
        if (!this.#keys.knows(key)) want(wanted, key, this.#keys);
        else open.hasSchema = true;
      }
      keyId = key;
    }
    return wanted;
  }

  async #fetchAndDecode(split: number, wanted: readonly WantedSchema[], output: SourceOutput): Promise<boolean> {
    const open = this.#open[split]!;
    const unknown = new Map<number, CountercheckError>();
    const isFormer = ({ user }: WantedSchema) => user === open.table.former;
    const schemas = await Promise.all(
      wanted.map((want) => this.#schema(want.id, isFormer(want) ? new Map() : unknown)),
    );
    open.hasSchema ||= wanted.some((want) => !isFormer(want) && unknown.get(want.id)?.code !== "SCHEMA_UNKNOWN");
    if (!open.hasSchema) this.#raiseNoSchema(this.splits[split]!, unknown);
    const lost = [...unknown].filter(([id, { code }]) => code === "SCHEMA_UNKNOWN" && open.table.wasKnown(id));
    if (lost.length > 0) this.#raiseNoSchema(this.splits[split]!, new Map(lost));
    for (const [i, { id, user }] of wanted.entries()) {
      const schema = schemas[i];
      if (schema === undefined) continue;
      if (user === this.#keys) await this.#requireInPlace(split, id);
      if (user === open.table && !open.table.hasWorked) await this.#lookBack(split, id);
      user.add(id, schema);
    }
    return decode(open, unknown, output);
  }

  /**
   * With another schema of keys, as of a primary key whose type is widened, keys have other bytes, and a row's changes come
   * by another partition than before. ROWS_MOVE, unless rows are looked for in all of the topic's partitions.
   */
  async #requireInPlace(split: number, schemaId: number): Promise<void> {
    const { topic, gathered, heartbeat } = this.splits[split]!;
    if (gathered === true || heartbeat) return;
    let known = this.#keySchemas.get(topic);
    if (known === undefined) {
      const versions = (await this.#registry.versions?.(keySubject(topic))) ?? [];
      known = new Set(versions.map(({ id }) => id));
      this.#keySchemas.set(topic, known);
    }
    known.add(schemaId);
    if (known.size > 1)
      raise("ROWS_MOVE", { topic, source: this.source, reason: "its keys have more than one schema" });
  }

  /**
   * Before the first schema of a table: those that its topic had before that one, where the registry knows. Other
   * partitions may hold records of them, so what they suit and this one does not is a change, and no mistake of the user.
   */
  async #lookBack(split: number, schemaId: number): Promise<void> {
    const { topic } = this.splits[split]!;
    const { table } = this.#open[split]!;
    if (table.models.length === 0) return;
    const versions = (await this.#registry.versions?.(valueSubject(topic))) ?? [];
    const at = versions.findIndex(({ id }) => id === schemaId);
    for (const { id, schema } of versions.slice(0, Math.max(0, at))) table.addEarlier(id, schema);
  }

  /** Without this, a wrong registry would make every record a fault, and leave nothing behind for the right one. */
  #raiseNoSchema({ topic, table }: Split, unknown: ReadonlyMap<number, CountercheckError>): never {
    const { registry } = [...unknown.values()][0]!.details;
    const ids = [...unknown.keys()].sort((a, b) => a - b).slice(0, MOST_IDS_NAMED);
    raise("REGISTRY_HAS_NO_SCHEMA", { topic, table, source: this.source, ids: ids.join(", "), registry });
  }

  /** A schema that does not exist makes its records faults; a registry that does not answer stops the split. */
  async #schema(id: number, unknown: Map<number, CountercheckError>): Promise<AvroSchema | undefined> {
    try {
      return await this.#registry.schemaById(id);
    } catch (error) {
      if (!isError(error, "SCHEMA_UNKNOWN") && !isError(error, "AVRO_SCHEMA_INVALID")) throw error;
      unknown.set(id, error);
      return undefined;
    }
  }
}

/** A schema that is needed, and who takes it in. */
interface WantedSchema {
  readonly id: number;
  readonly user: { add(schemaId: number, schema: AvroSchema): void };
}

/** Of what `save` writes, the decoder's and the table's parts included. */
const SAVED_FORMAT = 2;

const MOST_IDS_NAMED = 10;

const NONE: ReadonlyMap<number, CountercheckError> = new Map();

function want(wanted: WantedSchema[], id: number, user: WantedSchema["user"]): void {
  if (!wanted.some((other) => other.id === id && other.user === user)) wanted.push({ id, user });
}

function decode(open: OpenSplit, unknown: ReadonlyMap<number, CountercheckError>, output: SourceOutput): true {
  const records = open.pending!;
  open.pending = null;
  open.decoder.decode(records, unknown, output);
  open.decoder.tellMended(open.partition.offset, output);
  return true;
}

/** Fields that `$absent` has a bit for. */
const MOST_FIELDS = 32;

function batchesOf(source: DebeziumSource, models: readonly Model[]): Map<Model, Batch> {
  const batches = new Map<Model, Batch>();
  for (const model of models) {
    const tables = model.from.filter((from) => from.source === source.name);
    for (const { table } of tables) requireTable(source, table);
    const fields = Object.keys(model.fields).length;
    if (fields > MOST_FIELDS) raise("MODEL_TOO_WIDE", { model: model.name, fields, most: MOST_FIELDS });
    if (tables.length > 0) batches.set(model, new Batch(changeLayout(model)));
  }
  return batches;
}

function splitOf(source: DebeziumSource, { table, partition, gathered = false, topicId }: TablePartition): Split {
  requireTable(source, table);
  const { topic } = source.tables[table]!;
  return { topic, partition, table, heartbeat: table === source.heartbeatTable, gathered, topicId };
}

function requireTable(source: DebeziumSource, table: string): void {
  if (Object.hasOwn(source.tables, table)) return;
  raise("SOURCE_TABLE_UNKNOWN", { source: source.name, table, known: Object.keys(source.tables).join(", ") || "none" });
}
