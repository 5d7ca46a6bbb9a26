import { setTimeout as sleep } from "node:timers/promises";
import mariadb from "mariadb";
import pg from "pg";
import { ConnectClient } from "../../connectors/debezium/connect/connect-client.ts";
import {
  captureStatements,
  connectorTemplate,
  filledConfig,
} from "../../connectors/debezium/connect/connector-config.ts";
import { mariaDatabase, postgresDatabase, type SqlDatabase } from "../../shop/sql/sql-database.ts";
import { mariaTables, postgresTables } from "../../shop/sql/sql-tables.ts";
import type { Endpoints } from "../../stack/endpoints.ts";
import { deleteTopics, endOffsets } from "./topics.ts";

/** The shop's two databases on running servers, each captured by a connector. */
export interface RealShop {
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
  readonly connect: ConnectClient;
  /** Names of the connectors. */
  readonly connectors: { readonly shop: string; readonly ledger: string };
  /** Prefixes of the topics, database or schema included. */
  readonly topics: { readonly shop: string; readonly ledger: string };
  /** Topics of the tables that the checks read. */
  readonly tableTopics: readonly string[];
  /** Names of these tables in each database. */
  readonly tables: { readonly shop: readonly string[]; readonly ledger: readonly string[] };
  /** Statements outside a transaction, for DDL. */
  alterShop(statement: string): Promise<void>;
  alterLedger(statement: string): Promise<void>;
  /** Creates the connectors, and waits until both have taken their snapshots and follow the logs. */
  capture(): Promise<void>;
  /** Removes connectors, databases, users and topics. */
  close(): Promise<void>;
}

/** Tables that a department has besides, by name: the statements that make each. */
export interface RealTables {
  readonly shop: Readonly<Record<string, readonly string[]>>;
  readonly ledger: Readonly<Record<string, readonly string[]>>;
}

const NO_TABLES: RealTables = { shop: {}, ledger: {} };

const PASSWORD = "of this test only";

/** Creates databases of their own with the shop's tables, and a user for each connector with just the rights it needs. */
export async function openRealShop(
  servers: Endpoints,
  name: string,
  tables: RealTables = NO_TABLES,
): Promise<RealShop> {
  const connect = new ConnectClient({ url: servers.connect.url });
  const connectors = { shop: `${name}-shop`, ledger: `${name}-ledger` };
  const shop = await openMaria(servers, name, Object.values(tables.shop).flat());
  const ledger = await openPostgres(servers, name, tables.ledger);
  const topics = { shop: `${connectors.shop}.${name}`, ledger: `${connectors.ledger}.public` };
  const names = {
    shop: ["payments", "refunds", ...Object.keys(tables.shop)],
    ledger: ["settlement_lines", "payouts", ...Object.keys(tables.ledger)],
  };
  const environment = environmentOf(servers, name, connectors);
  return {
    shop: mariaDatabase(shop.pool),
    ledger: postgresDatabase(ledger.pool),
    connect,
    connectors,
    topics,
    tableTopics: [
      ...names.shop.map((table) => `${topics.shop}.${table}`),
      ...names.ledger.map((table) => `${topics.ledger}.${table}`),
    ],
    tables: names,
    alterShop: async (statement) => void (await shop.pool.query(statement)),
    alterLedger: async (statement) => void (await ledger.pool.query(statement)),
    capture: async () => {
      const shopTables = Object.keys(tables.shop).map((table) => `${name}.${table}`);
      const ledgerTables = Object.keys(tables.ledger).map((table) => `public.${table}`);
      await connect.put(connectors.shop, capturing("mariadb", shopTables, environment));
      await connect.put(connectors.ledger, capturing("postgresql", ledgerTables, environment));
      for (const connector of Object.values(connectors)) await connect.waitRunning(connector);
      for (const prefix of Object.values(topics)) await beating(servers, `${prefix}.heartbeat`);
    },
    close: async () => {
      for (const connector of Object.values(connectors)) await connect.delete(connector);
      await shop.close();
      await ledger.close();
      const names = Object.values(connectors);
      const own = names.flatMap((prefix) => [prefix, `_schema_history.${prefix}`, `__debezium-heartbeat.${prefix}`]);
      await deleteTopics(servers.kafka.brokers, ...own);
    },
  };
}

