import type { SQLInputValue } from "node:sqlite";
import { assert, raise } from "../base/errors.ts";
import { type FileKind, SqliteFile } from "../base/sqlite-file.ts";
import { formatCursor, type Place, parseCursor } from "./cursor.ts";
import { setAside } from "./set-aside.ts";
import { assertSnapshot } from "./snapshot-checks.ts";
import {
  type HistoryQuery,
  MAX_PAGE,
  type PageQuery,
  type ScanQuery,
  type SnapshotPage,
  type SnapshotQuery,
  type SnapshotRow,
  type SnapshotStore,
} from "./snapshot-store.ts";

/** How an SQLite evidence store is opened. */
export interface SqliteSnapshotOptions {
  /** True makes the file, and its folder, where there is none; else SNAPSHOTS_NOT_FOUND. Default false. */
  readonly create?: boolean;
  /** How long to wait for another process's lock before SNAPSHOTS_BUSY, in ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/**
 * The evidence store in one SQLite file; several processes may have it open. Everything happens at once, nothing is
 * awaited. Opening throws SNAPSHOTS_NOT_FOUND, SNAPSHOTS_UNREADABLE, SNAPSHOTS_VERSION or SNAPSHOTS_BUSY.
 */
export class SqliteSnapshotStore implements SnapshotStore {
  readonly #file: SqliteFile;
  readonly #path: string;
  readonly #busyTimeoutMs: number;

  constructor(path: string, options: SqliteSnapshotOptions = {}) {
    const { create = false, busyTimeoutMs = 5_000 } = options;
    this.#path = path;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#file = new SqliteFile(KIND, { path, create, busyTimeoutMs });
  }

  put(rows: readonly SnapshotRow[]): void {
    if (rows.length === 0) return;
    for (const row of rows) assertSnapshot(row);
    this.#file.transaction(() => {
      this.#file.run(WITHOUT_TRIGGER);
      for (const row of rows) this.#put(row);
    });
  }

  get(query: SnapshotQuery): SnapshotRow[] {
    const where = new Where();
    where.is("key", query.key);
    where.is("check_uid", query.check);
    where.is("currency", query.currency);
    where.is("period", query.period);
    const valid = new Where();
    valid.is("version", query.version);
    valid.compare("time <=", query.asOf);
    valid.isTrue("epoch = highest_so_far");
    // SQLite takes the other columns from the row that has the maximum.
    const newest = `SELECT ${COLUMNS}, max(version) FROM (
        SELECT ${COLUMNS}, max(epoch) OVER (PARTITION BY check_uid, currency, period ORDER BY version) AS highest_so_far
        FROM snapshots ${where.sql}
      ) ${valid.sql} GROUP BY check_uid, currency, period ORDER BY check_uid, currency, period`;
    return this.#file.all<StoredRow>(newest, [...where.values, ...valid.values]).map(toRow);
  }

  history(query: HistoryQuery): SnapshotPage {
    const where = new Where();
    where.is("key", query.key);
    where.is("check_uid", query.check);
    where.is("currency", query.currency);
    where.is("period", query.period);
    return this.#page("history", "snapshots", where, query, HISTORY_ORDER, historyPlace);
  }

  scan(query: ScanQuery): SnapshotPage {
    const where = new Where();
    where.is("check_uid", query.check);
    where.is("status", query.status);
    where.is("class", query.class);
    where.compare("time >=", query.from);
    where.compare("time <", query.to);
    where.startsWith("key", query.keyPrefix);
    return this.#page("scan", BY_TIME, where, query, SCAN_ORDER, scanPlace);
  }

  /**
   * Closes the store and moves its file to another path, in the place of what is there. Nobody may be writing to it; who
   * reads goes on with the file as it was. SNAPSHOTS_BUSY and SNAPSHOTS_IO_FAILED.
   */
  closeAndMoveTo(previous: string): void {
    const path = this.#path;
    const [checkpoint] = this.#file.all<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)");
    this.close();
    if (checkpoint?.busy !== 0) raise("SNAPSHOTS_BUSY", { path, timeoutMs: this.#busyTimeoutMs });
    setAside(path, previous);
  }

  close(): void {
    this.#file.close();
  }

  /** What is there already is looked at only then: as an upsert with a trigger, each put would cost twice as much. */
  #put({ key, check, currency, period, version, epoch, time, writtenAt, status, ...row }: SnapshotRow): void {
    const id = [key, check, currency, period, version];
    const values = [...id, epoch, time, writtenAt, status, row.class, row.baseline ? 1 : 0, row.verdict];
    if (this.#file.run(PUT, values) === 1) return;
    this.#file.run(KEEP_SUPERSEDED, values);
    this.#file.run(SUPERSEDE, values);
  }

  #page(
    kind: string,
    from: string,
    where: Where,
    query: PageQuery,
    order: string,
    placeOf: (row: SnapshotRow) => Place,
  ): SnapshotPage {
    assert(Number.isSafeInteger(query.limit) && query.limit > 0, "a page's limit is a positive integer");
    const limit = Math.min(query.limit, MAX_PAGE);
    if (query.after !== undefined) where.after(order, parseCursor(kind, query.after, placeOf(SOME_ROW)));
    const sql = `SELECT ${COLUMNS} FROM ${from} ${where.sql} ORDER BY ${order} LIMIT ?`;
    const rows = this.#file.all<StoredRow>(sql, [...where.values, limit + 1]).map(toRow);
    const more = rows.length > limit;
    if (more) rows.length = limit;
    return { rows, next: more ? formatCursor(kind, placeOf(rows[limit - 1]!)) : null };
  }
}

