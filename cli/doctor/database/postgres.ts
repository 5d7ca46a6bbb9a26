import pg from "pg";
import {
  DATABASE_TIMEOUT_MS,
  type DatabaseFacts,
  type DatabaseRequest,
  type MissingGrant,
  partsOf,
  type TableFacts,
  type TableRequest,
} from "./facts.ts";

/** What a PostgreSQL says of itself. */
export interface PostgresFacts extends DatabaseFacts {
  readonly tables: readonly PostgresTable[];
  readonly walLevel: string;
  /** As SHOW gives it; `-1` for no bound, undefined before PostgreSQL 13. */
  readonly maxSlotWalKeepSize: string | undefined;
  /** Undefined where its name is not known. */
  readonly publication: Publication | undefined;
  readonly slot: Slot | undefined;
}

export interface PostgresTable extends TableFacts {
  /** `d`efault, `f`ull, by `i`ndex, `n`othing. */
  readonly identity: string;
}

/** A publication, be it there or not. */
export interface Publication {
  readonly name: string;
  readonly exists: boolean;
  readonly tables: readonly string[];
  /** Operations that it leaves out. */
  readonly omits: readonly string[];
}

/** A replication slot, be it there or not. */
export interface Slot {
  readonly name: string;
  readonly exists: boolean;
  readonly active: boolean;
  readonly behindBytes: number;
  /** `reserved`, `extended`, `unreserved`, `lost`. */
  readonly walStatus: string;
}

/** Asks a PostgreSQL, in a transaction that cannot write. Rejects with what the driver says, which never has the password. */
export async function askPostgres(url: URL, request: DatabaseRequest): Promise<PostgresFacts> {
  const client = new pg.Client({
    connectionString: url.href,
    application_name: "countercheck doctor",
    connectionTimeoutMillis: DATABASE_TIMEOUT_MS,
    query_timeout: DATABASE_TIMEOUT_MS,
    statement_timeout: DATABASE_TIMEOUT_MS,
  });
  // A connection that breaks off rejects the query; without a listener it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("BEGIN READ ONLY");
    return await factsOf(client, request);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function factsOf(client: pg.Client, request: DatabaseRequest): Promise<PostgresFacts> {
  const asked = Date.now();
  const [settings] = await rows<{ level: string; keep: string | null; now: string }>(
    client,
    "SELECT current_setting('wal_level') AS level, current_setting('max_slot_wal_keep_size', true) AS keep, extract(epoch FROM clock_timestamp())::text AS now",
  );
  const clockAheadSeconds = Number(settings!.now) - (asked + Date.now()) / 2_000;
  const tables: PostgresTable[] = [];
  for (const table of request.tables) tables.push(await tableOf(client, table));
  return {
    walLevel: settings!.level,
    maxSlotWalKeepSize: settings!.keep ?? undefined,
    clockAheadSeconds,
    tables,
    publication: request.publication === undefined ? undefined : await publicationOf(client, request.publication),
    slot: request.slot === undefined ? undefined : await slotOf(client, request.slot),
    missingGrants: await missingGrantsOf(client, request.connectorUser, tables),
  };
}

async function tableOf(client: pg.Client, table: TableRequest): Promise<PostgresTable> {
  const [row] = await rows<{ identity: string; keyed: boolean }>(
    client,
    `SELECT c.relreplident AS identity, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS keyed
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
    partsOf(table.name),
  );
  return {
    ...table,
    exists: row !== undefined,
    hasPrimaryKey: row?.keyed ?? false,
    identity: row?.identity ?? "f",
  };
}

async function publicationOf(client: pg.Client, name: string): Promise<Publication> {
  const [row] = await rows<Record<string, boolean>>(
    client,
    "SELECT pubinsert AS insert, pubupdate AS update, pubdelete AS delete, pubtruncate AS truncate FROM pg_publication WHERE pubname = $1",
    [name],
  );
  const published = await rows<{ table: string }>(
    client,
    `SELECT schemaname || '.' || tablename AS "table" FROM pg_publication_tables WHERE pubname = $1`,
    [name],
  );
  const omits = Object.entries(row ?? {}).flatMap(([operation, is]) => (is ? [] : [operation]));
  return { name, exists: row !== undefined, tables: published.map(({ table }) => table), omits };
}

async function slotOf(client: pg.Client, name: string): Promise<Slot> {
  const [row] = await rows<{ active: boolean; behind: string | null; status: string | null }>(
    client,
    `SELECT active, wal_status AS status,
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - restart_lsn)::text AS behind
     FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  );
  return {
    name,
    exists: row !== undefined,
    active: row?.active ?? false,
    behindBytes: Number(row?.behind ?? 0),
    walStatus: row?.status ?? "reserved",
  };
}

async function missingGrantsOf(
  client: pg.Client,
  connectorUser: string | undefined,
  tables: readonly PostgresTable[],
): Promise<MissingGrant[]> {
  if (connectorUser === undefined) return [];
  const [role] = await rows<{ user: string; replicates: boolean }>(
    client,
    "SELECT rolname AS user, rolreplication OR rolsuper AS replicates FROM pg_roles WHERE rolname = $1",
    [connectorUser],
  );
  if (role === undefined) return [];
  const { user } = role;
  const found: MissingGrant[] = [];
  if (!role.replicates) {
    const consequence = "The connector cannot read the log: no change is ever seen.";
    found.push({ user, privilege: "REPLICATION", where: "", consequence, sql: `ALTER ROLE ${user} REPLICATION;` });
  }
  for (const { name, isHeartbeat, exists } of tables) {
    if (!exists) continue;
    for (const privilege of isHeartbeat ? ["SELECT", "INSERT", "UPDATE"] : ["SELECT"]) {
      const sql = "SELECT has_table_privilege($1, to_regclass($2), $3) AS has";
      const identifier = partsOf(name)
        .map((part) => `"${part}"`)
        .join(".");
      const [row] = await rows<{ has: boolean }>(client, sql, [user, identifier, privilege]);
      if (row!.has) continue;
      const grant = `GRANT ${privilege} ON ${name} TO ${user};`;
      found.push({ user, privilege, where: ` on ${name}`, consequence: CONSEQUENCES[privilege]!, sql: grant });
    }
  }
  return found;
}

const HEARTBEAT_FAILS = "heartbeat.action.query fails: the source's frontier stands still while its tables are quiet.";
const CONSEQUENCES: Readonly<Record<string, string>> = {
  SELECT: "The connector cannot read the table's state at its start: it stops, or rows from before are unknown.",
  INSERT: HEARTBEAT_FAILS,
  UPDATE: HEARTBEAT_FAILS,
};

async function rows<T>(client: pg.Client, sql: string, values: readonly unknown[] = []): Promise<T[]> {
  return (await client.query(sql, [...values])).rows as T[];
}
