import type { BytesColumn, Column, Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import { fitsInt64 } from "../../base/money.ts";
import type { Field } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import { AbsentValues } from "./absent-values.ts";
import type { BadRows } from "./bad-rows.ts";
import { bigOfBytes, MOST_BYTES, SMALL_BYTES, smallOfBytes } from "./decimal-bytes.ts";
import { withDefault } from "./default-value.ts";
import { instantMapper } from "./instant-mapping.ts";
import { KeyWriter, keyPart } from "./key-text.ts";
import { cut, shownBytes } from "./shown.ts";
import { valueMapping } from "./value-mapping.ts";

/**
 * Maps rows 0 … `count` − 1 of the column that it was made for to rows `base` … of the model's. A null stays null; a
 * value that cannot be mapped is noted in `bad`.
 */
export type Mapper = (count: number, base: number, bad: BadRows) => void;

/** A mapper, and the family of what it reads: a field whose family changes is not the same field any more. */
export interface Mapping {
  readonly map: Mapper;
  readonly family: "number" | "text";
}

/** A column as it was decoded. */
export interface RawColumn {
  /** The table's name for it, for messages. */
  readonly name: string;
  readonly type: FieldDescription;
  readonly values: Column;
}

/** What every mapper of a field but money writes to. */
export interface MappedField {
  readonly to: Column;
  /** Number of the field in its model, which is its bit in `$absent`. */
  readonly index: number;
  readonly absent: Int32Column;
}

/** Avro types, as messages name them, that a field can be read from. */
export function readableTypes({ kind, values, unit }: Field): string {
  if (values !== undefined) return "string, enum, int or long, as it has `values`";
  return unit === undefined ? READABLE[kind] : "int or long, as it has a `unit`; times and dates have their own";
}

const READABLE = {
  id: "int, long, string, enum or a decimal of scale 0",
  text: "string or enum",
  integer: "int, long or a decimal of scale 0",
  number: "float, double, int or long; a decimal is money, or an integer",
  flag: "boolean or a small integer",
  instant:
    "one of Debezium's or Avro's time and date types, or int or long with a unit, as in instant({ unit: \"ms\" })",
  money: "a decimal, an integer, a string of digits, or a float where both `scale` and `rounding` are given",
} as const;

/** The mapper of any field but money; undefined where the column's type cannot be read as that. */
export function fieldMapping(declared: Field, from: RawColumn, field: MappedField): Mapping | undefined {
  const mapping = plainMapping(declared, from, field);
  return mapping && { ...mapping, map: withDefault(mapping.map, declared, field) };
}

function plainMapping(declared: Field, from: RawColumn, field: MappedField): Mapping | undefined {
  switch (declared.kind) {
    case "id":
      return idMapping(from, field);
    case "text":
      return declared.values === undefined ? textMapping(from, field) : valueMapping(from, declared, field);
    case "integer":
      return number(integerMapper(from, field.to as Int64Column));
    case "number":
      return number(numberMapper(from, field.to as Float64Column));
    case "flag":
      return number(flagMapper(from, field.to as Int32Column));
    case "instant":
      return number(instantMapper(from, field.to as Float64Column, declared.unit));
    case "money":
      return undefined;
  }
}

function number(map: Mapper | undefined): Mapping | undefined {
  return map && { map, family: "number" };
}

function idMapping(from: RawColumn, field: MappedField): Mapping | undefined {
  const part = from.type.type === "boolean" ? undefined : keyPart(from.type, from.values);
  if (part === undefined) return undefined;
  const { values } = from;
  const to = field.to as TextColumn;
  const writer = new KeyWriter();
  const absent = part.family === "text" ? new AbsentValues(from.values as TextColumn, field) : undefined;
  const map: Mapper = (count, base) => {
    for (let row = 0; row < count; row++) {
      if (values.nulls[row] === 1 || absent?.take(row, base + row)) {
        to.nulls[base + row] = 1;
      } else {
        writer.reset();
        part.write(writer, row);
        writer.putInto(to, base + row);
      }
    }
  };
  return { map, family: part.family === "text" ? "text" : "number" };
}

function textMapping(from: RawColumn, field: MappedField): Mapping | undefined {
  if (from.type.type !== "string" && from.type.type !== "enum") return undefined;
  const text = from.values as TextColumn;
  const to = field.to as TextColumn;
  const absent = new AbsentValues(text, field);
  const map: Mapper = (count, base) => {
    for (let row = 0; row < count; row++) {
      if (text.nulls[row] === 1 || absent.take(row, base + row)) to.nulls[base + row] = 1;
      else to.put(base + row, text.heap, text.starts[row]!, text.ends[row]!);
    }
  };
  return { map, family: "text" };
}

function integerMapper(from: RawColumn, to: Int64Column): Mapper | undefined {
  const { type, values } = from;
  if (type.type === "int") {
    const int = values as Int32Column;
    return (count, base) => {
      for (let row = 0; row < count; row++) {
        if (int.nulls[row] === 1) to.nulls[base + row] = 1;
        else to.setNumber(base + row, int.values[row]!);
      }
    };
  }
  if (type.type === "long") {
    return (count, base) => {
      for (let row = 0; row < count; row++) to.copy(base + row, values, row);
    };
  }
  const isWhole = type.logicalType === "decimal" && type.scale === 0;
  return isWhole ? wholeDecimalMapper(from.name, values as BytesColumn, to) : undefined;
}

/** A float is widened as it is; an integer past 2^53 becomes the nearest double. */
function numberMapper(from: RawColumn, to: Float64Column): Mapper | undefined {
  if (isAnnotated(from.type)) return undefined;
  const read = numberReader(from);
  if (read === undefined) return undefined;
  const { values } = from;
  return (count, base) => {
    for (let row = 0; row < count; row++) {
      if (values.nulls[row] === 1) to.nulls[base + row] = 1;
      else to.set(base + row, read(row));
    }
  };
}

function numberReader({ type, values }: RawColumn): ((row: number) => number) | undefined {
  switch (type.type) {
    case "int":
      return (row) => (values as Int32Column).values[row]!;
    case "long":
      return (row) => (values as Int64Column).number(row);
    case "float":
    case "double":
      return (row) => (values as Float64Column).values[row]!;
    default:
      return undefined;
  }
}

function wholeDecimalMapper(column: string, from: BytesColumn, to: Int64Column): Mapper {
  return (count, base, bad) => {
    for (let row = 0; row < count; row++) {
      const start = from.starts[row]!;
      const end = from.ends[row]!;
      if (from.nulls[row] === 1) to.nulls[base + row] = 1;
      else if (end - start <= SMALL_BYTES) to.setNumber(base + row, smallOfBytes(from.heap, start, end));
      else if (end - start > MOST_BYTES) {
        bad.mark(row, "INTEGER_OUT_OF_RANGE", { column, value: shownBytes(from.heap, start, end) });
      } else {
        const value = bigOfBytes(from.heap, start, end);
        if (fitsInt64(value)) to.setBig(base + row, value);
        else bad.mark(row, "INTEGER_OUT_OF_RANGE", { column, value: cut(String(value)) });
      }
    }
  };
}

function flagMapper(from: RawColumn, to: Int32Column): Mapper | undefined {
  const { type } = from.type;
  if (type !== "boolean" && (type !== "int" || isAnnotated(from.type))) return undefined;
  const values = from.values as Int32Column;
  return (count, base) => {
    for (let row = 0; row < count; row++) {
      to.values[base + row] = values.values[row] === 0 ? 0 : 1;
      to.nulls[base + row] = values.nulls[row]!;
    }
  };
}

/** True for a number that stands for something else, such as a date. */
function isAnnotated(type: FieldDescription): boolean {
  return type.connectName !== undefined || type.logicalType !== undefined;
}