const KIND: FileKind = {
  applicationId: 0x63_63_73_6e,
  version: 2,
  // Not WITHOUT ROWID: rows of a kilobyte and more inside the key's own tree make puts four times slower and the file
  // three times larger. The index gives a scan's order as it is, and narrows it to a check without a look at the rows.
  tables: `
    CREATE TABLE snapshots (
      key TEXT NOT NULL, check_uid TEXT NOT NULL, currency TEXT NOT NULL, period TEXT NOT NULL, version INTEGER NOT NULL,
      epoch INTEGER NOT NULL, time INTEGER NOT NULL, written_at INTEGER NOT NULL, status TEXT NOT NULL, class TEXT, baseline INTEGER NOT NULL,
      verdict BLOB NOT NULL,
      PRIMARY KEY (key, check_uid, currency, period, version)
    ) STRICT;
    CREATE INDEX snapshots_by_time ON snapshots (time, key, check_uid, currency, period, version);
    CREATE TABLE superseded AS SELECT * FROM snapshots`,
  errors: {
    notFound: "SNAPSHOTS_NOT_FOUND",
    unreadable: "SNAPSHOTS_UNREADABLE",
    version: "SNAPSHOTS_VERSION",
    busy: "SNAPSHOTS_BUSY",
    ioFailed: "SNAPSHOTS_IO_FAILED",
  },
};

const COLUMNS = "key, check_uid, currency, period, version, epoch, time, written_at, status, class, baseline, verdict";
const HISTORY_ORDER = "check_uid, currency, period, version";
/** SQLite would rather sort all keys that may begin so. */
const BY_TIME = "snapshots INDEXED BY snapshots_by_time";
const SCAN_ORDER = "time, key, check_uid, currency, period, version";

const PUT = `INSERT INTO snapshots (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

/** The row in whose place the values of a put come, in the order of its columns. */
const OVERTAKEN = `(key, check_uid, currency, period, version) = (?1, ?2, ?3, ?4, ?5) AND (epoch, written_at) <= (?6, ?8)`;

const KEEP_SUPERSEDED = `INSERT INTO superseded SELECT * FROM snapshots WHERE ${OVERTAKEN} AND verdict IS NOT ?12`;

const SUPERSEDE = `UPDATE snapshots SET epoch = ?6, time = ?7, written_at = ?8, status = ?9, class = ?10, baseline = ?11,
  verdict = ?12 WHERE ${OVERTAKEN}`;

/** Files from before have one, which would keep what is superseded twice. */
const WITHOUT_TRIGGER = "DROP TRIGGER IF EXISTS keep_superseded";
/** A row as its columns hold it. */
interface StoredRow extends Omit<SnapshotRow, "check" | "writtenAt" | "baseline"> {
  readonly check_uid: string;
  readonly written_at: number;
  readonly baseline: number;
}

function toRow(stored: StoredRow): SnapshotRow {
  return {
    key: stored.key,
    check: stored.check_uid,
    currency: stored.currency,
    period: stored.period,
    version: stored.version,
    epoch: stored.epoch,
    time: stored.time,
    writtenAt: stored.written_at,
    status: stored.status,
    class: stored.class,
    baseline: stored.baseline === 1,
    verdict: stored.verdict,
  };
}

function historyPlace(row: SnapshotRow): Place {
  return [row.check, row.currency, row.period, row.version];
}

function scanPlace(row: SnapshotRow): Place {
  return [row.time, row.key, row.check, row.currency, row.period, row.version];
}

/** Gives cursors the types that they must have. */
const SOME_ROW: SnapshotRow = {
  key: "", check: "", currency: "", period: "", version: 1, epoch: 1, time: 0, writtenAt: 0, status: "",
  class: null, baseline: false, verdict: new Uint8Array(),
}; // biome-ignore format: one look is enough

/** Conditions of constant text, and the values that are bound to them. */
class Where {
  readonly #conditions: string[] = [];
  readonly values: SQLInputValue[] = [];

  get sql(): string {
    return this.#conditions.length === 0 ? "" : `WHERE ${this.#conditions.join(" AND ")}`;
  }

  is(column: string, value: string | number | undefined): void {
    this.compare(`${column} =`, value);
  }

  compare(columnAndOperator: string, value: string | number | undefined): void {
    if (value !== undefined) this.#add(`${columnAndOperator} ?`, [value]);
  }

  isTrue(condition: string): void {
    this.#add(condition, []);
  }

  startsWith(column: string, prefix: string | undefined): void {
    if (prefix !== undefined)
      this.#add(`${column} >= ? AND substr(${column}, 1, length(?)) = ?`, [prefix, prefix, prefix]);
  }

  after(columns: string, place: Place): void {
    this.#add(`(${columns}) > (${place.map(() => "?").join(", ")})`, place);
  }

  #add(condition: string, values: readonly SQLInputValue[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }
}
