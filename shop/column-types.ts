import type { AvroWriter } from "./avro-writer.ts";

/** What a row may hold in a column. Decimals are unscaled safe integers, points in time are as their type says. */
export type Cell = number | bigint | string | null;

/** A table's column: the Avro field that Debezium's converter makes of it, and how its values are encoded. */
export interface Column {
  readonly name: string;
  readonly field: object;
  write(writer: AvroWriter, value: Cell): void;
}

/** BIGINT, also UNSIGNED (`bigint.unsigned.handling.mode=long`). */
export const bigInt = (name: string): Column => column(name, "long", writeLong);
/** INT. */
export const int = (name: string): Column => column(name, "int", writeLong);
/** CHAR, VARCHAR, TEXT. */
export const text = (name: string): Column => column(name, "string", writeText);

/** MariaDB's ENUM. */
export function enumeration(name: string, ...allowed: readonly string[]): Column {
  return column(name, semantic("string", "io.debezium.data.Enum", { allowed: allowed.join(",") }), writeText);
}

/** DATETIME(3): epoch milliseconds. */
export const dateTime = (name: string): Column =>
  column(name, semantic("long", "io.debezium.time.Timestamp"), writeLong);
/** TIMESTAMPTZ: ISO 8601 text in UTC. */
export const zonedTimestamp = (name: string): Column =>
  column(name, semantic("string", "io.debezium.time.ZonedTimestamp"), writeText);

/** DECIMAL and NUMERIC (`decimal.handling.mode=precise`). */
export function decimal(name: string, precision: number, scale: number): Column {
  const parameters = { scale: String(scale), "connect.decimal.precision": String(precision) };
  const type = {
    type: "bytes",
    scale,
    precision,
    "connect.version": 1,
    "connect.parameters": parameters,
    "connect.name": "org.apache.kafka.connect.data.Decimal",
    logicalType: "decimal",
  };
  return column(name, type, (writer, value) => writer.decimal(value as number));
}

/** The column with NULL allowed. */
export function nullable(inner: Column): Column {
  const { name, field } = inner as { name: string; field: { type: unknown } };
  return {
    name,
    field: { name, type: ["null", field.type], default: null },
    write(writer, value) {
      writer.long(value === null ? 0 : 1);
      if (value !== null) inner.write(writer, value);
    },
  };
}

function column(name: string, type: unknown, write: Column["write"]): Column {
  return { name, field: { name, type }, write };
}

function semantic(type: string, name: string, parameters?: object): object {
  const named = { "connect.name": name };
  return { type, "connect.version": 1, ...(parameters && { "connect.parameters": parameters }), ...named };
}

function writeLong(writer: AvroWriter, value: Cell): void {
  if (typeof value === "bigint") writer.bigLong(value);
  else writer.long(value as number);
}

function writeText(writer: AvroWriter, value: Cell): void {
  writer.text(value as string);
}
