import { assert } from "../base/errors.ts";
import { AvroWriter } from "./avro-writer.ts";
import type { Cell, Column } from "./column-types.ts";
import { type Connector, LAG_MS } from "./connector.ts";
import type { Database, SnapshotMarker } from "./database.ts";
import { envelopeSchema, keySchema } from "./envelope.ts";
import type { ShopSink } from "./sink.ts";

/** A table's shape. */
export interface TableSpec {
  readonly topic: string;
  readonly name: string;
  readonly partitions: number;
  readonly columns: readonly Column[];
  /** Names of the primary key's columns. */
  readonly key: readonly string[];
  /** False under PostgreSQL's default replica identity: updates come without the row's former image. */
  readonly hasBefore: boolean;
}

/**
 * A captured table: changes of its rows become Debezium records. A row is an object of the caller's, whose fields are
 * the columns; the table changes it in place. Until the snapshot is taken, rows are only kept; from then on every change
 * is delivered, and rows are forgotten.
 */
export class CapturedTable<R extends object> {
  readonly spec: TableSpec;
  /** Told of every change in the transaction that makes it: what the row was and is, null for nothing. */
  observer: ((before: R | null, after: R | null) => void) | undefined;
  readonly #database: Database;
  readonly #connector: Connector;
  readonly #keyColumns: readonly Column[];
  #columns: readonly Column[];
  #keyId = 0;
  #valueId = 0;
  /** Rows before the snapshot, in order of insertion. */
  #rows: Set<R> | null = new Set();
  #sequence = 0;

  constructor(spec: TableSpec, database: Database, connector: Connector) {
    this.spec = spec;
    this.#database = database;
    this.#connector = connector;
    this.#columns = spec.columns;
    this.#keyColumns = spec.key.map((name) => spec.columns.find((column) => column.name === name)!);
  }

  /** Creates the topic and registers the schemas. */
  async create(sink: ShopSink): Promise<void> {
    const { topic, partitions } = this.spec;
    sink.createTopic(topic, partitions);
    this.#keyId = await sink.register(`${topic}-key`, keySchema(topic, this.#keyColumns));
    await this.#registerValue(sink);
  }

  /** ALTER TABLE … ADD COLUMN, at the end. Events from now on have the new schema, images of older rows too. */
  async addColumn(column: Column, sink: ShopSink): Promise<void> {
    this.#columns = [...this.#columns, column];
    await this.#registerValue(sink);
  }

  /** Number of rows that the snapshot will hold. */
  get size(): number {
    return this.#rows?.size ?? 0;
  }

  /** Delivers all rows as `r` events and goes over to changes. */
  snapshot(markerOf: (index: number) => SnapshotMarker): void {
    const rows = this.#rows;
    assert(rows !== null, `second snapshot of ${this.spec.topic}`);
    this.#rows = null;
    let index = 0;
    for (const row of rows) {
      const key = this.#key(row);
      this.#beginValue();
      this.#image(null);
      this.#image(row);
      this.#deliver(key, "r", markerOf(index++), this.#database.commitMs);
    }
  }

