import type { AvroSchema } from "./avro-schema.ts";
import * as primitives from "./decoder-primitives.ts";
import { nodeAt, withoutNull } from "./schema-paths.ts";
import { parseSchema, type SchemaNode } from "./schema-tree.ts";
import { straightSource, TakerTree } from "./straight-source.ts";

/**
 * Takes the values of one field as they are read. It has what fits the field's type, and `none`. Each says false of what
 * it does not take, and then the record is not read on. Functions alone, without a `this`.
 */
export interface Taker {
  /** Null, or a field of a record that is not there. */
  readonly none: (row: number) => boolean;
  /** An int or a long as the two words of 64 bits, the lower one first; of a boolean 1 or 0. */
  readonly integer?: (low: number, high: number, row: number) => boolean;
  /** A float or a double. */
  readonly number?: (value: number, row: number) => boolean;
  /** A string, bytes or fixed, or an enum's symbol: `bytes[start .. end)`, which is only lent. */
  readonly bytes?: (bytes: Uint8Array, start: number, end: number, row: number) => boolean;
  /** That a record is there; its fields follow. */
  readonly present?: (row: number) => boolean;
}

/** What takes a field, by its path in the record. */
export interface TakenField {
  readonly path: string;
  readonly taker: Taker;
}

/**
 * Reads the Avro body `buffer[start .. end)` and gives each value to what takes it, in the order of the schema's fields.
 * False for a body that the schema cannot have written, down to its last byte, and where a taker said so: then some of the
 * values were given. `row` is handed on.
 */
export type StraightReader = (buffer: Uint8Array, start: number, end: number, row: number) => boolean;

/**
 * A reader without columns, for what can do with a value where it lies. Undefined where a field is missing, or its taker
 * has nothing for its type: arrays, maps, unions of several branches and recursive records have none.
 * Throws AVRO_SCHEMA_INVALID.
 */
export function compileStraight(
  schema: AvroSchema,
  fields: readonly TakenField[],
  name: string,
): StraightReader | undefined {
  const root = parseSchema(schema, name);
  const tree = new TakerTree();
  for (const { path, taker } of fields) {
    const node = nodeAt(root, path);
    const method = node && methodFor(withoutNull(node));
    if (method === undefined || taker[method] === undefined) return undefined;
    tree.at(path).takers.push(taker);
  }
  const { body, constants } = straightSource(root, tree);
  return new Function("constants", "primitives", body)(constants, primitives);
}

/** What takes values of a type. */
function methodFor(node: SchemaNode): keyof Taker | undefined {
  switch (node.kind) {
    case "boolean":
    case "int":
    case "long":
      return "integer";
    case "float":
    case "double":
      return "number";
    case "bytes":
    case "string":
    case "fixed":
    case "enum":
      return "bytes";
    case "record":
      return node.recursive ? undefined : "present";
    default:
      return undefined;
  }
}
