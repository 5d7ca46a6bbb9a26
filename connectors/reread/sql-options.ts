/** How a database is asked. */
export interface SqlOptions {
  /** Names it, for errors. */
  readonly source: string;
  /** `postgres://user:password@host:port/database` or `mariadb://…`. A secret. */
  readonly url: string;
  /** One statement that reads; `$1`, `$2` … are the parts of the key. */
  readonly query: string;
  /** For a connection and an answer together, in ms. */
  readonly timeoutMs: number;
  /** Most connections. */
  readonly connections: number;
}
