import type { AvroWriter } from "./avro-writer.ts";
import type { TransactionLog } from "./transaction-log.ts";

/** Debezium's marker of a row's place in the initial snapshot; `false` for changes. */
export type SnapshotMarker =
  | "first"
  | "first_in_data_collection"
  | "true"
  | "last_in_data_collection"
  | "last"
  | "false";

/**
 * A database under capture, as far as its log shows: transactions are begun in the order of their commits, and every
 * row that is changed afterwards belongs to the one begun last.
 */
export interface Database {
  /** Topic prefix of its connector. */
  readonly prefix: string;
  /** Schema of the `source` record of its events. */
  readonly sourceSchema: object;
  /** Begins a transaction that is committed at this time. */
  begin(commitMs: number): void;
  /** Tells of transactions, where the connector provides their metadata; set once the snapshot is complete. */
  transactions: TransactionLog | undefined;
  /** Name of the transaction begun last, as a change at the current position bears it. */
  readonly transactionId: string;
  /** The transaction begun last has ended: before that is certain, its end is not in the log. Beginning another ends it too. */
  finish(): void;
  /** Commit time of the transaction begun last. */
  readonly commitMs: number;
  /** Moves on to the log position of the next changed row; `row` counts the rows of one statement. */
  advance(row: number): void;
  /** Writes the `source` record at the current position. `statementMs`: when the statement ran. */
  writeSource(writer: AvroWriter, table: string, snapshot: SnapshotMarker, statementMs: number): void;
}
