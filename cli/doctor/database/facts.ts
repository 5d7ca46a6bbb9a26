/** What a database says of itself, as far as a connector needs it. */
export interface DatabaseFacts {
  /** Its clock minus this machine's, in seconds. */
  readonly clockAheadSeconds: number;
  readonly tables: readonly TableFacts[];
  /** What the user of the connector lacks; empty where that cannot be told. */
  readonly missingGrants: readonly MissingGrant[];
}

/** A table that the configuration binds. */
export interface TableFacts {
  /** `database.table` or `schema.table`. */
  readonly name: string;
  readonly isHeartbeat: boolean;
  /** A model has it `before: full`. */
  readonly needsBefore: boolean;
  readonly exists: boolean;
  readonly hasPrimaryKey: boolean;
}

/** A right that a connector cannot do without. */
export interface MissingGrant {
  readonly user: string;
  readonly privilege: string;
  readonly where: string;
  readonly consequence: string;
  readonly sql: string;
}

/** A table that the configuration binds, by the database's own name. */
export type TableRequest = Pick<TableFacts, "name" | "isHeartbeat" | "needsBefore">;

/** What is asked of a database. */
export interface DatabaseRequest {
  /** Tables that the source binds. */
  readonly tables: readonly TableRequest[];
  /** The user that the connector logs in as, where it is known. */
  readonly connectorUser?: string | undefined;
  readonly publication?: string | undefined;
  readonly slot?: string | undefined;
}

/** How long a database may take for its connection, and for each answer. */
export const DATABASE_TIMEOUT_MS = 5_000;

/** A qualified name in its two parts. */
export function partsOf(name: string): readonly [outer: string, table: string] {
  const at = name.lastIndexOf(".");
  return [name.slice(0, Math.max(at, 0)), name.slice(at + 1)];
}
