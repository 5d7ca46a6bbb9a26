import { type Connection, createConnection } from "mariadb";
import {
  DATABASE_TIMEOUT_MS,
  type DatabaseFacts,
  type DatabaseRequest,
  type MissingGrant,
  partsOf,
  type TableFacts,
} from "./facts.ts";

/** What a MariaDB says of itself. */
export interface MariadbFacts extends DatabaseFacts {
  /** Server variables by name, as SHOW VARIABLES gives them. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Asks a MariaDB; reads only. Rejects with what the driver says, which may name the user, never the password. */
export async function askMariadb(url: URL, request: DatabaseRequest): Promise<MariadbFacts> {
  const connection = await createConnection({
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    ...(url.searchParams.get("ssl") === "true" ? { ssl: true } : {}),
    connectTimeout: DATABASE_TIMEOUT_MS,
    socketTimeout: DATABASE_TIMEOUT_MS,
  });
  try {
    return {
      variables: await variablesOf(connection),
      clockAheadSeconds: await clockAheadOf(connection),
      tables: await tablesOf(connection, request),
      missingGrants: await missingGrantsOf(connection, request),
    };
  } finally {
    connection.destroy();
  }
}

const VARIABLES = [
  "log_bin",
  "binlog_format",
  "binlog_row_image",
  "binlog_row_metadata",
  "binlog_expire_logs_seconds",
  "expire_logs_days",
  "gtid_strict_mode",
  "time_zone",
  "system_time_zone",
];

async function variablesOf(connection: Connection): Promise<Record<string, string>> {
  const marks = VARIABLES.map(() => "?").join();
  const sql = `SHOW GLOBAL VARIABLES WHERE variable_name IN (${marks})`;
  const rows: { Variable_name: string; Value: string }[] = await connection.query(sql, VARIABLES);
  return Object.fromEntries(rows.map(({ Variable_name, Value }) => [Variable_name.toLowerCase(), Value]));
}

async function clockAheadOf(connection: Connection): Promise<number> {
  const asked = Date.now();
  const [row]: { now: string }[] = await connection.query("SELECT CAST(UNIX_TIMESTAMP(NOW(3)) AS CHAR) AS now");
  return Number(row!.now) - (asked + Date.now()) / 2_000;
}

async function tablesOf(connection: Connection, { tables }: DatabaseRequest): Promise<TableFacts[]> {
  const found: TableFacts[] = [];
  for (const table of tables) {
    const sql =
      "SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?) > 0 AS present, " +
      "(SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? AND index_name = 'PRIMARY') > 0 AS keyed";
    const parts = partsOf(table.name);
    const [row]: { present: number; keyed: number }[] = await connection.query(sql, [...parts, ...parts]);
    found.push({ ...table, exists: Number(row!.present) === 1, hasPrimaryKey: Number(row!.keyed) === 1 });
  }
  return found;
}

/** Only the rights of the asking user can be read by everyone; they say something where the connector uses the same. */
async function missingGrantsOf(
  connection: Connection,
  { connectorUser, tables }: DatabaseRequest,
): Promise<MissingGrant[]> {
  const [me]: { me: string }[] = await connection.query("SELECT CURRENT_USER() AS me");
  const user = me!.me.slice(0, me!.me.lastIndexOf("@"));
  if (connectorUser !== user) return [];
  const grants: Record<string, string>[] = await connection.query("SHOW GRANTS");
  const heartbeat = tables.find(({ isHeartbeat }) => isHeartbeat)?.name;
  return missingGrants(
    me!.me,
    grants.flatMap((grant) => Object.values(grant)),
    heartbeat,
  );
}

const NEEDED: readonly { names: readonly string[]; consequence: string }[] = [
  { names: ["REPLICATION SLAVE"], consequence: "The connector cannot read the binary log: no change is ever seen." },
  {
    names: ["BINLOG MONITOR", "REPLICATION CLIENT"],
    consequence: "The connector cannot tell where the binary log ends, and does not start.",
  },
  {
    names: ["SELECT"],
    consequence: "The connector cannot read the tables' state at its start: rows from before are unknown.",
  },
];

/** What a user's grants, as SHOW GRANTS gives them, lack for a connector. */
export function missingGrants(user: string, grants: readonly string[], heartbeat: string | undefined): MissingGrant[] {
  const parsed = grants.flatMap(parseGrant);
  const has = (privilege: string, on: readonly string[]) =>
    parsed.some(
      ({ privileges, where }) => on.includes(where) && (privileges.has(privilege) || privileges.has("ALL PRIVILEGES")),
    );
  const [outer, table] = partsOf(heartbeat ?? "");
  const all = outer === "" ? [] : ["*.*", `${outer}.*`, `${outer}.${table}`];
  const anywhere = parsed.map(({ where }) => where);
  const found = NEEDED.filter(
    ({ names }) => !names.some((name) => has(name, name === "SELECT" ? anywhere : ["*.*"])),
  ).map(({ names, consequence }) => {
    const sql = `GRANT ${names[0]} ON *.* TO ${quoted(user)};`;
    return { user, privilege: names[0]!, where: " on *.*", consequence, sql };
  });
  if (heartbeat === undefined || (has("INSERT", all) && has("UPDATE", all))) return found;
  const consequence = "heartbeat.action.query fails: the source's frontier stands still while its tables are quiet.";
  const sql = `GRANT INSERT, UPDATE ON ${heartbeat} TO ${quoted(user)};`;
  return [...found, { user, privilege: "INSERT, UPDATE", where: ` on ${heartbeat}`, consequence, sql }];
}

function parseGrant(text: string): { privileges: Set<string>; where: string }[] {
  const [, privileges, where] = /^GRANT (.+?) ON (\S+) TO /.exec(text) ?? [];
  if (privileges === undefined || where === undefined) return [];
  return [{ privileges: new Set(privileges.split(", ")), where: where.replaceAll("`", "") }];
}

function quoted(user: string): string {
  const at = user.lastIndexOf("@");
  return `'${user.slice(0, at)}'@'${user.slice(at + 1)}'`;
}