/** The configuration that ships, with some tables more. */
function capturing(kind: "mariadb" | "postgresql", tables: readonly string[], environment: Record<string, string>) {
  const config = filledConfig(connectorTemplate(kind), environment);
  return { ...config, "table.include.list": [config["table.include.list"], ...tables].join() };
}

function environmentOf({ connect: { sees } }: Endpoints, name: string, connectors: RealShop["connectors"]) {
  return {
    SHOP_DB_HOST: sees.mariadb.host,
    SHOP_DB_PORT: String(sees.mariadb.port),
    SHOP_DB_USER: name,
    SHOP_DB_PASSWORD: PASSWORD,
    SHOP_DB_NAME: name,
    SHOP_DB_SERVER_ID: String(100_000 + Math.floor(Math.random() * 1_000_000)),
    SHOP_TOPIC_PREFIX: connectors.shop,
    LEDGER_DB_HOST: sees.postgres.host,
    LEDGER_DB_PORT: String(sees.postgres.port),
    LEDGER_DB_USER: name,
    LEDGER_DB_PASSWORD: PASSWORD,
    LEDGER_DB_NAME: name,
    LEDGER_DB_SLOT: name,
    LEDGER_TOPIC_PREFIX: connectors.ledger,
    KAFKA_BROKERS: sees.brokers,
    REGISTRY_URL: sees.registryUrl,
  };
}

async function openMaria({ mariadb: endpoint }: Endpoints, name: string, tables: readonly string[]) {
  const login = await administrator(endpoint);
  const admin = await mariadb.createConnection(login);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.query(`CREATE USER ${name}@'%' IDENTIFIED BY '${PASSWORD}'`);
  await admin.query(`USE ${name}`);
  const capturing = captureStatements("mariadb").map((text) => text.replaceAll("debezium@", `${name}@`));
  for (const statement of [...mariaTables, ...tables, ...capturing]) await admin.query(statement);
  const pool = mariadb.createPool({ ...login, database: name, connectionLimit: 6 });
  const close = async () => {
    await pool.end();
    await admin.query(`DROP DATABASE ${name}`);
    await admin.query(`DROP USER ${name}@'%'`);
    await admin.end();
  };
  return { pool, close };
}

/** Who may create databases and users: root has no password in a server that the tests start, and `cdc` in Docker. */
async function administrator({ host, port }: Endpoints["mariadb"]) {
  const withPassword = (password: string) => ({ host, port, user: "root", password });
  const isRight = async (password: string) => {
    const connection = await mariadb.createConnection(withPassword(password)).catch(() => undefined);
    await connection?.end();
    return connection !== undefined;
  };
  return withPassword((await isRight("")) ? "" : "cdc");
}

async function openPostgres({ postgres: endpoint }: Endpoints, name: string, tables: RealTables["ledger"]) {
  const { host, port, user, password, database } = endpoint;
  const admin = new pg.Client({ host, port, user, password, database });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.query(`CREATE ROLE ${name} LOGIN REPLICATION PASSWORD '${PASSWORD}'`);
  const pool = new pg.Pool({ host, port, user, password, database: name, max: 6 });
  const capturing = captureStatements("postgresql").map((text) => text.replace(/ TO debezium$/, ` TO ${name}`));
  const published = Object.keys(tables).flatMap((table) => [
    `ALTER PUBLICATION countercheck ADD TABLE ${table}`,
    `GRANT SELECT ON ${table} TO ${name}`,
  ]);
  const statements = [...postgresTables, ...Object.values(tables).flat(), ...capturing, ...published];
  for (const statement of statements) await pool.query(statement);
  const close = async () => {
    await pool.end();
    await dropSlot(admin, name);
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.query(`DROP ROLE ${name}`);
    await admin.end();
  };
  return { pool, close };
}

/** A slot is in use for a moment after its connector is gone. */
async function dropSlot(admin: pg.Client, name: string): Promise<void> {
  const drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1";
  for (let attempt = 1; ; attempt++) {
    try {
      await admin.query(drop, [name]);
      return;
    } catch (error) {
      if (attempt === 50) throw error;
    }
    await sleep(200);
  }
}

/** The first change of a heartbeat row is seen when its connector has gone over from the snapshot to the log. */
async function beating({ kafka }: Endpoints, topic: string): Promise<void> {
  const end = Date.now() + 60_000;
  while ((await endOffsets(kafka.brokers, topic)).every((offset) => offset < 2n)) {
    if (Date.now() > end) throw new Error(`${topic} has no heartbeats`);
    await sleep(300);
  }
}
