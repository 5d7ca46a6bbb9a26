import { raise } from "../base/errors.ts";
import { type AvroSchema, avroType } from "./avro-schema.ts";

/** The Avro types without parts. */
export type PrimitiveKind = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

/** A parsed schema: every name is replaced by what it stands for, so a recursive schema is a cyclic graph. */
export type SchemaNode = PrimitiveNode | FixedNode | EnumNode | ArrayNode | MapNode | UnionNode | RecordNode;

/** Attributes that do not change the encoding, only its meaning. */
export interface Attributes {
  readonly logicalType?: string;
  /** The schema's name in Kafka Connect, `connect.name`: how Debezium marks dates, decimals, JSON. */
  readonly connectName?: string;
  readonly scale?: number;
  readonly precision?: number;
}

export interface PrimitiveNode extends Attributes {
  readonly kind: PrimitiveKind;
}

/** What named types share; names are full names, with their namespace. */
export interface Named extends Attributes {
  readonly name: string;
  readonly aliases: readonly string[];
}

export interface FixedNode extends Named {
  readonly kind: "fixed";
  /** Length of every value, in bytes. */
  readonly size: number;
}

export interface EnumNode extends Named {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  /** The reader's symbol for those that it does not know. */
  readonly default?: string;
}

export interface ArrayNode extends Attributes {
  readonly kind: "array";
  readonly items: SchemaNode;
}

export interface MapNode extends Attributes {
  readonly kind: "map";
  readonly values: SchemaNode;
}

export interface UnionNode extends Attributes {
  readonly kind: "union";
  readonly branches: readonly SchemaNode[];
}

export interface RecordNode extends Named {
  readonly kind: "record";
  readonly fields: readonly FieldNode[];
  /** True when a value of this record can hold another of the same record. */
  readonly recursive: boolean;
}

export interface FieldNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: SchemaNode;
  /** The default in its JSON form; undefined when there is none. */
  readonly default: unknown;
}

/** Parses a schema, once per object. Throws AVRO_SCHEMA_INVALID; `name` is for its message. */
export function parseSchema(schema: AvroSchema, name: string): SchemaNode {
  if (typeof schema === "string") return new Parser(name).parse(schema);
  let node = PARSED.get(schema);
  if (node === undefined) {
    node = new Parser(name).parse(schema);
    PARSED.set(schema, node);
  }
  return node;
}

const PARSED = new WeakMap<object, SchemaNode>();

/** Builds the tree of a schema that avsc has found valid. */
class Parser {
  readonly #name: string;
  readonly #named = new Map<string, SchemaNode>();
  readonly #records: { -readonly [K in keyof RecordNode]: RecordNode[K] }[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  parse(schema: AvroSchema): SchemaNode {
    avroType(schema, this.#name);
    const node = this.#node(schema, "");
    for (const record of this.#records) record.recursive = record.fields.some((field) => reaches(field.type, record));
    return node;
  }

  #node(schema: AvroSchema, namespace: string): SchemaNode {
    if (typeof schema === "string") return this.#reference(schema, namespace);
    if (isUnion(schema)) return { kind: "union", branches: schema.map((branch) => this.#node(branch, namespace)) };
    const attributes = attributesOf(schema);
    switch (schema.type) {
      case "array":
        return { kind: "array", items: this.#node(schema.items as AvroSchema, namespace), ...attributes };
      case "map":
        return { kind: "map", values: this.#node(schema.values as AvroSchema, namespace), ...attributes };
      case "fixed":
      case "enum":
      case "record":
      case "error":
        return this.#definition(schema, namespace);
      default:
        return { kind: schema.type as PrimitiveKind, ...attributes };
    }
  }

  #reference(name: string, namespace: string): SchemaNode {
    if (PRIMITIVES.has(name)) return { kind: name as PrimitiveKind };
    const node = this.#named.get(qualify(name, namespace));
    return node ?? raise("AVRO_SCHEMA_INVALID", { schema: this.#name, reason: `the name ${name} stands for nothing` });
  }

  #definition(schema: SchemaObject, enclosing: string): SchemaNode {
    const namespace = (schema.namespace as string | undefined) ?? enclosing;
    const name = schema.name === undefined ? "" : qualify(schema.name as string, namespace);
    const inner = name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : namespace;
    const aliases = ((schema.aliases as string[] | undefined) ?? []).map((alias) => qualify(alias, inner));
    const named = { name, aliases, ...attributesOf(schema) };
    if (schema.type === "fixed") return this.#define({ kind: "fixed", size: schema.size as number, ...named });
    if (schema.type === "enum") {
      const symbols = schema.symbols as string[];
      const fallback = schema.default as string | undefined;
      return this.#define({
        kind: "enum",
        symbols,
        ...named,
        ...(fallback === undefined ? {} : { default: fallback }),
      });
    }
    const fields: FieldNode[] = [];
    const record: RecordNode = { kind: "record", fields, recursive: false, ...named };
    this.#define(record);
    this.#records.push(record);
    for (const field of schema.fields as FieldSchema[]) {
      const type = this.#node(field.type, inner);
      fields.push({ name: field.name, aliases: field.aliases ?? [], type, default: field.default });
    }
    return record;
  }

  #define(node: FixedNode | EnumNode | RecordNode): SchemaNode {
    this.#named.set(node.name, node);
    return node;
  }
}

type SchemaObject = Extract<AvroSchema, { readonly type: unknown }>;

interface FieldSchema {
  readonly name: string;
  readonly type: AvroSchema;
  readonly aliases?: readonly string[];
  readonly default?: unknown;
}

const PRIMITIVES = new Set(["null", "boolean", "int", "long", "float", "double", "bytes", "string"]);

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function qualify(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function attributesOf(schema: SchemaObject): Attributes {
  const attributes: Record<string, unknown> = {};
  if (typeof schema.logicalType === "string") attributes.logicalType = schema.logicalType;
  if (typeof schema["connect.name"] === "string") attributes.connectName = schema["connect.name"];
  if (typeof schema.scale === "number") attributes.scale = schema.scale;
  else if (schema.logicalType === "decimal") attributes.scale = 0;
  if (typeof schema.precision === "number") attributes.precision = schema.precision;
  return attributes;
}

function reaches(from: SchemaNode, record: SchemaNode, seen: Set<SchemaNode> = new Set()): boolean {
  if (from === record) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return partsOf(from).some((part) => reaches(part, record, seen));
}

/** The types that a type is made of. */
export function partsOf(node: SchemaNode): readonly SchemaNode[] {
  switch (node.kind) {
    case "array":
      return [node.items];
    case "map":
      return [node.values];
    case "union":
      return node.branches;
    case "record":
      return node.fields.map((field) => field.type);
    default:
      return [];
  }
}
