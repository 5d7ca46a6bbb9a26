import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import type { AvroSchema } from "../schemas/avro-schema.ts";
import { type Reading, resolve } from "../schemas/resolution.ts";
import { parseSchema, type RecordNode, type SchemaNode } from "../schemas/schema-tree.ts";
import type { Field, Fields } from "./model.ts";
import type { StateCodec } from "./operator.ts";
import type { Row } from "./row-view.ts";

/** The codec of objects of the given fields. */
export function fieldsCodec<F extends Fields>(fields: F): StateCodec<Row<F>> {
  return avroCodec(fieldsSchema(fields));
}

/**
 * The codec of values that an Avro schema describes, out of records, arrays, maps, nullable types (`["null", X]`),
 * strings, longs (bigint), doubles and booleans; arrays are arrays, maps are Maps. Values are written flat, in the
 * order of the schema, which is not Avro's encoding. What another schema wrote is read by Avro's resolution, but only
 * if every value that could have been written can be read.
 */
export function avroCodec<T>(schema: AvroSchema): StateCodec<T> {
  const node = parseSchema(schema, "state");
  const read = compileRead(resolve(node, node));
  assert(read !== undefined, "a schema of state reads itself");
  return {
    schema: JSON.stringify(schema),
    write: compileWrite(node),
    read: read as Read<T>,
    readsFrom: (other) => compileRead(resolve(parseSchema(JSON.parse(other), "state"), node)) as Read<T> | undefined,
  };
}

type Read<T> = (input: ByteReader) => T;
type Write = (value: unknown, out: ByteWriter) => void;

/** Every field may be null, so that fields may come and go. */
function fieldsSchema(fields: Fields): AvroSchema {
  const defined = new Set<string>();
  const typeOf = (field: Field): AvroSchema => {
    if (field.kind !== "money") return FIELD_TYPES[field.kind];
    const money = moneySchema(field.money?.scale);
    // Avro defines a name once; where it comes again, the name stands for it.
    if (defined.has(money.name)) return money.name;
    defined.add(money.name);
    return money;
  };
  const entries = Object.entries(fields).map(([name, field]) => ({
    name,
    type: ["null", typeOf(field)],
    default: null,
  }));
  return { type: "record", name: "Fields", fields: entries };
}

/** Marks keys in their canonical text: that is no text for people, and text is no key. */
const KEY = "countercheck-key";

/** The Avro types of fields that are no money. */
export const FIELD_TYPES = {
  id: { type: "string", logicalType: KEY },
  text: "string",
  integer: "long",
  number: "double",
  flag: "boolean",
  // Avro's timestamps are whole numbers; an instant may be before all time, or a fraction.
  instant: "double",
} as const satisfies Record<string, AvroSchema>;

/** Minor units of another scale are another amount, so the scale is part of the name, by which Avro compares records. */
function moneySchema(scale: number | undefined) {
  const fields = [
    { name: "minor", type: "long" },
    { name: "currency", type: "string" },
  ];
  return { type: "record", name: scale === undefined ? "Money" : `MoneyAtScale${scale}`, fields };
}

function compileWrite(node: SchemaNode): Write {
  switch (node.kind) {
    case "string":
      return (value, out) => out.text(value as string);
    case "long":
      return (value, out) => out.bigint(value as bigint);
    case "double":
      return (value, out) => out.float64(value as number);
    case "boolean":
      return (value, out) => out.flag(value as boolean);
    case "union":
      return writeNullable(node.branches);
    case "record":
      return writeRecord(node);
    case "array": {
      const item = compileWrite(node.items);
      return (value, out) => {
        const items = value as readonly unknown[];
        out.uint(items.length);
        for (const one of items) item(one, out);
      };
    }
    case "map": {
      const entry = compileWrite(node.values);
      return (value, out) => {
        const entries = value as ReadonlyMap<string, unknown>;
        out.uint(entries.size);
        for (const [key, one] of entries) {
          out.text(key);
          entry(one, out);
        }
      };
    }
    default:
      return assert(false, `state has no ${node.kind}`) as never;
  }
}

/** The index of the branch, as Avro has it, in one byte. */
function writeNullable([none, some, ...more]: readonly SchemaNode[]): Write {
  assert(none?.kind === "null" && some !== undefined && more.length === 0, "a union of state is null or one type");
  const write = compileWrite(some);
  return (value, out) => {
    if (value === null || value === undefined) {
      out.byte(0);
      return;
    }
    out.byte(1);
    write(value, out);
  };
}

function writeRecord(node: RecordNode): Write {
  const names = node.fields.map(({ name }) => name);
  const writes = node.fields.map(({ type }) => compileWrite(type));
  return (value, out) => {
    const record = value as Readonly<Record<string, unknown>>;
    for (let i = 0; i < names.length; i++) writes[i]!(record[names[i]!], out);
  };
}

/** Undefined where not every value of the writer can be read. */
function compileRead(reading: Reading): Read<unknown> | undefined {
  switch (reading.kind) {
    case "scalar":
      return readScalar(reading.writer, reading.reader);
    case "union": {
      const branches = reading.branches.map(compileRead);
      return branches.every(isThere) ? (input) => branches[input.byte()]!(input) : undefined;
    }
    case "record":
      return readRecord(reading);
    case "array": {
      const item = compileRead(reading.items);
      return item && ((input) => readArray(input, item));
    }
    case "map": {
      const value = compileRead(reading.values);
      return value && ((input) => readMap(input, value));
    }
    default:
      return undefined;
  }
}

function readScalar(writer: SchemaNode, reader: SchemaNode): Read<unknown> | undefined {
  if ((writer.logicalType === KEY) !== (reader.logicalType === KEY)) return undefined;
  const isSame = writer.kind === reader.kind;
  if (writer.kind === "long" && reader.kind === "double") return (input) => Number(input.bigint());
  if (!isSame) return undefined;
  switch (writer.kind) {
    case "null":
      return () => null;
    case "string":
      return (input) => input.text();
    case "long":
      return (input) => input.bigint();
    case "double":
      return (input) => input.float64();
    case "boolean":
      return (input) => input.flag();
    default:
      return undefined;
  }
}

function readRecord({ names, steps, defaults }: Extract<Reading, { kind: "record" }>): Read<unknown> | undefined {
  const slots = new Map(names.map((name, slot) => [name, slot]));
  const parts = steps.map(({ type, reads: [read] }) => ({
    read: compileRead(read?.reading ?? resolve(type, type)),
    slot: read === undefined ? -1 : slots.get(read.name)!,
  }));
  const reads = parts.map(({ read }) => read);
  if (!reads.every(isThere)) return undefined;
  const values = names.map((name) => defaults.find((one) => one.name === name)?.value ?? null);
  return (input) => {
    // In the reader's order first, so that the object has the shape of all others.
    const record: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) record[names[i]!] = values[i];
    for (let i = 0; i < parts.length; i++) {
      const value = reads[i]!(input);
      const { slot } = parts[i]!;
      if (slot >= 0) record[names[slot]!] = value;
    }
    return record;
  };
}

function readArray(input: ByteReader, item: Read<unknown>): unknown[] {
  const items: unknown[] = [];
  for (let left = input.uint(); left > 0; left--) items.push(item(input));
  return items;
}

function readMap(input: ByteReader, value: Read<unknown>): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  for (let left = input.uint(); left > 0; left--) entries.set(input.text(), value(input));
  return entries;
}

function isThere(read: Read<unknown> | undefined): read is Read<unknown> {
  return read !== undefined;
}
