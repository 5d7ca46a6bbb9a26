import type { BytesColumn, Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { Field, ValueMap } from "../../dataflow/model.ts";
import { AbsentValues } from "./absent-values.ts";
import type { MappedField, Mapper, Mapping, RawColumn } from "./mapping.ts";
import { cut, shownText } from "./shown.ts";

/**
 * The mapping of a text whose values are called otherwise in the table; undefined for a column that is no text and no
 * integer. A value that has no name is a fault of the record (VALUE_NOT_MAPPED), unless the field says what all others are.
 */
export function valueMapping(from: RawColumn, { values, otherwise }: Field, field: MappedField): Mapping | undefined {
  const { type, connectName, logicalType } = from.type;
  const others = otherwise === undefined ? undefined : Buffer.from(otherwise);
  if (type === "string" || type === "enum") return { map: textMapper(from, values!, others, field), family: "text" };
  if ((type !== "int" && type !== "long") || connectName !== undefined || logicalType !== undefined) return undefined;
  return { map: integerMapper(from, values!, others, field.to as TextColumn), family: "number" };
}

function integerMapper(from: RawColumn, values: ValueMap, others: Buffer | undefined, to: TextColumn): Mapper {
  const { name: column, values: integers } = from;
  const read = from.type.type === "int" ? intReader(integers) : longReader(integers);
  const names = new Map<number | bigint, Buffer>();
  for (const [digits, name] of Object.entries(values)) {
    if (/^-?\d+$/.test(digits)) names.set(exact(BigInt(digits)), Buffer.from(name));
  }
  return (count, base, bad) => {
    for (let row = 0; row < count; row++) {
      if (integers.nulls[row] === 1) {
        to.nulls[base + row] = 1;
        continue;
      }
      const name = names.get(read(row)) ?? others;
      if (name !== undefined) to.put(base + row, name, 0, name.length);
      else bad.mark(row, "VALUE_NOT_MAPPED", { column, value: String(integers.get(row)) });
    }
  };
}

/** A number wherever that is exact, so that no bigint is made for a row. */
const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

function intReader(column: Column): (row: number) => number {
  const int = column as Int32Column;
  return (row) => int.values[row]!;
}

function longReader(column: Column): (row: number) => number | bigint {
  const long = column as Int64Column;
  return (row) => (long.isSafe(row) ? long.number(row) : long.big[row]!);
}

function textMapper(from: RawColumn, values: ValueMap, others: Buffer | undefined, field: MappedField): Mapper {
  const { name: column } = from;
  const text = from.values as TextColumn;
  const to = field.to as TextColumn;
  const absent = new AbsentValues(text, field);
  const names = Object.entries(values).map(([value, name]) => ({ value: Buffer.from(value), name: Buffer.from(name) }));
  return (count, base, bad) => {
    // Rows that follow each other mostly have the same value.
    let last = names[0]!;
    for (let row = 0; row < count; row++) {
      if (text.nulls[row] === 1 || absent.take(row, base + row)) {
        to.nulls[base + row] = 1;
        continue;
      }
      if (!holds(text, row, last.value)) {
        const found = names.find(({ value }) => holds(text, row, value));
        if (found === undefined && others === undefined) {
          bad.mark(row, "VALUE_NOT_MAPPED", { column, value: cut(JSON.stringify(shownText(text, row))) });
          continue;
        }
        if (found === undefined) {
          to.put(base + row, others!, 0, others!.length);
          continue;
        }
        last = found;
      }
      to.put(base + row, last.name, 0, last.name.length);
    }
  };
}

function holds(column: BytesColumn, row: number, value: Buffer): boolean {
  const start = column.starts[row]!;
  if (column.ends[row]! - start !== value.length) return false;
  for (let i = 0; i < value.length; i++) if (column.heap[start + i] !== value[i]) return false;
  return true;
}
