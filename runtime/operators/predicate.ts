import type { Batch } from "../../base/batch.ts";
import type { BytesColumn, Column, Int32Column, Int64Column } from "../../base/columns.ts";
import { keyOf } from "../../base/key.ts";
import type { Condition, ConditionValue } from "../../dataflow/graph.ts";
import type { FieldKind, Fields } from "../../dataflow/model.ts";

/** Tells whether a row of the batch that it was compiled for is wanted. */
export type Predicate = (row: number) => boolean;

/**
 * Compiles a condition over the columns of a batch: values are encoded once, as the column holds them, and rows are
 * compared in place. A null field satisfies nothing.
 */
export function compilePredicate(fields: Fields, condition: Condition, batch: Batch): Predicate {
  const parts = Object.entries(condition).map(([name, wanted]) =>
    anyOf(fields[name]!.kind, batch.column(name), Array.isArray(wanted) ? wanted : [wanted as ConditionValue]),
  );
  if (parts.length === 1) return parts[0]!;
  return (row) => parts.every((part) => part(row));
}

function anyOf(kind: FieldKind, column: Column, wanted: readonly ConditionValue[]): Predicate {
  const tests = wanted.map((value) => equals(kind, column, value));
  const [first, second] = tests;
  if (second === undefined) return (row) => column.nulls[row] === 0 && first !== undefined && first(row);
  return (row) => column.nulls[row] === 0 && tests.some((test) => test(row));
}

function equals(kind: FieldKind, column: Column, value: ConditionValue): Predicate {
  switch (kind) {
    case "integer": {
      const integers = column as Int64Column;
      const wanted = BigInt(value);
      return (row) => integers.big[row] === wanted;
    }
    case "flag": {
      const flags = column as Int32Column;
      const wanted = value === true ? 1 : 0;
      return (row) => flags.values[row] === wanted;
    }
    default:
      return bytesEqual(column as BytesColumn, Buffer.from(kind === "id" ? keyOf(value) : String(value), "utf8"));
  }
}

function bytesEqual(column: BytesColumn, wanted: Buffer): Predicate {
  const length = wanted.length;
  return (row) => {
    const start = column.starts[row]!;
    if (column.ends[row]! - start !== length) return false;
    for (let i = 0; i < length; i++) if (column.heap[start + i] !== wanted[i]) return false;
    return true;
  };
}
