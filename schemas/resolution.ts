import { avroDefault } from "./avro-default.ts";
import type {
  EnumNode,
  FieldNode,
  FixedNode,
  PrimitiveNode,
  RecordNode,
  SchemaNode,
  UnionNode,
} from "./schema-tree.ts";

/** How values that one schema wrote are read as another: what lies in the bytes, in their order, and what becomes of it. */
export type Reading = Scalar | EnumReading | ArrayReading | MapReading | UnionReading | RecordReading | Unreadable;

/** A value without parts, promoted from the writer's type to the reader's. */
export interface Scalar {
  readonly kind: "scalar";
  readonly writer: PrimitiveNode | FixedNode;
  readonly reader: PrimitiveNode | FixedNode;
}

export interface EnumReading {
  readonly kind: "enum";
  /** The reader's symbol for each index of the writer; undefined where it has none. */
  readonly symbols: readonly (string | undefined)[];
}

export interface ArrayReading {
  readonly kind: "array";
  readonly writer: SchemaNode;
  readonly items: Reading;
}

export interface MapReading {
  readonly kind: "map";
  readonly values: Reading;
}

/** A union of the writer. The reader's own union has no part in it: a value is read as that branch which takes it. */
export interface UnionReading {
  readonly kind: "union";
  readonly branches: readonly Reading[];
}

export interface RecordReading {
  readonly kind: "record";
  readonly writer: RecordNode;
  /** The reader's fields, in its order. */
  readonly names: readonly string[];
  /** The writer's fields in the order of the bytes; one that the reader does not have has no reads. */
  readonly steps: readonly Step[];
  /** The reader's fields that the writer does not have, with the value that they take. */
  readonly defaults: readonly { readonly name: string; readonly value: unknown }[];
}

export interface Step {
  readonly type: SchemaNode;
  /** Usually one; two fields of the reader may go back to one of the writer, by an alias. */
  readonly reads: readonly { readonly name: string; readonly reading: Reading }[];
}

/** A branch of the writer that the reader has no place for: only a record that takes it is an error. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly reason: string;
}

/**
 * Avro's schema resolution (specification 1.12, "Schema Resolution"). Where a union of the reader has several branches
 * that could take a value, the same type goes before a promotion, as in Avro's Java library, so that a schema always
 * reads itself. Decimals of different scales do not match: their digits would mean another amount.
 */
export function resolve(writer: SchemaNode, reader: SchemaNode): Reading {
  return new Resolver().resolve(writer, reader);
}

class Resolver {
  /** Readings of records by writer and reader: recursive ones meet themselves here. */
  readonly #records = new Map<RecordNode, Map<RecordNode, Reading>>();

  resolve(writer: SchemaNode, reader: SchemaNode): Reading {
    if (writer.kind === "union") {
      const branches = writer.branches.map((branch) => this.resolve(branch, reader));
      const first = branches[0];
      return first !== undefined && branches.every(isUnreadable) ? first : { kind: "union", branches };
    }
    if (reader.kind === "union") return this.#intoUnion(writer, reader);
    if (!matches(writer, reader)) return unreadable(`${labelOf(writer)} cannot be read as ${labelOf(reader)}`);
    if (writer.kind === "record") return this.#record(writer, reader as RecordNode);
    if (writer.kind === "enum") return enumReading(writer, reader as EnumNode);
    if (writer.kind === "array" && reader.kind === "array") {
      const items = this.resolve(writer.items, reader.items);
      return isUnreadable(items) ? items : { kind: "array", writer: writer.items, items };
    }
    if (writer.kind === "map" && reader.kind === "map") {
      const values = this.resolve(writer.values, reader.values);
      return isUnreadable(values) ? values : { kind: "map", values };
    }
    return { kind: "scalar", writer: writer as PrimitiveNode, reader: reader as PrimitiveNode };
  }

