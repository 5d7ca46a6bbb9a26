import { type AvroWriter, encodedTexts } from "./avro-writer.ts";
import type { Database, SnapshotMarker } from "./database.ts";
import { postgresSource } from "./envelope.ts";
import type { TransactionLog } from "./transaction-log.ts";

/** PostgreSQL's write-ahead log as pgoutput shows it: every change bears its transaction's commit time; LSNs ascend. */
export class Postgres implements Database {
  readonly prefix = "pg";
  readonly sourceSchema = postgresSource;
  commitMs = 0;
  transactions: TransactionLog | undefined;
  #lsn = 26_890_176;
  #nextLsn = 26_890_176;
  #transactionLsn = 26_890_176;
  #transaction = 750;
  readonly #head = encodedTexts("3.5.0.Final", "postgresql", "pg");

  /** Another one for every change, and for the begin and the end. */
  get transactionId(): string {
    return `${this.#transaction}:${this.#lsn}`;
  }

  begin(commitMs: number): void {
    this.finish();
    this.commitMs = commitMs;
    this.#transaction++;
    this.#nextLsn += 56;
    this.#transactionLsn = this.#nextLsn;
    this.transactions?.begin(`${this.#transaction}:${this.#nextLsn}`, commitMs, commitMs);
  }

  finish(): void {
    this.transactions?.end(`${this.#transaction}:${this.#nextLsn + 56}`, this.commitMs);
  }

  advance(): void {
    this.#lsn = this.#nextLsn;
    this.#nextLsn += 144 + 8 * ((this.#lsn >>> 3) % 19);
  }

  writeSource(writer: AvroWriter, table: string, snapshot: SnapshotMarker): void {
    const micros = this.commitMs * 1000 + ((this.#transaction * 7919) % 1000);
    const before = snapshot === "false" ? `"${this.#transactionLsn}"` : "null";
    writer.encoded(this.#head);
    writer.long(this.commitMs);
    writer.long(0);
    writer.text(snapshot);
    writer.text("ledger");
    writer.long(1);
    writer.text(`[${before},"${this.#lsn}"]`);
    writer.long(1);
    writer.long(micros);
    writer.long(1);
    writer.bigLong(BigInt(micros) * 1000n);
    writer.text("public");
    writer.text(table);
    writer.long(1);
    writer.long(this.#transaction);
    writer.long(1);
    writer.long(this.#lsn);
    for (let i = 0; i < 3; i++) writer.long(0);
  }
}
