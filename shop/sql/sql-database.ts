import type { Pool as MariaPool } from "mariadb";
import type { Pool as PostgresPool } from "pg";

/** What a statement is given; points in time and decimals are text. */
export type SqlValue = string | number | bigint | null;

/** A row as its driver gives it. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** One open transaction. */
export interface SqlTransaction {
  /** Runs a statement in the database's own dialect (`?` or `$1`), and gives the rows that it returns. */
  run(statement: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** A database that the shop writes to. What a driver throws is passed on. */
export interface SqlDatabase {
  /** Runs `work` in a transaction and commits it, or rolls it back where `work` rejects. */
  commit<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction and rolls it back. */
  rollback(work: (transaction: SqlTransaction) => Promise<void>): Promise<void>;
}

/** A MariaDB behind a pool, which stays the caller's. */
export function mariaDatabase(pool: MariaPool): SqlDatabase {
  return database(async () => {
    const connection = await pool.getConnection();
    const run = async (statement: string, values: readonly SqlValue[] = []) => {
      const rows: unknown = await connection.query(statement, [...values]);
      return Array.isArray(rows) ? (rows as SqlRow[]) : [];
    };
    return { run, release: () => connection.release() };
  });
}

/** A PostgreSQL behind a pool, which stays the caller's. */
export function postgresDatabase(pool: PostgresPool): SqlDatabase {
  return database(async () => {
    const client = await pool.connect();
    const run = async (statement: string, values: readonly SqlValue[] = []) => {
      return (await client.query(statement, [...values])).rows as SqlRow[];
    };
    return { run, release: async () => client.release() };
  });
}

interface Connection extends SqlTransaction {
  release(): Promise<void>;
}

function database(connect: () => Promise<Connection>): SqlDatabase {
  const within = async <T>(work: (transaction: SqlTransaction) => Promise<T>, end: "COMMIT" | "ROLLBACK") => {
    const connection = await connect();
    try {
      await connection.run("BEGIN");
      const result = await work(connection);
      await connection.run(end);
      return result;
    } catch (error) {
      // What went wrong first is what counts; a connection that is gone has rolled back already.
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    } finally {
      await connection.release();
    }
  };
  return { commit: (work) => within(work, "COMMIT"), rollback: (work) => within(work, "ROLLBACK") };
}
