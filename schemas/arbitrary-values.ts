import fc from "fast-check";
import type { Draw } from "./arbitrary-avro.ts";
import type { SchemaNode } from "./schema-tree.ts";

/** A random value of a schema, in the form in which avsc encodes it (for tests): unions as `{ branch: value }`. */
export function encodable(draw: Draw, node: SchemaNode, depth = 0): unknown {
  switch (node.kind) {
    case "null":
      return null;
    case "array":
      return manyOf(draw, depth).map(() => encodable(draw, node.items, depth + 1));
    case "map":
      return Object.fromEntries(manyOf(draw, depth).map(() => [draw(KEY), encodable(draw, node.values, depth + 1)]));
    case "record":
      return Object.fromEntries(node.fields.map((field) => [field.name, encodable(draw, field.type, depth + 1)]));
    case "union":
      return inBranch(draw, node.branches, depth);
    case "enum":
      return node.symbols[draw(fc.nat, node.symbols.length - 1)];
    case "fixed":
      return bytes(draw, node.size, node.size);
    case "bytes":
      return node.logicalType === "decimal" ? bytes(draw, 1, 8) : bytes(draw, 0, 30);
    case "boolean":
      return draw(fc.boolean);
    case "int":
      return draw(fc.integer);
    case "long":
      return draw(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "float":
      return draw(fc.float);
    case "double":
      return draw(fc.double);
    case "string":
      return draw(TEXT);
  }
}

const TEXT = () => fc.string({ unit: "grapheme", maxLength: 20 });
/** avsc loses the key `__proto__`. */
const KEY = () => TEXT().filter((key) => key !== "__proto__");

function inBranch(draw: Draw, branches: readonly SchemaNode[], depth: number): unknown {
  // Recursive schemas end where a branch of their union holds no further record.
  const shallow = branches.filter((branch) => branch.kind !== "record");
  const choices = depth > 3 && shallow.length > 0 ? shallow : branches;
  const branch = choices[draw(fc.nat, choices.length - 1)]!;
  return branch.kind === "null" ? null : { [branchName(branch)]: encodable(draw, branch, depth + 1) };
}

/** What avsc calls a branch of a union. */
export function branchName(node: SchemaNode): string {
  return "name" in node ? node.name : node.kind;
}

function manyOf(draw: Draw, depth: number): undefined[] {
  return new Array(depth > 3 ? 0 : draw(fc.nat, 3)).fill(undefined);
}

function bytes(draw: Draw, minLength: number, maxLength: number): Buffer {
  return Buffer.from(draw(fc.uint8Array, { minLength, maxLength }));
}

/**
 * What avsc has decoded by `node`, in the form of `decodeValue`: unions bare, longs bigint, bytes Uint8Array. It also
 * promotes what avsc leaves as the writer had it.
 */
export function plain(node: SchemaNode, value: unknown): unknown {
  switch (node.kind) {
    case "long":
      return BigInt(value as bigint);
    case "float":
      return Math.fround(Number(value));
    case "bytes":
    case "fixed":
      return Uint8Array.from(value as Buffer);
    case "array":
      return (value as unknown[]).map((item) => plain(node.items, item));
    case "map":
      return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, plain(node.values, item)]));
    case "record": {
      const record = value as Record<string, unknown>;
      return Object.fromEntries(node.fields.map((field) => [field.name, plain(field.type, record[field.name])]));
    }
    case "union": {
      if (value === null) return null;
      const [[name, inner]] = Object.entries(value as object) as [[string, unknown]];
      return plain(node.branches.find((branch) => branchName(branch) === name)!, inner);
    }
    default:
      return value;
  }
}
