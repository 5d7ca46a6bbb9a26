import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch } from "../../base/batch.ts";
import type { DatabaseKind, DebeziumSource } from "../../connectors/debezium/config.ts";
import { DebeziumReader } from "../../connectors/debezium/reader.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { Model } from "../../dataflow/model.ts";
import type { RecordFault, SchemaChange, SourceOutput, Suspension } from "../../dataflow/source.ts";
import { type AvroSchema, type AvroType, avroType } from "../../schemas/avro-schema.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";

const SAMPLES = join(import.meta.dirname, "../fixtures/cdc-samples");

/** A message as it is put into a log. */
export interface Message {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** A captured message. */
export interface Sample extends Message {
  readonly offset: number;
}

/** A captured message as avsc decoded it: longs as decimal text, bytes as 0x… */
export interface Decoded {
  readonly topic: string;
  readonly offset: number;
  readonly key: Readonly<Record<string, unknown>> | null;
  readonly value: {
    readonly op: string;
    readonly after: Readonly<Record<string, unknown>> | null;
    readonly source: Readonly<Record<string, unknown>>;
  } | null;
}

/** The captured messages of a database, in the order of their capture. */
export function samplesOf(kind: DatabaseKind): Sample[] {
  return linesOf(`${fileOf(kind)}.jsonl`).map((line) => {
    const { topic, offset, key_hex, value_hex } = line as Record<string, string | null>;
    return { topic: topic!, offset: Number(offset), key: bytesOf(key_hex), value: bytesOf(value_hex) };
  });
}

/** The same messages, decoded. */
export function decodedOf(kind: DatabaseKind): Decoded[] {
  return linesOf(`${fileOf(kind)}.decoded.jsonl`) as Decoded[];
}

/** The registry of the captured messages. */
export const sampleRegistry = (): FolderRegistry => new FolderRegistry(join(SAMPLES, "schemas"));

/** The source that the messages were captured from. */
export function sampleSource(kind: DatabaseKind, changes: Partial<DebeziumSource> = {}): DebeziumSource {
  const prefix = kind === "mariadb" ? "maria.shop" : "pg.public";
  const tables = Object.fromEntries(
    ["payments", "refunds", "settlements"].map((table) => [table, { topic: `${prefix}.${table}` }]),
  );
  return { name: kind, kind, tables, ...changes };
}

function fileOf(kind: DatabaseKind): string {
  return kind === "mariadb" ? "mariadb" : "postgres";
}

function linesOf(file: string): unknown[] {
  const text = readFileSync(join(SAMPLES, file), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function bytesOf(hex: string | null | undefined): Buffer | null {
  return hex === null || hex === undefined ? null : Buffer.from(hex, "hex");
}

/** A file log in a folder of its own, that is gone when it is disposed of. */
export class TemporaryLog {
  readonly dir = mkdtempSync(join(tmpdir(), "countercheck-"));

  /** Appends messages to partition 0 of their topics, in order; `through` ends the log. */
  write(messages: readonly Message[], through?: number): void {
    const writer = new FileLogWriter(this.dir);
    for (const { topic, key, value } of messages) {
      writer.createTopic(topic, 1);
      writer.append(topic, 0, { key, value, timestamp: 0 });
    }
    if (through === undefined) writer.close();
    else writer.end(through);
  }

  /** A reader of the tables whose topics are in the log. */
  reader(
    source: DebeziumSource,
    models: readonly Model[],
    registry: Pick<SchemaRegistry, "schemaById"> = sampleRegistry(),
  ): DebeziumReader {
    const partitions = Object.entries(source.tables).map(([table, { topic }]) => {
      return { table, partition: 0, reader: new FileLogReader(this.dir, topic, 0) };
    });
    return new DebeziumReader({ source, models, registry, partitions });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Something that a reader handed out, in order. */
export type Event =
  | {
      readonly type: "changes";
      readonly model: string;
      readonly split: number;
      readonly rows: Record<string, unknown>[];
    }
  | { readonly type: "progress" | "seeded" | "ended"; readonly split: number; readonly time: number }
  | { readonly type: "heartbeat"; readonly time: number }
  | { readonly type: "fault"; readonly split: number; readonly fault: RecordFault }
  | { readonly type: "suspend"; readonly split: number; readonly suspension: Suspension }
  | { readonly type: "mended"; readonly split: number; readonly suspension: string }
  | { readonly type: "schema"; readonly split: number; readonly change: SchemaChange };

/** Keeps everything that a reader hands out. */
export class Recorder implements SourceOutput {
  readonly events: Event[] = [];

  changes(model: Model, split: number, batch: Batch): void {
    const rows = Array.from({ length: batch.count }, (_, row) => batch.row(row));
    this.events.push({ type: "changes", model: model.name, split, rows });
  }

  progress(split: number, time: number): void {
    this.events.push({ type: "progress", split, time });
  }

  seeded(split: number, time: number): void {
    this.events.push({ type: "seeded", split, time });
  }

  heartbeat(time: number): void {
    this.events.push({ type: "heartbeat", time });
  }

  ended(split: number, time: number): void {
    this.events.push({ type: "ended", split, time });
  }

  fault(split: number, fault: RecordFault): void {
    this.events.push({ type: "fault", split, fault });
  }

  mended(split: number, suspension: string): void {
    this.events.push({ type: "mended", split, suspension });
  }

  schema(split: number, change: SchemaChange): void {
    this.events.push({ type: "schema", split, change });
  }

  suspend(split: number, suspension: Suspension): void {
    this.events.push({ type: "suspend", split, suspension });
  }

  /** All rows of a model, in order. */
  rows(model: Model): Record<string, unknown>[] {
    return this.events.flatMap((event) => (event.type === "changes" && event.model === model.name ? event.rows : []));
  }

  get faults(): RecordFault[] {
    return this.events.flatMap((event) => (event.type === "fault" ? [event.fault] : []));
  }

  get suspensions(): Suspension[] {
    return this.events.flatMap((event) => (event.type === "suspend" ? [event.suspension] : []));
  }
}

/** Reads all splits until there is nothing more. */
export async function readAll(reader: DebeziumReader, maxBytes = 1 << 20, output = new Recorder()): Promise<Recorder> {
  for (const index of reader.splits.keys()) while (await reader.read(index, maxBytes, output));
  return output;
}

/** Writes messages to a log, reads them with the models, and gives what was handed out. */
export async function replay(
  source: DebeziumSource,
  models: readonly Model[],
  messages: readonly Message[],
  registry?: Pick<SchemaRegistry, "schemaById">,
): Promise<Recorder> {
  using log = new TemporaryLog();
  log.write([...messages]);
  const topics = new Set(messages.map(({ topic }) => topic));
  const tables = Object.fromEntries(Object.entries(source.tables).filter(([, { topic }]) => topics.has(topic)));
  const reader = log.reader({ ...source, tables }, models, registry);
  try {
    return await readAll(reader);
  } finally {
    reader.close();
  }
}

/** A captured value with its envelope changed, in the schema that it was written with. */
export async function edited(message: Message, edit: (envelope: EditableEnvelope) => void): Promise<Message> {
  const value = Buffer.from(message.value!);
  const type = avroType(await sampleRegistry().schemaById(value.readUInt32BE(1)), "sample");
  const envelope = type.fromBuffer(value.subarray(5)) as EditableEnvelope;
  const [name] = Object.keys((envelope.after ?? envelope.before)!) as [string];
  const bare = (row: EditableEnvelope["after"]) => row && (row[name] as Record<string, unknown>);
  const plain = { ...envelope, before: bare(envelope.before), after: bare(envelope.after) };
  edit(plain);
  const wrapped = (row: EditableEnvelope["after"]) => row && { [name]: row };
  const written = { ...plain, before: wrapped(plain.before), after: wrapped(plain.after) };
  return { ...message, value: Buffer.concat([value.subarray(0, 5), type.toBuffer(written)]) };
}

/** An envelope as avsc decodes it; unions are wrapped, longs bigint. */
export interface EditableEnvelope {
  op: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  source: Record<string, unknown>;
}

/** What a message says of a change besides the row. */
interface InventedPlace {
  readonly before?: Readonly<Record<string, unknown>>;
  readonly pos?: number;
  readonly isIncremental?: boolean;
}

/** A table of one's own: its schemas in a registry, and messages in the form of MariaDB's connector. */
export class InventedTable {
  readonly topic: string;
  readonly #columns: readonly { readonly name: string; readonly type: unknown }[];
  readonly #registry: FolderRegistry;
  readonly #keys: readonly string[];
  readonly #writers = new Map<string, { readonly frame: Buffer; readonly type: AvroType }>();
  #pos = 0n;

  constructor(registry: FolderRegistry, topic: string, columns: Readonly<Record<string, unknown>>, keys = ["id"]) {
    this.#registry = registry;
    this.topic = topic;
    this.#columns = Object.entries(columns).map(([name, type]) => ({ name, type }));
    this.#keys = keys;
  }

  get valueSchema(): AvroSchema {
    const row = { type: "record", name: "Value", fields: this.#columns };
    const source = [
      { name: "ts_ms", type: "long" },
      { name: "file", type: "string" },
      { name: "pos", type: "long" },
      { name: "row", type: "int" },
      { name: "snapshot", type: "string" },
    ];
    const fields = [
      { name: "before", type: ["null", row], default: null },
      { name: "after", type: ["null", "Value"], default: null },
      { name: "source", type: { type: "record", name: "Source", fields: source } },
      { name: "op", type: "string" },
      { name: "ts_ms", type: ["null", "long"], default: null },
    ];
    return { type: "record", name: "Envelope", fields };
  }

  get keySchema(): AvroSchema {
    const fields = this.#columns.filter(({ name }) => this.#keys.includes(name));
    return { type: "record", name: "Key", fields };
  }

  /**
   * A message, with the row before it where it is given; rows give unions bare where avsc wants them wrapped, as
   * `{ branch: value }`. `pos`: its place in the log; default: behind the last message. `isIncremental`: of such a snapshot.
   */
  async message(
    op: string,
    row: Readonly<Record<string, unknown>>,
    timeMs = 1_000,
    { before, pos, isIncremental = false }: InventedPlace = {},
  ): Promise<Message> {
    this.#pos = pos === undefined ? this.#pos + 1n : BigInt(pos);
    const snapshot = isIncremental ? "incremental" : String(op === "r");
    const source = { ts_ms: BigInt(timeMs), file: "mysql-bin.000007", pos: this.#pos, row: 0, snapshot };
    const after = op === "d" ? null : { Value: row };
    const value = { before: before ? { Value: before } : null, after, source, op, ts_ms: { long: BigInt(timeMs) } };
    const key = Object.fromEntries(this.#keys.map((name) => [name, row[name]]));
    return {
      topic: this.topic,
      key: await this.#encode(`${this.topic}-key`, this.keySchema, key),
      value: await this.#encode(`${this.topic}-value`, this.valueSchema, value),
    };
  }

  async #encode(subject: string, schema: AvroSchema, value: unknown): Promise<Buffer> {
    let writer = this.#writers.get(subject);
    if (writer === undefined) {
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(await this.#registry.register(subject, schema), 1);
      writer = { frame, type: avroType(schema, subject) };
      this.#writers.set(subject, writer);
    }
    return Buffer.concat([writer.frame, writer.type.toBuffer(value)]);
  }
}
