import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { type DecodedRecord, type Row, unscaledOf } from "../../shop/decoded-log.test-helper.ts";

/** The time through which a log is complete, and the one at which the newest snapshot was read. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/**
 * Change events as tables of SQL: one for each captured table, with the row's columns and `pk`, `seq` (its place among the
 * changes of its row), `at` (event time), `op`, `seed`, `deleted`, `tx`, and `valid_from`, `valid_to`: the event times between
 * which this is what the row says. Seed rows say it from ever on. Decimals are unscaled integers, times epoch milliseconds. A
 * column that would be named like one of these has `own_` before its name. The table `ended (tx, at, name, events)` has how many
 * changes of a table each end of a transaction counts. `tx` is as the connector writes it.
 */
export class History {
  readonly #database = new DatabaseSync(":memory:", { readBigInts: true });
  readonly span: Span;

  /** `end`: see `Span`. Records of a topic are in the order of their partitions. */
  constructor(records: readonly DecodedRecord[], end: number) {
    const tables = Map.groupBy(records.filter(isChange), ({ record }) => tableOf(record.topic));
    for (const [table, changes] of tables) if (table !== "heartbeat") this.#load(table, changes);
    this.#loadEnds(records);
    const seeds = records.flatMap(({ value }) => (value?.op === "r" ? [Number(value.source.ts_ms)] : []));
    this.span = { first: Math.max(0, ...seeds), end };
    this.#database.exec(`CREATE TABLE span AS SELECT ${this.span.first} AS first, ${end} AS "end"`);
  }

  /** Runs statements that leave something behind. */
  run(statements: string): void {
    this.#database.exec(statements);
  }

  /** Rows of a query; integers are bigints. */
  query(select: string): Record<string, unknown>[] {
    return this.#database.prepare(select).all() as Record<string, unknown>[];
  }

  close(): void {
    this.#database.close();
  }

  #load(table: string, records: readonly Change[]): void {
    const columns = [...new Set(records.flatMap(({ value }) => Object.keys(value.after ?? value.before ?? {})))];
    const quoted = columns.map((name) => `"${OWN.includes(name) ? "own_" : ""}${name}"`);
    this.#database.exec(
      `CREATE TABLE raw (pk, pos, at, op, seed, deleted, tx, ${quoted.join()}, UNIQUE (pk, pos) ON CONFLICT IGNORE)`,
    );
    const insert = this.#database.prepare(
      `INSERT INTO raw VALUES (${Array(7 + columns.length)
        .fill("?")
        .join()})`,
    );
    this.#database.exec("BEGIN");
    for (const { key, value } of records) {
      const { source, op, after } = value;
      const row = after ?? value.before ?? key;
      const head = [Object.values(key).join("/"), positionOf(source), BigInt(source.ts_ms), op, BigInt(op === "r")];
      const cells = columns.map((name) => cellOf(row[name]));
      insert.run(...head, BigInt(after === null), transactionOf(value), ...cells);
    }
    this.#database.exec(`COMMIT; CREATE TABLE "${table}" AS ${VERSIONS}; DROP TABLE raw`);
  }

  #loadEnds(records: readonly DecodedRecord[]): void {
    this.#database.exec("CREATE TABLE ended (tx, at, name, events)");
    const insert = this.#database.prepare("INSERT INTO ended VALUES (?, ?, ?, ?)");
    this.#database.exec("BEGIN");
    for (const { value } of records) {
      if (!isEnd(value)) continue;
      for (const { data_collection, event_count } of value.data_collections ?? [])
        insert.run(value.id, value.ts_ms, tableOf(data_collection), event_count);
    }
    this.#database.exec("COMMIT");
  }
}

/** Names of columns that every table has. */
const OWN = ["pk", "pos", "at", "op", "seed", "deleted", "tx", "seq", "valid_from", "valid_to"];

/** What a row says at a time is the last change of it whose event time is not later, wherever its times go back. */
const VERSIONS = `
  SELECT *,
    CASE WHEN seed THEN -1 ELSE at END AS valid_from,
    coalesce(min(at) OVER (PARTITION BY pk ORDER BY pos ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 1 << 60) AS valid_to,
    row_number() OVER (PARTITION BY pk ORDER BY pos) AS seq
  FROM raw`;

interface Change extends DecodedRecord {
  readonly value: NonNullable<DecodedRecord["value"]>;
}

/** What a connector says of a transaction's end. */
interface End {
  readonly status: "END";
  readonly id: string;
  readonly ts_ms: bigint;
  readonly data_collections: readonly { readonly data_collection: string; readonly event_count: bigint }[] | null;
}

function isEnd(value: unknown): value is End {
  return (value as { status?: unknown } | null)?.status === "END";
}

function isChange(record: DecodedRecord): record is Change {
  return record.value !== null && record.value.source !== undefined;
}

function tableOf(topic: string): string {
  return topic.slice(topic.lastIndexOf(".") + 1);
}

/** Sorts as the row's positions do: binlog file, position, row; or log sequence number. */
function positionOf(source: Row): string {
  const padded = (part: unknown) => String(part).padStart(20, "0");
  if (source.lsn !== undefined) return padded(source.lsn);
  return [String(source.file).split(".").at(-1), source.pos, source.row].map(padded).join();
}

function transactionOf({ transaction }: Change["value"] & { readonly transaction?: Row | null }): string | null {
  return transaction ? String(transaction.id) : null;
}

function cellOf(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return BigInt(value);
  if (value instanceof Uint8Array) return unscaledOf(Buffer.from(value));
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value))
    return BigInt(Date.parse(value));
  // Numbers would be floating ones to SQL.
  return Number.isInteger(value) ? BigInt(value as number) : (value as SQLInputValue);
}
