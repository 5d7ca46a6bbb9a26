import pg from "pg";
import type { Key } from "../../base/key.ts";
import { Slots } from "../../base/slots.ts";
import { asked } from "./asking.ts";
import { keyValues } from "./key-values.ts";
import { parametersOf } from "./sql.ts";
import { type SqlOptions, serverTimeoutMs } from "./sql-options.ts";
import type { TruthReader, TruthRow } from "./truth-reader.ts";

/** Asks a PostgreSQL, in transactions that cannot write. */
export class PostgresReader implements TruthReader {
  readonly #options: SqlOptions;
  readonly #pool: pg.Pool;
  readonly #parameters: number;
  readonly #slots: Slots;

  constructor(options: SqlOptions) {
    const { url, timeoutMs, connections, query } = options;
    this.#options = options;
    this.#slots = new Slots(connections);
    this.#parameters = parametersOf(query);
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connections,
      application_name: "countercheck reread",
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: serverTimeoutMs(options),
      allowExitOnIdle: true,
    });
    // One that breaks off, while nobody uses it or while it is asked, would end the process.
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => void client.on("error", () => undefined));
  }

  read(key: Key, signal: AbortSignal): Promise<readonly TruthRow[]> {
    const { source, query, timeoutMs } = this.#options;
    // Who waits for others is not late: its time begins with its turn.
    return this.#slots.run(() =>
      asked({
        ...{ source, timeoutMs, signal },
        take: () => this.#pool.connect(),
        give: (client, isBroken) => client.release(isBroken),
        ask: async (client) => {
          await client.query("BEGIN READ ONLY");
          const { rows } = await client.query<TruthRow>(query, keyValues(key).slice(0, this.#parameters));
          await client.query("ROLLBACK");
          return rows;
        },
      }),
    );
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }
}
