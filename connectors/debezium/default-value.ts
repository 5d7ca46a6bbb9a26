import type { Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { Field } from "../../dataflow/model.ts";
import type { MappedField, Mapper } from "./mapping.ts";

/** A mapper after which the field's default stands for null; never for a value that Debezium left out. */
export function withDefault(map: Mapper, field: Field, to: MappedField): Mapper {
  if (field.default === undefined) return map;
  const put = defaultWriter(field, to.to);
  const bit = 1 << to.index;
  return (count, base, bad) => {
    map(count, base, bad);
    for (let row = base; row < base + count; row++) {
      if (to.to.nulls[row] === 1 && (to.absent.values[row]! & bit) === 0) put(row);
    }
  };
}

/** Writes the field's default, which it has, into a row. */
export function defaultWriter({ kind, default: value }: Field, to: Column): (row: number) => void {
  switch (kind) {
    case "text": {
      const bytes = Buffer.from(value as string);
      return (row) => (to as TextColumn).put(row, bytes, 0, bytes.length);
    }
    case "integer": {
      const integer = BigInt(value as string);
      return (row) => (to as Int64Column).setBig(row, integer);
    }
    default: {
      const number = Number(value);
      return (row) => (to as Float64Column | Int32Column).set(row, number);
    }
  }
}