  /** `statementMs`, here and below: when the statement ran, at most a few seconds before its transaction's commit. */
  insert(row: R, statementMs: number): void {
    if (this.#rows !== null) this.#rows.add(row);
    else {
      this.#database.advance(0);
      this.#insert(row, statementMs);
    }
    this.observer?.(null, row);
  }

  /** `rowOfStatement` counts the rows that one statement updates. */
  update(row: R, changes: Partial<R>, statementMs: number, rowOfStatement = 0): void {
    const before = this.observer && { ...row };
    if (this.#rows !== null) Object.assign(row, changes);
    else {
      this.#database.advance(rowOfStatement);
      this.#beginValue();
      this.#image(this.spec.hasBefore ? row : null);
      Object.assign(row, changes);
      this.#image(row);
      this.#deliver(this.#key(row), "u", "false", statementMs);
    }
    this.observer?.(before!, row);
  }

  delete(row: R, statementMs: number): void {
    if (this.#rows !== null) this.#rows.delete(row);
    else {
      this.#database.advance(0);
      this.#delete(row, statementMs, {});
    }
    this.observer?.(row, null);
  }

  /** An update that changes the primary key: to the log, a deletion and a creation at one position. */
  rekey(row: R, key: Partial<R>, statementMs: number): void {
    const before = this.observer && { ...row };
    if (this.#rows !== null) Object.assign(row, key);
    else {
      this.#database.advance(0);
      const oldKey = this.#keyText(row);
      this.#delete(row, statementMs, { "__debezium.newkey": this.#keyText({ ...row, ...key }) });
      Object.assign(row, key);
      this.#insert(row, statementMs, { "__debezium.oldkey": oldKey });
    }
    this.observer?.(before!, row);
  }

  #insert(row: R, statementMs: number, headers?: Record<string, string>): void {
    this.#beginValue();
    this.#image(null);
    this.#image(row);
    this.#deliver(this.#key(row), "c", "false", statementMs, headers);
  }

  #delete(row: R, statementMs: number, headers: Record<string, string>): void {
    const key = this.#key(row);
    this.#beginValue();
    this.#image(row);
    this.#image(null);
    this.#deliver(key, "d", "false", statementMs, headers);
    this.#append(key, null, headers);
  }

  async #registerValue(sink: ShopSink): Promise<void> {
    const { topic } = this.spec;
    const schema = envelopeSchema(topic, this.#columns, this.#database.sourceSchema);
    this.#valueId = await sink.register(`${topic}-value`, schema);
  }

  #key(row: R): Uint8Array {
    keyWriter.begin(this.#keyId);
    for (const column of this.#keyColumns) column.write(keyWriter, cell(row, column));
    return keyWriter.finish();
  }

  #keyText(row: R): string {
    return JSON.stringify(Object.fromEntries(this.#keyColumns.map((column) => [column.name, cell(row, column)])));
  }

  #beginValue(): void {
    valueWriter.begin(this.#valueId);
  }

  #image(row: R | null): void {
    valueWriter.long(row === null ? 0 : 1);
    if (row === null) return;
    for (const column of this.#columns) column.write(valueWriter, cell(row, column));
  }

  /** Completes the value whose images are written, and hands the record on. */
  #deliver(
    key: Uint8Array,
    operation: string,
    snapshot: SnapshotMarker,
    statementMs: number,
    headers: Record<string, string> = {},
  ): void {
    const processedUs = (this.#database.commitMs + LAG_MS) * 1000 + ((this.#sequence * 7919) % 1000);
    const { transactions, transactionId } = this.#database;
    this.#database.writeSource(valueWriter, this.spec.name, snapshot, statementMs);
    if (transactions === undefined || snapshot !== "false") valueWriter.long(0);
    else transactions.writeBlock(valueWriter, transactionId, this.spec.name);
    valueWriter.text(operation);
    valueWriter.long(1);
    valueWriter.long(Math.floor(processedUs / 1000));
    valueWriter.long(1);
    valueWriter.long(processedUs);
    valueWriter.long(1);
    valueWriter.bigLong(BigInt(processedUs) * 1000n + BigInt(this.#sequence % 1000));
    this.#append(key, valueWriter.finish(), headers);
  }

  #append(key: Uint8Array, value: Uint8Array | null, headers: Record<string, string>): void {
    this.#sequence++;
    const record = { key, value, timestamp: this.#database.commitMs + LAG_MS + 5 };
    const isBare = Object.keys(headers).length === 0;
    this.#connector.deliver(this.spec.topic, this.spec.partitions, isBare ? record : { ...record, headers });
  }
}

const keyWriter = new AvroWriter();
const valueWriter = new AvroWriter();

function cell(row: object, column: Column): Cell {
  return (row as Record<string, Cell>)[column.name]!;
}
