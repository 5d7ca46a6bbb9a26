import { createPool, type Pool } from "mariadb";
import type { Key } from "../../base/key.ts";
import { Slots } from "../../base/slots.ts";
import { asked } from "./asking.ts";
import { keyValues } from "./key-values.ts";
import { withQuestionMarks } from "./sql.ts";
import { type SqlOptions, serverTimeoutMs } from "./sql-options.ts";
import type { TruthReader, TruthRow } from "./truth-reader.ts";

/** Asks a MariaDB, in transactions that cannot write. */
export class MariadbReader implements TruthReader {
  readonly #options: SqlOptions;
  readonly #pool: Pool;
  readonly #slots: Slots;
  readonly #sql: string;
  readonly #places: readonly number[];

  constructor(options: SqlOptions) {
    const { url, timeoutMs, connections, query } = options;
    this.#options = options;
    const { sql, places } = withQuestionMarks(query);
    this.#slots = new Slots(connections);
    this.#sql = sql;
    this.#places = places;
    const address = new URL(url);
    this.#pool = createPool({
      host: address.hostname,
      port: Number(address.port || 3306),
      user: decodeURIComponent(address.username),
      password: decodeURIComponent(address.password),
      ...(address.searchParams.get("ssl") === "true" && { ssl: true }),
      ...(address.pathname.length > 1 && { database: address.pathname.slice(1) }),
      connectionLimit: connections,
      minimumIdle: 0,
      initializationTimeout: timeoutMs,
      acquireTimeout: timeoutMs,
      connectTimeout: timeoutMs,
      initSql: `SET SESSION max_statement_time = ${serverTimeoutMs(options) / 1_000}`,
      bigIntAsNumber: false,
      decimalAsNumber: false,
    });
  }

  read(key: Key, signal: AbortSignal): Promise<readonly TruthRow[]> {
    const { source, timeoutMs } = this.#options;
    const values = keyValues(key);
    // Who waits for others is not late: its time begins with its turn.
    return this.#slots.run(() =>
      asked({
        ...{ source, timeoutMs, signal },
        take: () => this.#pool.getConnection(),
        give: (connection, isBroken) => (isBroken ? connection.destroy() : void connection.release()),
        ask: async (connection) => {
          await connection.query("START TRANSACTION READ ONLY");
          const rows = await connection.query<TruthRow[]>(
            this.#sql,
            this.#places.map((place) => values[place]),
          );
          await connection.query("ROLLBACK");
          return rows;
        },
      }),
    );
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }
}
