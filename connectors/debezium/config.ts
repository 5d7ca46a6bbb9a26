/** What configuration says of one captured database. */
export interface DebeziumSource {
  /** The name that models use in `table(source, …)`. */
  readonly name: string;
  readonly kind: DatabaseKind;
  /**
   * Event times, in ms and ascending, at which the database was failed over or restored and its positions began anew. A
   * change's epoch is the number of them at or before its own time, so a log that spans one can be read again.
   */
  readonly epochs?: readonly number[];
  /**
   * How far the times of one transaction's changes may lie apart, in ms. Default: 10,000 for MariaDB, whose times are those
   * of statements and whole seconds; 0 for PostgreSQL, whose times are those of commits.
   */
  readonly longestTransactionMs?: number;
  /** The table that `heartbeat.action.query` writes; one of `tables`. */
  readonly heartbeatTable?: string;
  /** Where each captured table's changes are, by table name. */
  readonly tables: Readonly<Record<string, CapturedTable>>;
}

/** Where a captured table's changes are. */
export interface CapturedTable {
  readonly topic: string;
  /** A row may be in several partitions of the topic: one reads all of them. Default: as its keys lie. */
  readonly gathered?: boolean | undefined;
}

export type DatabaseKind = "mariadb" | "postgresql";

/** `longestTransactionMs` where the configuration names none. */
export const defaultLongestTransactionMs: Readonly<Record<DatabaseKind, number>> = { mariadb: 10_000, postgresql: 0 };
