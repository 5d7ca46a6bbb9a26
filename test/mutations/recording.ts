import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shopConfig } from "../../cli/shop-log.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { type DecodedRecord, type Envelope, parseSchema, type Row } from "../../shop/decoded-log.test-helper.ts";
import { runShop } from "../../shop/shop.ts";
import type { ShopRecord } from "../../shop/sink.ts";

/** A recorded change event, taken apart. */
export interface Recorded {
  readonly table: string;
  readonly topic: string;
  readonly partition: number;
  /** Ids of the schemas of key and value. */
  readonly keyId: number;
  readonly valueId: number;
  readonly record: ShopRecord;
  key: Row;
  value: Envelope | null;
  /** It is no longer what was recorded. */
  isChanged: boolean;
}

/** Traffic of a shop in which nothing goes wrong, to be changed, and written as a log. */
export class Recording {
  /** What was recorded, in the order of its arrival; `flush` is where all before became visible. */
  readonly items: (Recorded | "flush")[] = [];
  readonly #topics = new Map<string, number>();
  readonly #schemas: {
    readonly subject: string;
    readonly schema: object;
    readonly type: ReturnType<typeof parseSchema>;
  }[] = [];
  readonly #departments: readonly string[];
  #endMs = 0;

  private constructor(departments: readonly string[]) {
    this.#departments = departments;
  }

  static async of(seed: number, orders: number, departments: readonly string[]): Promise<Recording> {
    const recording = new Recording(departments);
    await runShop({
      seed,
      orders,
      departments,
      faults: false,
      sink: {
        createTopic: (topic, partitions) => void recording.#topics.set(topic, partitions),
        append: (topic, partition, record) => recording.#append(topic, partition, record),
        flush: () => void recording.items.push("flush"),
        end: (time) => {
          recording.#endMs = time;
        },
        register: async (subject, schema) => {
          const copy = JSON.parse(JSON.stringify(schema)) as object;
          return recording.#schemas.push({ subject, schema: copy, type: parseSchema(copy) });
        },
      },
    });
    return recording;
  }

  /** The time through which the log is complete. */
  get endMs(): number {
    return this.#endMs;
  }

  /** The change events of a table, in their order, tombstones left out. */
  of(table: string): (Recorded & { readonly value: Envelope })[] {
    return this.items.filter((item): item is Recorded & { readonly value: Envelope } => {
      return item !== "flush" && item.table === table && item.value !== null;
    });
  }

  /** All records, as an oracle takes them. */
  decoded(): DecodedRecord[] {
    return this.items.flatMap((item) => {
      if (item === "flush") return [];
      const { topic, partition, key, value, record } = item;
      return [{ record: { ...record, topic, partition }, key, value }];
    });
  }

  /** Writes the log, its registry and its configuration into a new folder, gives that to `use`, and removes it. */
  async written<T>(use: (dir: string) => Promise<T>): Promise<T> {
    const dir = mkdtempSync(join(tmpdir(), "countercheck-mutations-"));
    try {
      await this.#write(dir);
      return await use(dir);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  async #write(dir: string): Promise<void> {
    const registry = new FolderRegistry(join(dir, "input", "schemas"));
    const ids: number[] = [];
    for (const { subject, schema } of this.#schemas) ids.push(await registry.register(subject, schema as AvroSchema));
    const writer = new FileLogWriter(join(dir, "input"));
    for (const [topic, partitions] of this.#topics) writer.createTopic(topic, partitions);
    for (const item of this.items) {
      if (item === "flush") writer.flush();
      else writer.append(item.topic, item.partition, this.#encoded(item, ids));
    }
    writer.end(this.#endMs);
    writeFileSync(join(dir, "config.json"), JSON.stringify(shopConfig("input", ".", this.#departments)));
  }

  #append(topic: string, partition: number, record: ShopRecord): void {
    const [keyId, valueId] = [idOf(record.key!), record.value === null ? 0 : idOf(record.value)];
    const key = this.#decode(record.key!) as Row;
    const value = record.value === null ? null : (this.#decode(record.value) as Envelope);
    const table = topic.slice(topic.lastIndexOf(".") + 1);
    this.items.push({ table, topic, partition, keyId, valueId, record, key, value, isChanged: false });
  }

  #decode(framed: Uint8Array): unknown {
    const bytes = Buffer.from(framed);
    return this.#schemas[bytes.readUInt32BE(1) - 1]!.type.fromBuffer(bytes.subarray(5));
  }

  /** The record with the ids of the registry that it goes to, and with what was changed. */
  #encoded({ record, keyId, valueId, key, value }: Recorded, ids: readonly number[]): ShopRecord {
    const framed = (id: number, of: unknown) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(ids[id - 1]!, 1);
      return Buffer.concat([head, this.#schemas[id - 1]!.type.toBuffer(of)]);
    };
    return { ...record, key: framed(keyId, key), value: value === null ? null : framed(valueId, value) };
  }
}

function idOf(framed: Uint8Array): number {
  return Buffer.from(framed).readUInt32BE(1);
}
