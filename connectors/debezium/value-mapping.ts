import type { Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { Field, ValueMap } from "../../dataflow/model.ts";
import { AbsentValues, holds } from "./absent-values.ts";
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
  const names = integerNames(values);
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

/** What integers are called: those within ±2^53 as numbers, the others as bigints. */
export function integerNames(values: ValueMap): ReadonlyMap<number | bigint, Buffer> {
  const digits = Object.entries(values).filter(([value]) => /^-?\d+$/.test(value));
  return new Map(digits.map(([value, name]) => [exact(BigInt(value)), Buffer.from(name)]));
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
  const names = new TextNames(values, others);
  return (count, base, bad) => {
    for (let row = 0; row < count; row++) {
      if (text.nulls[row] === 1 || absent.take(row, base + row)) {
        to.nulls[base + row] = 1;
        continue;
      }
      const name = names.of(text.heap, text.starts[row]!, text.ends[row]!);
      if (name !== undefined) to.put(base + row, name, 0, name.length);
      else bad.mark(row, "VALUE_NOT_MAPPED", { column, value: cut(JSON.stringify(shownText(text, row))) });
    }
  };
}

/** What texts are called. */
export class TextNames {
  readonly #names: readonly { readonly value: Buffer; readonly name: Buffer }[];
  readonly #others: Buffer | undefined;
  /** Rows that follow each other mostly have the same value. */
  #last: { readonly value: Buffer; readonly name: Buffer };

  constructor(values: ValueMap, others: Buffer | undefined) {
    this.#names = Object.entries(values).map(([value, name]) => ({
      value: Buffer.from(value),
      name: Buffer.from(name),
    }));
    this.#last = this.#names[0]!;
    this.#others = others;
  }

  /** The name of the text in `bytes[start .. end)`; undefined where it has none. */
  of(bytes: Uint8Array, start: number, end: number): Buffer | undefined {
    if (!holds(bytes, start, end, this.#last.value)) {
      const found = this.#names.find(({ value }) => holds(bytes, start, end, value));
      if (found === undefined) return this.#others;
      this.#last = found;
    }
    return this.#last.name;
  }
}
