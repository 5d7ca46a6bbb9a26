import type { RecordNode, SchemaNode } from "./schema-tree.ts";

/**
 * A default of a valid schema, from its JSON form to the form of decoded values: longs as bigint, bytes from a text of
 * code points 0 to 255, a union's from its first branch, records filled up with their own defaults.
 */
export function avroDefault(node: SchemaNode, json: unknown): unknown {
  switch (node.kind) {
    case "union":
      return avroDefault(node.branches[0]!, json);
    case "long":
      return BigInt(json as number | string);
    case "float":
      return Math.fround(json as number);
    case "bytes":
    case "fixed":
      return new Uint8Array(Buffer.from(json as string, "latin1"));
    case "array":
      return (json as unknown[]).map((item) => avroDefault(node.items, item));
    case "map":
      return Object.fromEntries(
        Object.entries(json as object).map(([key, value]) => [key, avroDefault(node.values, value)]),
      );
    case "record":
      return Object.fromEntries(recordEntries(node, json as Record<string, unknown>));
    default:
      return json;
  }
}

function recordEntries(node: RecordNode, json: Readonly<Record<string, unknown>>): [string, unknown][] {
  return node.fields.map((field) => {
    const value = Object.hasOwn(json, field.name) ? json[field.name] : field.default;
    return [field.name, avroDefault(field.type, value)];
  });
}
