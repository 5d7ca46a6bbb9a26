import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { ErrorCode } from "./error-catalogue.ts";
import { messageOf, raise } from "./errors.ts";

/** What kind of file it is, so that one is never taken for another. */
export interface FileKind {
  /** Written into the file's header, SQLite's `application_id`: a 32-bit integer of this kind's own. */
  readonly applicationId: number;
  /** Version of the layout, kept as `user_version`. */
  readonly version: number;
  /** Statements that make the tables of an empty file. */
  readonly tables: string;
  readonly errors: Readonly<Record<"notFound" | "unreadable" | "version" | "busy" | "ioFailed", ErrorCode>>;
}

/** Where a file is and how it is opened. */
export interface FileOptions {
  readonly path: string;
  /** True makes the file, and its folder, where there is none. */
  readonly create: boolean;
  /** How long to wait for another process's lock, in ms. */
  readonly busyTimeoutMs: number;
}

/** An SQLite file of one kind, open for this process. Whatever goes wrong is thrown as one of the kind's errors. */
export class SqliteFile {
  readonly #kind: FileKind;
  readonly #options: FileOptions;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(kind: FileKind, options: FileOptions) {
    this.#kind = kind;
    this.#options = options;
    const { path } = options;
    if (!options.create && !existsSync(path)) raise(kind.errors.notFound, { path });
    this.#database = this.#guard(() => {
      if (options.create) mkdirSync(dirname(path), { recursive: true });
      return new DatabaseSync(path, { timeout: options.busyTimeoutMs });
    });
    try {
      this.#guard(() => this.#prepareFile());
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** All rows of a query. Values reach SQLite by binding only. */
  all<Row>(sql: string, values: readonly SQLInputValue[] = []): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** The rows of a query one by one, for those that are too many to be in memory. The same query is not begun meanwhile. */
  *each<Row>(sql: string, values: readonly SQLInputValue[] = []): Generator<Row> {
    const rows = this.#guard(() => this.#statement(sql).iterate(...values));
    for (;;) {
      const next = this.#guard(() => rows.next());
      if (next.done) return;
      yield next.value as Row;
    }
  }

  /** Runs a statement; gives how many rows it changed. */
  run(sql: string, values: readonly SQLInputValue[] = []): number {
    return this.#guard(() => Number(this.#statement(sql).run(...values).changes));
  }

  /**
   * All or nothing of what `action` writes, seen by other processes at once and durable when this returns. Within another
   * transaction it is a part of that one.
   */
  transaction<T>(action: () => T): T {
    if (this.#database.isTransaction) return action();
    this.#guard(() => this.#database.exec("BEGIN IMMEDIATE"));
    try {
      const result = action();
      this.#guard(() => this.#database.exec("COMMIT"));
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #prepareFile(): void {
    if (!this.#isOurs()) {
      if (!this.#options.create) raise(this.#kind.errors.notFound, { path: this.#options.path });
      this.#useWriteAheadLog();
      this.transaction(() => {
        if (!this.#isOurs()) this.#database.exec(`${this.#kind.tables}; ${this.#stamp()}`);
      });
    }
    // What a transaction wrote must survive a loss of power: the job does not write it again.
    this.#database.exec("PRAGMA synchronous = FULL");
    this.#database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
  }

  /** True for a file of this kind and version, false for an empty one; anything else is refused. */
  #isOurs(): boolean {
    const { applicationId, version, errors } = this.#kind;
    const { path } = this.#options;
    const found = this.#database
      .prepare(
        "SELECT application_id AS id, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id, pragma_user_version",
      )
      .get() as { id: number; version: number; tables: number };
    if (found.id === 0 && found.version === 0 && found.tables === 0) return false;
    if (found.id !== applicationId) raise(errors.unreadable, { path, reason: "it belongs to another program" });
    if (found.version !== version) raise(errors.version, { path, version: found.version, supported: version });
    return true;
  }

  #stamp(): string {
    return `PRAGMA application_id = ${this.#kind.applicationId}; PRAGMA user_version = ${this.#kind.version}`;
  }

  /** SQLite does not wait for a lock when it changes this mode, so two that make the file at once must try again. */
  #useWriteAheadLog(): void {
    const deadline = performance.now() + this.#options.busyTimeoutMs;
    for (;;) {
      try {
        this.#database.exec("PRAGMA journal_mode = WAL");
        return;
      } catch (error) {
        if (primaryCode(error) !== BUSY || performance.now() > deadline) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      const code = primaryCode(error);
      const { path, busyTimeoutMs: timeoutMs } = this.#options;
      const { errors } = this.#kind;
      const reason = messageOf(error);
      if (code === BUSY || code === LOCKED) raise(errors.busy, { path, timeoutMs }, { cause: error });
      if (code === CORRUPT || code === NOT_A_DATABASE) raise(errors.unreadable, { path, reason }, { cause: error });
      if (code !== undefined && ENVIRONMENT.has(code)) raise(errors.ioFailed, { path, reason }, { cause: error });
      if (typeof (error as NodeJS.ErrnoException).syscall === "string") {
        raise(errors.ioFailed, { path, reason }, { cause: error });
      }
      throw error;
    }
  }
}

/**
 * Rows that come by the thousand and have random keys change a page each. Within SQLite's own 2 MB such a page is written
 * before its transaction ends, and again; and with a log of 4 MB it goes to the file each time. This halves what a row costs.
 */
const CACHE_KIB = 16_384;
const LOG_PAGES = 4_000;

/** SQLite's result codes, https://sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** PERM, READONLY, IOERR, FULL, CANTOPEN, AUTH. */
const ENVIRONMENT: ReadonlySet<number> = new Set([3, 8, 10, 13, 14, 23]);

/** The primary result code of an SQLite error; undefined for any other error. */
function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}
