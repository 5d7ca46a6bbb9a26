import type { Batch } from "../../base/batch.ts";
import type { BytesColumn, Column, Float64Column, Int32Column, Int64Column } from "../../base/columns.ts";
import { keyOf } from "../../base/key.ts";
import { packCurrency } from "../../base/money.ts";
import type { Bound } from "../../dataflow/bound.ts";
import { currencyColumn } from "../../dataflow/change-layout.ts";
import type { Condition, ConditionValue } from "../../dataflow/graph.ts";
import type { FieldKind, Fields, MoneyValue } from "../../dataflow/model.ts";

/** Tells whether a row of the batch that it was compiled for is wanted. */
export type Predicate = (row: number) => boolean;

/**
 * Compiles a condition over the columns of a batch: values are encoded once, as the column holds them, and rows are
 * compared in place. A null field satisfies nothing.
 */
export function compilePredicate(fields: Fields, condition: Condition, batch: Batch): Predicate {
  const parts = Object.entries(condition).map(([name, wanted]) => partOf(fields[name]!.kind, batch, name, wanted));
  if (parts.length === 1) return parts[0]!;
  return (row) => parts.every((part) => part(row));
}

function partOf(kind: FieldKind, batch: Batch, name: string, wanted: Condition[string]): Predicate {
  const column = batch.column(name);
  if (typeof wanted !== "object") return anyOf(kind, column, [wanted]);
  if (!("is" in wanted)) return anyOf(kind, column, wanted);
  if (wanted.is === "not") {
    const isAny = anyOf(kind, column, wanted.values);
    return (row) => column.nulls[row] === 0 && !isAny(row);
  }
  const holds = kind === "money" ? moneyWithin(batch, name, wanted) : within(kind, column, wanted);
  return (row) => column.nulls[row] === 0 && holds(row);
}

function within(kind: FieldKind, column: Column, { is, value }: Bound): Predicate {
  if (kind !== "integer") {
    const numbers = column as Float64Column;
    const bound = value as number;
    return is === "below" ? (row) => numbers.values[row]! < bound : (row) => numbers.values[row]! >= bound;
  }
  const integers = column as Int64Column;
  const bound = BigInt(value as bigint | number);
  return is === "below" ? (row) => integers.big[row]! < bound : (row) => integers.big[row]! >= bound;
}

/** Of amounts in one currency alone it can be said where they lie. */
function moneyWithin(batch: Batch, name: string, { is, value }: Bound): Predicate {
  const { minor, currency } = value as MoneyValue;
  const packed = packCurrency(currency);
  const currencies = batch.column(currencyColumn(name)) as Int32Column;
  const holds = within("integer", batch.column(name), { is, value: minor });
  return (row) => currencies.values[row] === packed && holds(row);
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
