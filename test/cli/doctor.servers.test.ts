import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Admin } from "@platformatic/kafka";
import mariadb from "mariadb";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Finding } from "../../cli/doctor/finding.ts";
import { openRealShop, type RealShop } from "../real/real-shop.ts";
import { deleteTopics, endOffsets } from "../real/topics.ts";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { layState } from "../support/run-state.ts";
import { alterTopic, forgetRecords } from "../support/topic-admin.ts";

const servers = inject("servers");
const { brokers } = servers.kafka;
const name = `doctor${Date.now() % 1_000_000}`;
const folder = new TemporaryFolder();
let shop: RealShop;
/** What a test's own settings were before, by connector. */
const settings: Record<string, Readonly<Record<string, string>>> = {};

beforeAll(async () => {
  shop = await openRealShop(servers, name);
  const { payments, lines } = { payments: "INSERT INTO payments", lines: "INSERT INTO settlement_lines" };
  await shop.capture();
  await shop.alterShop(
    `${payments} (payment_id, merchant_id, amount, currency, status, captured_at) VALUES (1, 1, 10, 'EUR', 'captured', NOW(3))`,
  );
  await shop.alterShop(
    "INSERT INTO refunds (payment_id, kind, amount, currency, status) VALUES (1, 'refund', 1, 'EUR', 'failed')",
  );
  await shop.alterLedger(`${lines} VALUES ('b1', 1, 1, 'capture', 9, 1, 'EUR', now())`);
  await shop.alterLedger("INSERT INTO payouts VALUES (1, 'b1', 9, 'EUR', 'paid', now())");
  for (const connector of Object.values(shop.connectors)) settings[connector] = await shop.connect.config(connector);
  for (const topic of shop.tableTopics)
    await vi.waitFor(async () => expect((await endOffsets(brokers, topic)).some((end) => end > 0n)).toBe(true), {
      timeout: 30_000,
      interval: 300,
    });
});

afterAll(async () => {
  await shop?.close();
  await deleteTopics(brokers, `${name}.`);
  folder[Symbol.dispose]();
});

