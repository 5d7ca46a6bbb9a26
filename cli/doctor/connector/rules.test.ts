import { describe, expect, it } from "vitest";
import { connectorTemplate } from "../../../connectors/debezium/connect/connector-config.ts";
import { matches } from "./include-list.ts";
import { type CapturedSource, type ConnectorFacts, connectorFindings } from "./rules.ts";

const running = { connector: { state: "RUNNING" }, tasks: [{ state: "RUNNING" }] };

/** The shop as the project's own configuration file captures it. */
const shop: CapturedSource = {
  name: "shop",
  kind: "mariadb",
  heartbeatTable: "heartbeat",
  tables: { payments: { topic: "maria.shop.payments" }, heartbeat: { topic: "maria.shop.heartbeat" } },
};
const good = {
  ...connectorTemplate("mariadb"),
  "topic.prefix": "maria",
  "database.include.list": "shop",
  "table.include.list": "shop\\.(payments|refunds),shop.heartbeat",
};

function codes(changes: Readonly<Record<string, string | undefined>>, facts: Partial<ConnectorFacts> = {}): string[] {
  const found = connectorFindings(shop, { name: "maria", ...running, settings: { ...good, ...changes }, ...facts });
  return found.flatMap(({ code }) => code ?? []);
}

describe("the rules of connectors", () => {
  it("have nothing against the files that the project ships, references and all", () => {
    expect(codes({})).toEqual([]);
    expect(codes(connectorTemplate("mariadb"))).toEqual([]);
  });

  it.each([
    ["CONNECTOR_HEARTBEAT_OFF", { "heartbeat.interval.ms": undefined }],
    ["CONNECTOR_HEARTBEAT_QUERY_MISSING", { "heartbeat.action.query": "INSERT INTO shop.other VALUES (1)" }],
    ["CONNECTOR_HEARTBEAT_NOT_CAPTURED", { "table.include.list": "shop.payments" }],
    ["CONNECTOR_TABLE_NOT_CAPTURED", { "table.include.list": "shop.payment,shop.heartbeat" }],
    ["CONNECTOR_TABLE_NOT_CAPTURED", { "table.include.list": undefined, "table.exclude.list": "shop.PAYMENTS" }],
    ["CONNECTOR_SKIPS_TRUNCATE", { "skipped.operations": undefined }],
    ["CONNECTOR_SKIPS_CHANGES", { "skipped.operations": "d" }],
    ["CONNECTOR_WRONG_KIND", { "connector.class": "io.debezium.connector.mysql.MySqlConnector" }],
    ["CONNECTOR_SEED_ONLY", { "snapshot.mode": "initial_only" }],
    ["CONNECTOR_NO_SEED", { "snapshot.mode": "no_data" }],
    ["CONNECTOR_LOSES_RECORDS", { "errors.tolerance": "all" }],
    ["CONNECTOR_WEAK_ACKS", { "producer.override.acks": "1" }],
    ["CONNECTOR_KEY_COLUMNS", { "message.key.columns": "other.t:a;shop.payments:payment_id" }],
    ["CONNECTOR_NOT_AVRO", { "key.converter": "org.apache.kafka.connect.json.JsonConverter" }],
    ["CONNECTOR_NOT_AVRO", { "value.converter.apicurio.registry.headers.enabled": "true" }],
    ["CONNECTOR_UNWRAPS", { transforms: "a", "transforms.a.type": "io.debezium.transforms.ExtractNewRecordState" }],
    [
      "CONNECTOR_TRANSFORMS",
      { transforms: "a", "transforms.a.type": "org.apache.kafka.connect.transforms.ValueToKey" },
    ],
  ])("%s", (code, changes) => {
    expect(codes(changes)).toEqual([code]);
  });

  it("say which topic is not the connector's, unless records are routed", () => {
    expect(codes({ "topic.prefix": "other" })).toEqual(["CONNECTOR_TOPIC_OF_OTHER", "CONNECTOR_TOPIC_OF_OTHER"]);
    const router = { transforms: "r", "transforms.r.type": "org.apache.kafka.connect.transforms.RegexRouter" };
    expect(codes({ "topic.prefix": "other", ...router })).toEqual([]);
  });

  it("give the first line of a trace, and its last cause", () => {
    const trace =
      "org.apache.kafka.connect.errors.ConnectException: failed\n\tat A\nCaused by: X: one\n\tat B\nCaused by: Y: two\n\tat C";
    const found = connectorFindings(shop, {
      name: "maria",
      settings: good,
      connector: { state: "RUNNING" },
      tasks: [{ state: "FAILED", trace }],
    });
    expect(found.map(({ says }) => says)).toEqual([
      "task 0 is FAILED: org.apache.kafka.connect.errors.ConnectException: failed — Caused by: Y: two",
    ]);
    expect(codes({}, { tasks: [] })).toEqual(["CONNECTOR_NOT_RUNNING"]);
  });
});

describe("lists of Debezium", () => {
  it("are regular expressions for the whole name, in any case, with commas between", () => {
    expect(matches("shop.pay.*, shop.refunds", "SHOP.refunds")).toBe(true);
    expect(matches("shop.pay", "shop.payments")).toBe(false);
    expect(matches("shop.pay{1\\,2}ments", "shop.payyments")).toBe(true);
    // No regular expression of JavaScript, and a reference that only Connect can fill in.
    expect(matches("shop.(?>payments)", "shop.payments")).toBeUndefined();
    expect(matches("$" + "{env:TABLES}", "shop.payments")).toBeUndefined();
  });
});
