import { AvroWriter } from "./avro-writer.ts";
import { type Connector, LAG_MS } from "./connector.ts";
import type { ShopSink } from "./sink.ts";

/** A transaction that has begun and not ended. */
interface OpenTransaction {
  readonly commitMs: number;
  total: number;
  readonly byTable: Map<string, number>;
}

/**
 * What a connector tells of transactions with `provide.transaction.metadata`: a block in each change, and a BEGIN and an END
 * record in a topic of their own. An END counts the changes, of each table too.
 */
export class TransactionLog {
  readonly #prefix: string;
  /** What the names of tables begin with, as `public.`. */
  readonly #schema: string;
  readonly #connector: Connector;
  #keyId = 0;
  #valueId = 0;
  #open: OpenTransaction | undefined;

  constructor(prefix: string, schema: string, connector: Connector) {
    this.#prefix = prefix;
    this.#schema = schema;
    this.#connector = connector;
  }

  /** Creates the topic and registers the schemas. */
  async create(sink: ShopSink): Promise<void> {
    const topic = this.#topic;
    sink.createTopic(topic, 1);
    this.#keyId = await sink.register(`${topic}-key`, keySchema);
    this.#valueId = await sink.register(`${topic}-value`, valueSchema);
  }

  /** A transaction begins, by this name; `timeMs` is its own, as the source tells it. */
  begin(id: string, timeMs: number, commitMs: number): void {
    this.#open = { commitMs, total: 0, byTable: new Map() };
    this.#deliver("BEGIN", id, timeMs);
  }

  /** Writes the block of a change into its envelope. */
  writeBlock(writer: AvroWriter, id: string, table: string): void {
    const open = this.#open!;
    const order = (open.byTable.get(table) ?? 0) + 1;
    open.byTable.set(table, order);
    writer.long(1);
    writer.text(id);
    writer.long(++open.total);
    writer.long(order);
  }

  /** The transaction that is open has ended, if there is one. */
  end(id: string, timeMs: number): void {
    if (this.#open === undefined) return;
    this.#deliver("END", id, timeMs);
    this.#open = undefined;
  }

  /** What has begun was DDL, of which no end is told. */
  leave(): void {
    this.#open = undefined;
  }

  get #topic(): string {
    return `${this.#prefix}.transaction`;
  }

  #deliver(status: "BEGIN" | "END", id: string, timeMs: number): void {
    const { commitMs, total, byTable } = this.#open!;
    writer.begin(this.#keyId);
    writer.text(id);
    const key = writer.finish();
    writer.begin(this.#valueId);
    writer.text(status);
    writer.text(id);
    if (status === "BEGIN") for (let i = 0; i < 2; i++) writer.long(0);
    else {
      writer.long(1);
      writer.long(total);
      writer.long(1);
      this.#counts(byTable);
    }
    writer.long(timeMs);
    this.#connector.deliver(this.#topic, 1, { key, value: writer.finish(), timestamp: commitMs + LAG_MS + 5 });
  }

  /** An array of nullable records, in one block. */
  #counts(byTable: ReadonlyMap<string, number>): void {
    if (byTable.size > 0) writer.long(byTable.size);
    for (const [table, count] of byTable) {
      writer.long(1);
      writer.text(this.#schema + table);
      writer.long(count);
    }
    writer.long(0);
  }
}

const writer = new AvroWriter();

const NAMESPACE = "io.debezium.connector.common";

const keySchema = {
  type: "record",
  name: "TransactionMetadataKey",
  namespace: NAMESPACE,
  fields: [{ name: "id", type: "string" }],
  "connect.version": 1,
  "connect.name": `${NAMESPACE}.TransactionMetadataKey`,
};

const collectionSchema = {
  type: "record",
  name: "collection",
  namespace: "event",
  fields: [
    { name: "data_collection", type: "string" },
    { name: "event_count", type: "long" },
  ],
  "connect.version": 1,
  "connect.name": "event.collection",
};

/** As Debezium 3.5 registers it. */
const valueSchema = {
  type: "record",
  name: "TransactionMetadataValue",
  namespace: NAMESPACE,
  fields: [
    { name: "status", type: "string" },
    { name: "id", type: "string" },
    { name: "event_count", type: ["null", "long"], default: null },
    {
      name: "data_collections",
      type: ["null", { type: "array", items: ["null", collectionSchema] }],
      default: null,
    },
    { name: "ts_ms", type: "long" },
  ],
  "connect.version": 1,
  "connect.name": `${NAMESPACE}.TransactionMetadataValue`,
};
