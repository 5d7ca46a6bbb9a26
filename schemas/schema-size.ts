import { partsOf, type SchemaNode } from "./schema-tree.ts";

/** The least number of bytes that a value takes. Where that is 0, every value takes none. */
export function leastBytes(node: SchemaNode): number {
  return memoised(LEAST_BYTES, node, 1, () => {
    switch (node.kind) {
      case "null":
        return 0;
      case "float":
        return 4;
      case "double":
        return 8;
      case "fixed":
        return node.size;
      case "record":
        return node.fields.reduce((sum, field) => sum + leastBytes(field.type), 0);
      case "union":
        return 1 + Math.min(...node.branches.map(leastBytes));
      default:
        return 1;
    }
  });
}

/** How many types there are when every name is written out; a recursive record counts as one. */
export function expandedSize(node: SchemaNode): number {
  return memoised(EXPANDED_SIZES, node, 1, () => {
    if (node.kind === "record" && node.recursive) return 1;
    return partsOf(node).reduce((sum, part) => sum + expandedSize(part), 1);
  });
}

const LEAST_BYTES = new WeakMap<SchemaNode, number>();
const EXPANDED_SIZES = new WeakMap<SchemaNode, number>();

/** `meanwhile` is the answer for a recursive record that meets itself while it is being measured. */
function memoised(
  known: WeakMap<SchemaNode, number>,
  node: SchemaNode,
  meanwhile: number,
  measure: () => number,
): number {
  let answer = known.get(node);
  if (answer === undefined) {
    known.set(node, meanwhile);
    answer = measure();
    known.set(node, answer);
  }
  return answer;
}
