import { type AvroWriter, encodedTexts } from "./avro-writer.ts";
import type { Database, SnapshotMarker } from "./database.ts";
import { mariaSource } from "./envelope.ts";
import type { TransactionLog } from "./transaction-log.ts";

const FIRST_POSITION = 4280;
/** `max_binlog_size`: small, so that short runs see several files. */
const FILE_BYTES = 1 << 20;

/**
 * MariaDB's binlog: events are in commit order, while their times are those of the statements, in whole seconds. Files
 * follow each other at transaction bounds.
 */
export class MariaDb implements Database {
  readonly prefix = "maria";
  readonly sourceSchema = mariaSource;
  commitMs = 0;
  transactions: TransactionLog | undefined;
  #file = 1;
  #fileName = "mysql-bin.000001";
  #position = FIRST_POSITION;
  #nextPosition = FIRST_POSITION;
  #row = 0;
  #transaction = 12;
  readonly #head = encodedTexts("3.5.0.Final", "mariadb", "maria");

  get transactionId(): string {
    return `0-1-${this.#transaction}`;
  }

  begin(commitMs: number): void {
    this.finish();
    this.commitMs = commitMs;
    this.#transaction++;
    this.#nextPosition += 84;
    if (this.#nextPosition >= FILE_BYTES) {
      this.#file++;
      this.#fileName = `mysql-bin.${String(this.#file).padStart(6, "0")}`;
      this.#nextPosition = 389;
    }
    this.transactions?.begin(this.transactionId, wholeSeconds(commitMs), commitMs);
  }

  finish(): void {
    this.transactions?.end(this.transactionId, wholeSeconds(this.commitMs));
  }

  /** A statement of DDL: a transaction of its own, of which the connector tells the begin only. */
  alter(commitMs: number): void {
    this.begin(commitMs);
    this.transactions?.leave();
  }

  /** A statement that changes several rows writes one event: one position, and the rows are counted. */
  advance(row: number): void {
    this.#row = row;
    if (row > 0) return;
    this.#position = this.#nextPosition;
    this.#nextPosition += 290 + ((this.#position * 31) % 170);
  }

  writeSource(writer: AvroWriter, table: string, snapshot: SnapshotMarker, statementMs: number): void {
    const isChange = snapshot === "false";
    const seconds = wholeSeconds(statementMs) / 1000;
    writer.encoded(this.#head);
    writer.long(seconds * 1000);
    writer.long(0);
    writer.text(snapshot);
    writer.text("shop");
    writer.long(0);
    writer.long(1);
    writer.long(seconds * 1_000_000);
    writer.long(1);
    writer.bigLong(BigInt(seconds) * 1_000_000_000n);
    writer.long(1);
    writer.text(table);
    writer.long(isChange ? 1 : 0);
    writer.long(isChange ? 1 : 0);
    if (isChange) writer.text(this.transactionId);
    writer.text(this.#fileName);
    writer.long(this.#position);
    writer.long(this.#row);
    writer.long(0);
    writer.long(0);
  }
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}
