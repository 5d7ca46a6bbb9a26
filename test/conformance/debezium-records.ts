import { TRANSACTIONS } from "../../dataflow/source.ts";
import { type AvroSchema, type AvroType, avroType } from "../../schemas/avro-schema.ts";
import type { ReadTable } from "./columns.ts";
import { type CaseColumn, columnsOf, PRIMARY_KEY } from "./columns.ts";
import type { RowStep } from "./format.ts";

/** Registers a schema under a subject; gives its id. */
export type Register = (subject: string, schema: AvroSchema) => Promise<number>;

/** Where a change stands in its source's log. */
export interface LogPlace {
  readonly timeMs: number;
  readonly lsn: number;
}

/** The topic of a table: prefixed with its source's name, as a connector's are with its own prefix. */
export function topicOf(source: string, table: string): string {
  return table === TRANSACTIONS ? `${source}.transaction` : `${source}.public.${table}`;
}

/** Avro's names have no dashes. */
function namespaceOf(topic: string): string {
  return topic.replaceAll("-", "_");
}

/** A table with the columns that models read of it: its changes as PostgreSQL's connector writes them. */
export class CapturedCaseTable {
  readonly #of: ReadTable;
  readonly #columns: readonly CaseColumn[];
  readonly #key: Framed;
  readonly #value: Framed;

  private constructor(of: ReadTable, columns: readonly CaseColumn[], key: Framed, value: Framed) {
    this.#of = of;
    this.#columns = columns;
    this.#key = key;
    this.#value = value;
  }

  static async make(of: ReadTable, register: Register): Promise<CapturedCaseTable> {
    const topic = topicOf(of.source, of.table);
    const columns = columnsOf(of);
    const key = { type: "record", name: "Key", namespace: namespaceOf(topic), fields: [fieldOf(columns[0]!)] };
    return new CapturedCaseTable(
      of,
      columns,
      await Framed.make(`${topic}-key`, key, register),
      await Framed.make(`${topic}-value`, envelopeOf(topic, columns), register),
    );
  }

  keyOf(row: RowStep["row"]): Buffer {
    return this.#key.encode({ [PRIMARY_KEY]: this.#columns[0]!.cell({ [PRIMARY_KEY]: row }) });
  }

  /** A change of a row, the first of it or a later one; the row before is in it only where a model wants it. */
  valueOf(step: RowStep, known: RowStep | undefined, { timeMs, lsn }: LogPlace): Buffer {
    const { source, table, models } = this.#of;
    const { values, transaction } = step;
    const isWhole = models.some(({ from }) => from.some((each) => each.table === table && each.before === "full"));
    return this.#value.encode({
      before: isWhole ? this.#imageOf(known) : null,
      after: this.#imageOf(step),
      source: { name: source, ts_ms: BigInt(timeMs), schema: "public", table, lsn: BigInt(lsn) },
      transaction: transaction === undefined ? null : { "event.block": { id: `${transaction}:${lsn}` } },
      op: values === null ? "d" : known === undefined ? "c" : "u",
      ts_ms: { long: BigInt(timeMs) },
    });
  }

  #imageOf(step: RowStep | undefined): object | null {
    if (step === undefined || step.values === null) return null;
    const all = { ...step.values, [PRIMARY_KEY]: step.row };
    const image = Object.fromEntries(this.#columns.map((column) => [column.name, column.cell(all)]));
    return { [`${namespaceOf(topicOf(this.#of.source, this.#of.table))}.Value`]: image };
  }
}

/** Ends of a source's transactions, as Debezium tells of them with `provide.transaction.metadata`. */
export class CapturedTransactions {
  readonly #key: Framed;
  readonly #value: Framed;

  private constructor(key: Framed, value: Framed) {
    this.#key = key;
    this.#value = value;
  }

  static async make(source: string, register: Register): Promise<CapturedTransactions> {
    const topic = topicOf(source, TRANSACTIONS);
    const fields = [{ name: "id", type: "string" }];
    const key = { type: "record", name: "TransactionMetadataKey", namespace: namespaceOf(topic), fields };
    return new CapturedTransactions(
      await Framed.make(`${topic}-key`, key, register),
      await Framed.make(`${topic}-value`, endOf(topic), register),
    );
  }

  end(
    id: string,
    counts: Readonly<Record<string, number>>,
    { timeMs, lsn }: LogPlace,
  ): { readonly key: Buffer; readonly value: Buffer } {
    const collections = Object.entries(counts).map(([table, count]) => {
      return { "event.collection": { data_collection: `public.${table}`, event_count: BigInt(count) } };
    });
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const name = `${id}:${lsn}`;
    const value = {
      status: "END",
      id: name,
      event_count: { long: BigInt(total) },
      data_collections: { array: collections },
      ts_ms: BigInt(timeMs),
    };
    return { key: this.#key.encode({ id: name }), value: this.#value.encode(value) };
  }
}

/** An encoder in Confluent's framing. */
class Framed {
  readonly #head = Buffer.alloc(5);
  readonly #type: AvroType;

  private constructor(id: number, type: AvroType) {
    this.#head.writeUInt32BE(id, 1);
    this.#type = type;
  }

  static async make(subject: string, schema: AvroSchema, register: Register): Promise<Framed> {
    return new Framed(await register(subject, schema), avroType(schema, subject));
  }

  encode(value: object): Buffer {
    return Buffer.concat([this.#head, this.#type.toBuffer(value)]);
  }
}

function fieldOf({ name, type }: CaseColumn): object {
  return { name, type: ["null", type], default: null };
}

function envelopeOf(topic: string, columns: readonly CaseColumn[]): AvroSchema {
  const row = { type: "record", name: "Value", fields: columns.map(fieldOf) };
  const source = ["name", "schema", "table"].map((name) => ({ name, type: "string" }));
  const numbers = ["ts_ms", "lsn"].map((name) => ({ name, type: "long" }));
  const block = { type: "record", name: "block", namespace: "event", fields: [{ name: "id", type: "string" }] };
  return {
    type: "record",
    name: "Envelope",
    namespace: namespaceOf(topic),
    fields: [
      { name: "before", type: ["null", row], default: null },
      { name: "after", type: ["null", "Value"], default: null },
      { name: "source", type: { type: "record", name: "Source", fields: [...source, ...numbers] } },
      { name: "transaction", type: ["null", block], default: null },
      { name: "op", type: "string" },
      { name: "ts_ms", type: ["null", "long"], default: null },
    ],
  };
}

function endOf(topic: string): AvroSchema {
  const collection = {
    type: "record",
    name: "collection",
    namespace: "event",
    fields: [
      { name: "data_collection", type: "string" },
      { name: "event_count", type: "long" },
    ],
  };
  return {
    type: "record",
    name: "TransactionMetadataValue",
    namespace: namespaceOf(topic),
    fields: [
      { name: "status", type: "string" },
      { name: "id", type: "string" },
      { name: "event_count", type: ["null", "long"], default: null },
      {
        name: "data_collections",
        type: ["null", { type: "array", items: ["null", collection] }],
        default: null,
      },
      { name: "ts_ms", type: "long" },
    ],
  };
}