  #intoUnion(writer: SchemaNode, reader: UnionNode): Reading {
    const same = reader.branches.filter((branch) => branch.kind === writer.kind && nameOf(branch) === nameOf(writer));
    for (const branch of [...same, ...reader.branches]) {
      const reading = this.resolve(writer, branch);
      if (!isUnreadable(reading)) return reading;
    }
    return unreadable(`${labelOf(writer)} matches no branch of the union ${reader.branches.map(labelOf).join(", ")}`);
  }

  #record(writer: RecordNode, reader: RecordNode): Reading {
    const byReader = this.#records.get(writer) ?? new Map<RecordNode, Reading>();
    this.#records.set(writer, byReader);
    const known = byReader.get(reader);
    if (known !== undefined) return known;
    const reading = { kind: "record", writer } as { kind: "record"; writer: RecordNode } & Partial<RecordReading>;
    byReader.set(reader, reading as RecordReading);
    // What has met this record meanwhile holds this object, so its outcome must become part of it, not replace it.
    return Object.assign(reading, this.#fields(writer, reader)) as Reading;
  }

  #fields(writer: RecordNode, reader: RecordNode): Omit<RecordReading, "kind" | "writer"> | Unreadable {
    const reads = new Map<string, { name: string; reading: Reading }[]>();
    const defaults: { name: string; value: unknown }[] = [];
    for (const field of reader.fields) {
      const source = sourceOf(field, writer);
      if (source === undefined) {
        if (field.default === undefined)
          return unreadable(`${reader.name}.${field.name} is not written and has no default`);
        defaults.push({ name: field.name, value: avroDefault(field.type, field.default) });
        continue;
      }
      const reading = this.resolve(source.type, field.type);
      if (isUnreadable(reading)) return unreadable(`${reader.name}.${field.name}: ${reading.reason}`);
      const others = reads.get(source.name);
      if (others === undefined) reads.set(source.name, [{ name: field.name, reading }]);
      else others.push({ name: field.name, reading });
    }
    return {
      names: reader.fields.map((field) => field.name),
      steps: writer.fields.map((field) => ({ type: field.type, reads: reads.get(field.name) ?? [] })),
      defaults,
    };
  }
}

/** The writer's field that a field of the reader stands for: of its own name, else of its first alias that is there. */
function sourceOf(field: FieldNode, writer: RecordNode): FieldNode | undefined {
  for (const name of [field.name, ...field.aliases]) {
    const source = writer.fields.find((candidate) => candidate.name === name);
    if (source !== undefined) return source;
  }
  return undefined;
}

function matches(writer: SchemaNode, reader: SchemaNode): boolean {
  if (writer.logicalType === "decimal" && reader.logicalType === "decimal" && writer.scale !== reader.scale)
    return false;
  if (writer.kind !== reader.kind) return PROMOTIONS[writer.kind]?.includes(reader.kind) ?? false;
  if (!("name" in writer && "name" in reader)) return true;
  if (writer.kind === "fixed" && writer.size !== (reader as FixedNode).size) return false;
  return (
    writer.name === reader.name ||
    reader.aliases.includes(writer.name) ||
    simpleName(writer.name) === simpleName(reader.name)
  );
}

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

function enumReading(writer: EnumNode, reader: EnumNode): Reading {
  const symbols = writer.symbols.map((symbol) => (reader.symbols.includes(symbol) ? symbol : reader.default));
  const none = symbols.every((symbol) => symbol === undefined);
  return none ? unreadable(`${reader.name} has no symbol of ${writer.name}`) : { kind: "enum", symbols };
}

function unreadable(reason: string): Unreadable {
  return { kind: "unreadable", reason };
}

function isUnreadable(reading: Reading): reading is Unreadable {
  return reading.kind === "unreadable";
}

function labelOf(node: SchemaNode): string {
  return "name" in node ? node.name : node.kind;
}

function nameOf(node: SchemaNode): string | undefined {
  return "name" in node ? node.name : undefined;
}

function simpleName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
