import { Batch, type Layout } from "../base/batch.ts";
import { assert, CountercheckError, raise } from "../base/errors.ts";
import type { AvroSchema } from "./avro-schema.ts";
import * as primitives from "./decoder-primitives.ts";
import { decoderSource, type Leaf, type RecordTarget, type Target } from "./decoder-source.ts";
import { type Reading, resolve } from "./resolution.ts";
import { columnTypeOf, hasColumns, leavesOf, nodeAt, withoutNull } from "./schema-paths.ts";
import { parseSchema, type SchemaNode } from "./schema-tree.ts";

export type { AvroSchema } from "./avro-schema.ts";
export { describeField, type FieldDescription } from "./schema-paths.ts";

/** One field to read, by its path in the record. */
export interface Projection {
  /** Such as `after.amount`, `source.ts_ms`, `op`; the empty path is the whole value. */
  readonly path: string;
  /** A decimal's digits as an int64 column; without it they are a bytes column, big-endian two's complement. */
  readonly as?: "unscaled";
}

/**
 * A decoder for one writer schema and the fields that are read. Columns by Avro type:
 *
 * | Avro | column |
 * |---|---|
 * | boolean, int, long | bool, int32, int64 |
 * | float, double | float64 |
 * | string, enum | text |
 * | bytes, fixed | bytes; a decimal `as: "unscaled"` int64 |
 * | a record | bool: whether it is there; its leaves are columns of their own, null where it is not |
 * | array, map, union of several branches, recursive record | value: plain JavaScript, a union's value bare |
 *
 * `[null, X]` and `[X, null]` are X with the null flag. Logical types keep their underlying integer or bytes.
 */
export interface CompiledDecoder {
  /** One column for each field, named by its path, in the order asked. */
  readonly layout: Layout;
  /**
   * Decodes the Avro body `buffer[start .. end)` into row `row` of a batch of this layout that has room for it.
   *
   * Reading stops behind the last field wanted: what lies there is checked, what follows is not. If the last field of
   * the record is wanted, a record that is too short or too long is always recognised.
   *
   * Throws AVRO_CORRUPT, or DECIMAL_OUT_OF_RANGE for an unscaled decimal past int64. The row is then unspecified, and
   * may be decoded into again.
   */
  decode(buffer: Uint8Array, start: number, end: number, batch: Batch, row: number): void;
}

/** A decoder that reads the given fields as they were written. Throws AVRO_SCHEMA_INVALID, AVRO_INCOMPATIBLE. */
export function compileProjection(writer: AvroSchema, fields: readonly Projection[], name: string): CompiledDecoder {
  const node = parseSchema(writer, name);
  return compileFields(resolve(node, node), node, fields, name);
}

/**
 * A decoder of all leaves of the reader's schema, by Avro's resolution: aliases, defaults, promotions, unions, defaults
 * of enums. A branch or symbol of the writer that the reader has no place for is an error of the record that has it.
 * Throws AVRO_SCHEMA_INVALID, AVRO_INCOMPATIBLE.
 */
export function compileDecoder(writer: AvroSchema, reader: AvroSchema, name: string): CompiledDecoder {
  const node = parseSchema(reader, name);
  const reading = resolve(parseSchema(writer, name), node);
  if (reading.kind === "unreadable") incompatible(name, "the reader's schema", reading.reason);
  return compileFields(
    reading,
    node,
    leavesOf(node, name).map((path) => ({ path })),
    name,
  );
}

/**
 * One whole value as plain JavaScript: longs as bigint, bytes as Uint8Array, records and maps as objects. For messages
 * and tools; streams are decoded into columns. Throws AVRO_CORRUPT, AVRO_SCHEMA_INVALID.
 */
export function decodeValue(writer: AvroSchema, buffer: Uint8Array, start = 0, end = buffer.length): unknown {
  const node = parseSchema(writer, "value");
  let decoder = WHOLE_VALUES.get(node);
  if (decoder === undefined) {
    const target: Leaf = { kind: "leaf", column: 0, type: "value", unscaled: false };
    decoder = compile(resolve(node, node), target, [{ name: "", type: "value" }], "value");
    WHOLE_VALUES.set(node, decoder);
  }
  const batch = new Batch(decoder.layout, 1);
  decoder.decode(buffer, start, end, batch, 0);
  return batch.columns[0]!.get(0);
}

const WHOLE_VALUES = new WeakMap<SchemaNode, CompiledDecoder>();

function compileFields(
  reading: Reading,
  root: SchemaNode,
  fields: readonly Projection[],
  name: string,
): CompiledDecoder {
  const layout: Layout[number][] = [];
  const targets = new TargetTree();
  for (const { path, as } of fields) {
    const node = nodeAt(root, path) ?? incompatible(name, path, "it has no such field");
    const unscaled = as === "unscaled";
    if (unscaled && !isDecimal(node)) incompatible(name, path, "it is not a decimal");
    const type = unscaled ? "int64" : columnTypeOf(node, path);
    const column = layout.push({ name: path, type }) - 1;
    if (hasColumns(node, path)) targets.record(path).presence = column;
    else targets.leaf(path, { kind: "leaf", column, type, unscaled });
  }
  return compile(reading, targets.root, layout, name);
}

function isDecimal(node: SchemaNode): boolean {
  const { kind, logicalType } = withoutNull(node);
  return logicalType === "decimal" && (kind === "bytes" || kind === "fixed");
}

function incompatible(schema: string, reader: string, reason: string): never {
  raise("AVRO_INCOMPATIBLE", { schema, reader, reason });
}

/** The fields asked for, as a tree of records. */
class TargetTree {
  root: Target = recordTarget();

  leaf(path: string, leaf: Leaf): void {
    if (path === "") {
      this.root = leaf;
      return;
    }
    const dot = path.lastIndexOf(".");
    const { fields } = this.record(path.slice(0, Math.max(dot, 0)));
    const name = path.slice(dot + 1);
    assert(!fields.has(name), `${path} is asked for once`);
    fields.set(name, leaf);
  }

  record(path: string): RecordTarget {
    let target = this.root;
    for (const name of path === "" ? [] : path.split(".")) {
      assert(target.kind === "record", `${path} leads through records`);
      let next = target.fields.get(name);
      if (next === undefined) {
        next = recordTarget();
        target.fields.set(name, next);
      }
      target = next;
    }
    assert(target.kind === "record", `${path} is a record`);
    return target;
  }
}

function recordTarget(): RecordTarget {
  return { kind: "record", presence: undefined, fields: new Map() };
}

function compile(reading: Reading, target: Target, layout: Layout, schema: string): CompiledDecoder {
  const { body, constants } = decoderSource(reading, target);
  const malformed = (error: unknown, at: number) => {
    if (!(error instanceof primitives.Malformed)) return error;
    return new CountercheckError(error.code, { schema, reason: `${error.message}, at byte ${at}` });
  };
  const decode = new Function("constants", "primitives", "malformed", body)(constants, primitives, malformed);
  return { layout, decode };
}
