import type { Column } from "./column-types.ts";

/** The key schema of a table, as Debezium 3.5 registers it. */
export function keySchema(namespace: string, key: readonly Column[]): object {
  const fields = key.map((column) => column.field);
  return { type: "record", name: "Key", namespace, fields, "connect.name": `${namespace}.Key` };
}

/** The schema of a table's change events, as Debezium 3.5 registers it; `namespace` is the topic. */
export function envelopeSchema(namespace: string, columns: readonly Column[], source: object): object {
  const fields = columns.map((column) => column.field);
  const row = { type: "record", name: "Value", fields, "connect.name": `${namespace}.Value` };
  return {
    type: "record",
    name: "Envelope",
    namespace,
    fields: [
      optional("before", row),
      optional("after", "Value"),
      { name: "source", type: source },
      optional("transaction", transactionBlock),
      required("op", "string"),
      ...["ts_ms", "ts_us", "ts_ns"].map((name) => optional(name, "long")),
    ],
    "connect.version": 2,
    "connect.name": `${namespace}.Envelope`,
  };
}

/** Debezium's record of where a change came from, in MariaDB's shape. */
export const mariaSource: object = sourceSchema("mariadb", [
  optional("table", "string"),
  required("server_id", "long"),
  optional("gtid", "string"),
  required("file", "string"),
  required("pos", "long"),
  required("row", "int"),
  optional("thread", "long"),
  optional("query", "string"),
]);

/** The same in PostgreSQL's shape. */
export const postgresSource: object = sourceSchema("postgresql", [
  required("schema", "string"),
  required("table", "string"),
  optional("txId", "long"),
  optional("lsn", "long"),
  optional("xmin", "long"),
  optional("origin", "string"),
  optional("origin_lsn", "long"),
]);

function sourceSchema(connector: string, own: readonly object[]): object {
  const namespace = `io.debezium.connector.${connector}`;
  return {
    type: "record",
    name: "Source",
    namespace,
    fields: [
      ...["version", "connector", "name"].map((name) => required(name, "string")),
      required("ts_ms", "long"),
      { name: "snapshot", type: [snapshotMarker(), "null"], default: "false" },
      required("db", "string"),
      optional("sequence", "string"),
      optional("ts_us", "long"),
      optional("ts_ns", "long"),
      ...own,
    ],
    "connect.version": 1,
    "connect.name": `${namespace}.Source`,
  };
}

function snapshotMarker(): object {
  return {
    type: "string",
    "connect.version": 1,
    "connect.parameters": {
      allowed: "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental",
    },
    "connect.default": "false",
    "connect.name": "io.debezium.data.Enum",
  };
}

const transactionBlock = {
  type: "record",
  name: "block",
  namespace: "event",
  fields: [required("id", "string"), required("total_order", "long"), required("data_collection_order", "long")],
  "connect.version": 1,
  "connect.name": "event.block",
};

function required(name: string, type: unknown): object {
  return { name, type };
}

function optional(name: string, type: unknown): object {
  return { name, type: ["null", type], default: null };
}
