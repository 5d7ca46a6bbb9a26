import { Admin, Consumer } from "@platformatic/kafka";
import { createConnection } from "mariadb";
import { Client } from "pg";
import { describe, expect, inject, it } from "vitest";
import { ask } from "./probes.ts";

const servers = inject("servers");

describe("the servers of the stack", () => {
  it("kafka makes a topic, and lists it", async () => {
    await withAdmin((admin) => admin.createTopics({ topics: ["stack.topic"], partitions: 2, replicas: 1 }));
    expect(await topics()).toContain("stack.topic");
    await withAdmin((admin) => admin.deleteTopics({ topics: ["stack.topic"] }));
  });

  it("the registry gives back by its id what was registered", async () => {
    const schema = JSON.stringify({ type: "record", name: "Stack", fields: [{ name: "id", type: "long" }] });
    const { id } = await json(`${servers.registry.url}/subjects/stack-value/versions`, "POST", { schema });
    expect(await json(`${servers.registry.url}/schemas/ids/${id}`)).toMatchObject({ schema });
  });

  it("connect has Debezium's connectors for both databases, and the Avro converter", async () => {
    const plugins = await json(`${servers.connect.url}/connector-plugins?connectorsOnly=false`);
    expect(plugins.map((plugin: { class: string }) => plugin.class)).toEqual(
      expect.arrayContaining([
        "io.debezium.connector.mariadb.MariaDbConnector",
        "io.debezium.connector.postgresql.PostgresConnector",
        "io.apicurio.registry.utils.converter.AvroConverter",
      ]),
    );
  });

  it("connect writes a row of a database to kafka, in Avro, with an id that the registry knows", async () => {
    const { connect, postgres } = servers;
    const client = new Client(postgres);
    await client.connect();
    await client.query("create table stack_captured (id bigint primary key)");
    await client.query("insert into stack_captured values (7)");
    await json(`${connect.url}/connectors/stack/config`, "PUT", {
      "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
      "database.hostname": connect.sees.postgres.host,
      "database.port": String(connect.sees.postgres.port),
      "database.user": postgres.user,
      "database.password": postgres.password,
      "database.dbname": postgres.database,
      "plugin.name": "pgoutput",
      "slot.name": "stack_captured",
      "publication.name": "stack_captured",
      "publication.autocreate.mode": "filtered",
      "slot.drop.on.stop": "true",
      "table.include.list": "public.stack_captured",
      "topic.prefix": "stack",
      "topic.creation.default.replication.factor": "1",
      "topic.creation.default.partitions": "1",
      "value.converter": "io.apicurio.registry.utils.converter.AvroConverter",
      "value.converter.apicurio.registry.url": connect.sees.registryUrl,
      "value.converter.apicurio.registry.auto-register": "true",
      "value.converter.apicurio.registry.as-confluent": "true",
      "value.converter.apicurio.registry.use-id": "contentId",
      "value.converter.apicurio.registry.headers.enabled": "false",
    });
    await expect.poll(topics, { timeout: 60_000, interval: 500 }).toContain("stack.public.stack_captured");
    const value = await firstValue("stack.public.stack_captured");
    expect(value.readUInt8(0)).toBe(0);
    const { schema } = await json(`${servers.registry.url}/schemas/ids/${value.readUInt32BE(1)}`);
    expect(JSON.parse(schema)).toMatchObject({ name: "Envelope", namespace: "stack.public.stack_captured" });
    await json(`${connect.url}/connectors/stack`, "DELETE");
    await client.query("drop table stack_captured");
    await client.query("drop publication stack_captured");
    await client.end();
  });

  it("mariadb writes whole rows with their columns' names to its binary log", async () => {
    const connection = await createConnection(servers.mariadb);
    const [settings] = await connection.query(
      "select @@version v, @@log_bin bin, @@binlog_format format, @@binlog_row_image image, @@binlog_row_metadata metadata",
    );
    await connection.query("create table stack_rows (id int primary key)");
    await connection.query("insert into stack_rows values (7)");
    expect(await connection.query("select id from stack_rows")).toEqual([{ id: 7 }]);
    await connection.query("drop table stack_rows");
    await connection.end();
    expect(settings).toMatchObject({ bin: 1n, format: "ROW", image: "FULL", metadata: "FULL" });
    expect(settings.v).toMatch(/^10\.11\./);
  });

  it("postgres decodes its log", async () => {
    const client = new Client(servers.postgres);
    await client.connect();
    await client.query("create table stack_rows (id int primary key)");
    await client.query("select pg_create_logical_replication_slot('stack', 'pgoutput')");
    await client.query("drop table stack_rows");
    await client.query("select pg_drop_replication_slot('stack')");
    const { rows } = await client.query("show wal_level");
    await client.end();
    expect(rows).toEqual([{ wal_level: "logical" }]);
  });

  it("hbase keeps a cell", async () => {
    const table = `${servers.hbase.url}/stack`;
    await json(`${table}/schema`, "PUT", { name: "stack", ColumnSchema: [{ name: "d" }] });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const cell = { column: base64("d:a"), $: base64("1") };
    await json(`${table}/row`, "PUT", { Row: [{ key: base64("row"), Cell: [cell] }] });
    expect(await json(`${table}/row`)).toMatchObject({ Row: [{ key: base64("row"), Cell: [cell] }] });
    await json(`${table}/schema`, "DELETE");
  });

  it("redis keeps a value", async () => {
    await ask(servers.redis.port, "SET stack 7\r\n");
    expect(String(await ask(servers.redis.port, "GET stack\r\n"))).toBe("$1\r\n7\r\n");
  });
});

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: "stack-test", bootstrapBrokers: [...servers.kafka.brokers] });
  return work(admin).finally(() => admin.close());
}

function topics(): Promise<string[]> {
  return withAdmin((admin) => admin.listTopics());
}

/** The value of the first record of a topic, which need not be written yet. */
async function firstValue(topic: string): Promise<Buffer> {
  const consumer = new Consumer({
    groupId: "stack-test",
    clientId: "stack-test",
    bootstrapBrokers: [...servers.kafka.brokers],
    autocommit: false,
  });
  try {
    const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
    for await (const { value } of stream) return value as Buffer;
    throw new Error("The stream ended.");
  } finally {
    await consumer.close(true);
  }
}

/** Sends JSON and gives what is answered; fails on anything but success. */
// biome-ignore lint/suspicious/noExplicitAny: answers have many shapes.
async function json(url: string, method = "GET", body?: unknown): Promise<any> {
  const response = await fetch(url, {
    method,
    headers: { accept: "application/json", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  expect(response.ok, `${method} ${url}: ${response.status} ${text}`).toBe(true);
  return text ? JSON.parse(text) : undefined;
}