describe("countercheck doctor over real servers", () => {
  it("finds no problem where the connectors are configured as the project's files do", async () => {
    const { code, findings } = await examine();
    expect(findings.filter(({ level }) => level === "problem")).toEqual([]);
    expect(code).toBe(0);
    const says = findings.map(({ about, says }) => `${about}: ${says}`).join("\n");
    expect(says).toMatch(/connector doctor\d+-shop: it runs/);
    expect(says).toContain("database of ledger: ");
    expect(says).toContain("model SettlementLine: can be read from ledger.settlement_lines");
    expect(says).toContain("state: ");
  });

  it("sees what a table of PostgreSQL lacks, with the statement that mends it", async () => {
    const table = "public.settlement_lines";
    const damages = {
      POSTGRES_IDENTITY_DEFAULT: `ALTER TABLE ${table} REPLICA IDENTITY DEFAULT`,
      POSTGRES_IDENTITY_NOTHING: `ALTER TABLE ${table} REPLICA IDENTITY NOTHING`,
      POSTGRES_TABLE_NOT_PUBLISHED: `ALTER PUBLICATION countercheck DROP TABLE ${table}`,
      POSTGRES_PUBLICATION_PARTIAL: "ALTER PUBLICATION countercheck SET (publish = 'insert, update')",
      DATABASE_GRANT_MISSING: `REVOKE INSERT ON public.heartbeat FROM ${name}`,
    };
    for (const [code, damage] of Object.entries(damages)) {
      await shop.alterLedger(damage);
      const { remedy } = await expectFound(code);
      await shop.alterLedger(remedy!);
    }
    const { codes } = await examine();
    for (const code of Object.keys(damages)) expect(codes).not.toContain(code);
  });

  it("sees what the connector's user of MariaDB lacks", async () => {
    const mend = `GRANT INSERT, UPDATE ON ${name}.heartbeat TO '${name}'@'%';`;
    await asAdmin(`REVOKE INSERT, UPDATE ON ${name}.heartbeat FROM '${name}'@'%'`);
    const found = await expectFound("DATABASE_GRANT_MISSING");
    expect(found.remedy).toBe(mend);
    await asAdmin(mend);
    await expectGone("DATABASE_GRANT_MISSING");
  });

  it("sees tables, keys and a heartbeat table that are not there", async () => {
    await shop.alterLedger("ALTER TABLE settlement_lines RENAME TO lines");
    await expectFound("DATABASE_TABLE_MISSING");
    await shop.alterLedger("ALTER TABLE lines RENAME TO settlement_lines");
    await shop.alterLedger("ALTER TABLE settlement_lines DROP CONSTRAINT settlement_lines_pkey");
    await expectFound("DATABASE_NO_PRIMARY_KEY");
    await shop.alterLedger("ALTER TABLE settlement_lines ADD PRIMARY KEY (batch_id, line_no)");
    const { codes } = await examine();
    expect(codes).not.toContain("DATABASE_TABLE_MISSING");
    expect(codes).not.toContain("DATABASE_NO_PRIMARY_KEY");
  });

  it("sees what is wrong with a connector's settings, all of it at once", async () => {
    const connector = shop.connectors.shop;
    const { "skipped.operations": _, ...rest } = settings[connector]!;
    await shop.connect.put(connector, {
      ...rest,
      "heartbeat.interval.ms": "0",
      "heartbeat.action.query": "",
      "decimal.handling.mode": "double",
      "time.precision.mode": "connect",
      "table.include.list": `${name}.payments`,
      "message.key.columns": `${name}.payments:payment_id`,
      "event.processing.failure.handling.mode": "warn",
      "errors.tolerance": "all",
      "snapshot.mode": "no_data",
      "tombstones.on.delete": "false",
      "provide.transaction.metadata": "false",
      "producer.override.acks": "1",
      "value.converter": "org.apache.kafka.connect.json.JsonConverter",
      transforms: "flat",
      "transforms.flat.type": "io.debezium.transforms.ExtractNewRecordState",
    });
    const { codes, code } = await examine();
    expect(code).toBe(1);
    expect(codes).toEqual(expect.arrayContaining(CONNECTOR_DEFECTS));
    await shop.connect.put(connector, settings[connector]!);
    await shop.connect.waitRunning(connector);
    const mended = await examine();
    for (const defect of CONNECTOR_DEFECTS) expect(mended.codes).not.toContain(defect);
  });

  it("sees a connector that is stopped, and the slot that nobody reads", async () => {
    const { ledger } = shop.connectors;
    await shop.connect.stop(ledger);
    await expect.poll(async () => (await examine()).codes).toContain("POSTGRES_SLOT_IDLE");
    const found = await expectFound("CONNECTOR_NOT_RUNNING");
    expect(found.says).toBe("it is STOPPED");
    await forgetRecords(brokers, `${shop.topics.ledger}.heartbeat`);
    await expectFound("HEARTBEAT_SILENT");
    await shop.connect.resume(ledger);
    await expect.poll(async () => (await examine()).codes).not.toContain("POSTGRES_SLOT_IDLE");
    const { codes } = await examine();
    for (const code of ["CONNECTOR_NOT_RUNNING", "HEARTBEAT_SILENT"]) expect(codes).not.toContain(code);
  });

  it("says why a task has failed, without a password", async () => {
    const { shop: connector } = shop.connectors;
    await shop.connect.put(connector, {
      ...settings[connector]!,
      "schema.history.internal.kafka.topic": `none.${name}`,
    });
    await expect.poll(async () => (await examine()).stdout, { timeout: 60_000 }).toContain("task 0 is FAILED: ");
    const { stdout } = await examine();
    expect(stdout).toContain("CONNECTOR_NOT_RUNNING");
    expect(stdout).not.toContain(settings[connector]!["database.password"]);
    await shop.connect.put(connector, settings[connector]!);
    await shop.connect.restart(connector);
    // For a moment Connect still tells of the failure.
    await vi.waitFor(() => shop.connect.waitRunning(connector), { timeout: 60_000, interval: 300 });
    await expectGone("CONNECTOR_NOT_RUNNING");
  });

  it("sees topics that do not keep what a run needs", async () => {
    const topic = `${shop.topics.shop}.payments`;
    await alterTopic(brokers, topic, {
      "retention.ms": "3600000",
      "retention.bytes": "1000000",
      "cleanup.policy": "compact,delete",
    });
    const { findings, codes } = await examine();
    expect(codes).toEqual(expect.arrayContaining(["TOPIC_RETENTION_SHORT", "TOPIC_ENDS_BY_SIZE", "TOPIC_COMPACTED"]));
    const short = findings.find(({ code }) => code === "TOPIC_RETENTION_SHORT");
    expect(short?.says).toContain("keeps changes for 1h, but payment-settlement waits up to 6d");
    await alterTopic(brokers, topic, {
      "retention.ms": "604800000",
      "retention.bytes": "-1",
      "cleanup.policy": "delete",
    });
    await alterTopic(brokers, topic, { "compression.type": "gzip" });
    await expectFound("TOPIC_UNCOMPRESSED");
    await alterTopic(brokers, topic, { "compression.type": "producer" });
    const mended = await examine();
    for (const code of ["TOPIC_RETENTION_SHORT", "TOPIC_ENDS_BY_SIZE", "TOPIC_COMPACTED", "TOPIC_UNCOMPRESSED"])
      expect(mended.codes).not.toContain(code);
  });

  it("sees that a run would go on where nothing is left", async () => {
    const topic = `${shop.topics.shop}.payments`;
    const ends = await endOffsets(brokers, topic);
    const partition = ends.findIndex((end) => end > 0n);
    await layState(state(), `${topic}/${partition}`, 0);
    await expectGone("OFFSETS_GONE");
    await forgetRecords(brokers, topic);
    const { says } = await expectFound("OFFSETS_GONE");
    expect(says).toBe(`the run would go on at offset 0 of ${topic}/${partition}, whose log begins at 1 and ends at 1`);
    await layState(state(), `${topic}/${partition}`, 1);
    await expectGone("OFFSETS_GONE");
  });

  it("looks at where results go, and at what is written there under another contract", async () => {
    await expectFound("RESULTS_TOPICS_MISSING");
    const admin = new Admin({ clientId: name, bootstrapBrokers: [...servers.kafka.brokers] });
    await admin.createTopics({ topics: [`${name}.markers`], partitions: 2, replicas: 1 });
    await expectFound("RESULTS_MARKERS_WRONG");
    await admin.deleteTopics({ topics: [`${name}.markers`] });
    await admin.close();
    await expectGone("RESULTS_MARKERS_WRONG");
    await expectGone("CONTRACT_UNREADABLE");
    const response = await fetch(`${servers.registry.url}/subjects/${name}.verdicts-value/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: '{"type":"record","name":"Other","fields":[{"name":"a","type":"int"}]}' }),
    });
    expect(response.status).toBe(200);
    await expectFound("CONTRACT_UNREADABLE");
  });

  it("sees that HBase has no table for the evidence, until it is made", async () => {
    const table = `${name}_evidence`;
    const config = { ...configuration(), snapshots: { hbase: { url: servers.hbase.url, table } } };
    expect((await examine(config)).codes).toContain("SNAPSHOTS_UNFIT");
    const made = await countercheck(["snapshots", "create-table", "--config", "config.json"], { cwd: folder.path });
    expect(made).toMatchObject({ code: 0 });
    const { codes, findings } = await examine(config);
    expect(codes).not.toContain("SNAPSHOTS_UNFIT");
    expect(findings.find(({ about }) => about === "snapshots")?.says).toContain(`table ${table} is there`);
    await fetch(`${servers.hbase.url}/${table}/schema`, { method: "DELETE" });
  });

  it("names what it cannot reach, and what it looked for", async () => {
    const config = configuration();
    const { ledger } = config.sources;
    const { codes, findings } = await examine({
      ...config,
      sources: {
        shop: {
          ...config.sources.shop,
          tables: { payments: { topic: "misspelt.payments" } },
          connector: { url: "http://127.0.0.1:1", name: "x" },
        },
        ledger: {
          ...ledger,
          connector: { ...ledger.connector, name: "nobody" },
          database: { url: "$" + "{env:WRONG_URL}" },
        },
      },
      snapshots: { hbase: { url: servers.hbase.url, table: `${name}_none` } },
    });
    expect(codes).toEqual(
      expect.arrayContaining([
        "TOPIC_MISSING",
        "CONNECT_UNREACHABLE",
        "CONNECTOR_MISSING",
        "DATABASE_UNREACHABLE",
        "SNAPSHOTS_UNFIT",
      ]),
    );
    expect(findings.find(({ code }) => code === "TOPIC_MISSING")?.says).toContain(`${shop.topics.shop}.payments`);
    expect(JSON.stringify(findings)).not.toContain("wrong-password");
  });

  it("says so where there is no broker", async () => {
    const { code, codes } = await examine({ ...configuration(), kafka: { brokers: ["127.0.0.1:1"] } });
    expect(code).toBe(1);
    expect(codes).toContain("KAFKA_UNREACHABLE");
  });
});

const CONNECTOR_DEFECTS = [
  "CONNECTOR_DECIMALS_INEXACT",
  "CONNECTOR_HEARTBEAT_NOT_CAPTURED",
  "CONNECTOR_HEARTBEAT_OFF",
  "CONNECTOR_HEARTBEAT_QUERY_MISSING",
  "CONNECTOR_KEY_COLUMNS",
  "CONNECTOR_LOSES_RECORDS",
  "CONNECTOR_NOT_AVRO",
  "CONNECTOR_NO_SEED",
  "CONNECTOR_NO_TOMBSTONES",
  "CONNECTOR_NO_TRANSACTIONS",
  "CONNECTOR_SKIPS_TRUNCATE",
  "CONNECTOR_TABLE_NOT_CAPTURED",
  "CONNECTOR_TIMES_COARSE",
  "CONNECTOR_UNWRAPS",
  "CONNECTOR_WEAK_ACKS",
];

function configuration() {
  const source = (kind: string, topics: string, tables: readonly string[], connector: string, url: string) => ({
    kind,
    kafka: { start: "earliest" },
    tables: Object.fromEntries(tables.map((table) => [table, { topic: `${topics}.${table}` }])),
    heartbeat: { table: "heartbeat", topic: `${topics}.heartbeat` },
    connector: { url: servers.connect.url, name: connector },
    database: { url: `\${env:${url}}` },
  });
  return {
    kafka: { brokers: servers.kafka.brokers },
    sources: {
      shop: source("mariadb", shop.topics.shop, ["payments", "refunds"], shop.connectors.shop, "SHOP_URL"),
      ledger: source(
        "postgresql",
        shop.topics.ledger,
        ["settlement_lines", "payouts"],
        shop.connectors.ledger,
        "LEDGER_URL",
      ),
    },
    registry: { url: servers.registry.url },
    results: { kafka: { prefix: `${name}.` } },
    output: "out",
  };
}

const state = () => join(folder.path, "out/state");

async function examine(config: object = configuration()) {
  writeFileSync(join(folder.path, "config.json"), JSON.stringify(config));
  const job = join(root, "jobs/payment-settlement");
  const url = (kind: string, { host, port }: { host: string; port: number }, connector: string) =>
    `${kind}://${name}:${encodeURIComponent(settings[connector]!["database.password"]!)}@${host}:${port}/${name}`;
  const env = {
    SHOP_URL: url("mariadb", servers.mariadb, shop.connectors.shop),
    LEDGER_URL: url("postgres", servers.postgres, shop.connectors.ledger),
    WRONG_URL: `postgres://${name}:wrong-password@${servers.postgres.host}:${servers.postgres.port}/${name}`,
  };
  const result = await countercheck(["doctor", "--config", "config.json", "--job", job, "--json"], {
    cwd: folder.path,
    env,
  });
  if (result.stdout === "") throw new Error(result.stderr);
  const findings: Finding[] = JSON.parse(result.stdout);
  return { ...result, findings, codes: findings.flatMap(({ code }) => code ?? []) };
}

async function expectFound(code: string): Promise<Finding> {
  const { findings } = await examine();
  const found = findings.find((finding) => finding.code === code);
  if (found === undefined) throw new Error(`no ${code} among ${JSON.stringify(findings, null, 1)}`);
  return found;
}

async function expectGone(code: string): Promise<void> {
  expect((await examine()).codes).not.toContain(code);
}

async function asAdmin(statement: string): Promise<void> {
  const { host, port, user, password } = servers.mariadb;
  const connection = await mariadb.createConnection({ host, port, user, password });
  await connection.query(statement).finally(() => connection.end());
}
