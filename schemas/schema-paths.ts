import type { ColumnType } from "../base/columns.ts";
import { raise } from "../base/errors.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { type Attributes, parseSchema, type RecordNode, type SchemaNode } from "./schema-tree.ts";

/** What is known of one field of a schema. */
export interface FieldDescription extends Attributes {
  /** The Avro type without `null`; `union` when several branches remain. */
  readonly type: SchemaNode["kind"];
  /** True when the field itself may be null; that a record around it may be absent does not count. */
  readonly nullable: boolean;
  /** The symbols of an enum, in order. */
  readonly symbols?: readonly string[];
}

/**
 * The field at a path such as `after.amount`; the empty path is the whole value. Paths lead through records, also
 * nullable ones, but not into recursive records, arrays, maps and unions of several branches. Undefined when there is
 * no such field. Throws AVRO_SCHEMA_INVALID.
 */
export function describeField(writer: AvroSchema, path: string): FieldDescription | undefined {
  const node = nodeAt(parseSchema(writer, path), path);
  if (node === undefined) return undefined;
  const inner = withoutNull(node);
  const { logicalType, connectName, scale, precision } = inner;
  return {
    type: inner.kind,
    nullable: isNull(node) || (node.kind === "union" && node.branches.some(isNull)),
    ...(logicalType === undefined ? {} : { logicalType }),
    ...(connectName === undefined ? {} : { connectName }),
    ...(scale === undefined ? {} : { scale }),
    ...(precision === undefined ? {} : { precision }),
    ...(inner.kind === "enum" ? { symbols: inner.symbols } : {}),
  };
}

/** The node at a path, with its union around it if it is nullable; undefined when there is none. */
export function nodeAt(root: SchemaNode, path: string): SchemaNode | undefined {
  if (path === "") return root;
  let node: SchemaNode | undefined = root;
  for (const name of path.split(".")) {
    const record: RecordNode | undefined = recordAt(node, node === root);
    node = record?.fields.find((field) => field.name === name)?.type;
    if (node === undefined) return undefined;
  }
  return node;
}

/** The paths of all leaves of a schema, in the order of its fields. Throws AVRO_SCHEMA_INVALID for too many. */
export function leavesOf(root: SchemaNode, name: string): string[] {
  const paths: string[] = [];
  collect(root, "");
  return paths;

  function collect(node: SchemaNode, path: string): void {
    const record = recordAt(node, path === "");
    if (record === undefined) paths.push(path);
    else for (const field of record.fields) collect(field.type, path === "" ? field.name : `${path}.${field.name}`);
    if (paths.length > MOST_LEAVES)
      raise("AVRO_SCHEMA_INVALID", { schema: name, reason: `more than ${MOST_LEAVES} fields` });
  }
}

/** Records that name records many times over have leaves without end. */
const MOST_LEAVES = 10_000;

/** True for a record whose fields have columns of their own. */
export function hasColumns(node: SchemaNode, path: string): boolean {
  return recordAt(node, path === "") !== undefined;
}

/**
 * The record whose fields are columns of their own. A recursive record has no end of columns, so it is one value,
 * unless it is the root.
 */
function recordAt(node: SchemaNode, isRoot: boolean): RecordNode | undefined {
  const inner = withoutNull(node);
  return inner.kind === "record" && (isRoot || !inner.recursive) ? inner : undefined;
}

/** The type of the column that holds a node's values; a record's column says whether it is there. */
export function columnTypeOf(node: SchemaNode, path: string): ColumnType {
  return hasColumns(node, path) ? "bool" : COLUMN_TYPES[withoutNull(node).kind];
}

const COLUMN_TYPES: Readonly<Record<SchemaNode["kind"], ColumnType>> = {
  null: "value",
  boolean: "bool",
  int: "int32",
  long: "int64",
  float: "float64",
  double: "float64",
  bytes: "bytes",
  fixed: "bytes",
  string: "text",
  enum: "text",
  array: "value",
  map: "value",
  union: "value",
  record: "value",
};

/** X for X, [X], [null, X] and [X, null]; any other union as it is. */
export function withoutNull(node: SchemaNode): SchemaNode {
  if (node.kind !== "union") return node;
  const others = node.branches.filter((branch) => !isNull(branch));
  return others.length === 1 ? others[0]! : node;
}

function isNull(node: SchemaNode): boolean {
  return node.kind === "null";
}
