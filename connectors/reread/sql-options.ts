/**
 * The time of a statement at the server, in ms, where what nobody waits for would go on. It is over after ours: MariaDB lets
 * some statements answer when theirs is over, as if all were well.
 */
export function serverTimeoutMs({ timeoutMs }: SqlOptions): number {
  return timeoutMs * 1.5;
}

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
