import type { Batch } from "../../base/batch.ts";
import type { Float64Column, Int32Column, Int64Column, TextColumn } from "../../base/columns.ts";
import type { Field } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import type { Taker } from "../../schemas/straight-reader.ts";
import { isPlaceholder } from "./absent-values.ts";
import type { DatabaseKind } from "./config.ts";
import { SMALL_BYTES, smallOfBytes } from "./decimal-bytes.ts";
import { defaultWriter } from "./default-value.ts";
import { FARTHEST_MS, InstantParser } from "./instant.ts";
import { unitOf } from "./instant-mapping.ts";
import { KeyWriter } from "./key-text.ts";
import { endOfName } from "./transaction-id.ts";
import { integerNames, TextNames } from "./value-mapping.ts";

/** A field's column, in a batch that the row read becomes row `batch.count + row` of. */
export interface FusedTarget {
  readonly batch: Batch;
  readonly name: string;
}

/** What takes the values of a field from a column of a type that it can be read from; never for money. */
export function fieldTaker(field: Field, type: FieldDescription, target: FusedTarget): Taker {
  const { batch, name } = target;
  const to = batch.column(name);
  const setNull = (row: number) => {
    to.nulls[batch.count + row] = 1;
    return true;
  };
  if (field.default === undefined) return { none: setNull, ...valueTaker(field, type, target) };
  const putDefault = defaultWriter(field, to);
  const none = (row: number) => {
    putDefault(batch.count + row);
    return true;
  };
  return { none, ...valueTaker(field, type, target) };
}

type ValueTaker = Omit<Taker, "none">;

function valueTaker(field: Field, type: FieldDescription, target: FusedTarget): ValueTaker {
  switch (field.kind) {
    case "id":
      return idTaker(type, target);
    case "text":
      return field.values === undefined ? textTaker(target) : namesTaker(field, target);
    case "integer":
      return integerTaker(target);
    case "number":
      return numberTaker(target);
    case "flag":
      return flagTaker(target);
    case "instant":
      return type.type === "string" ? zonedTaker(target) : instantTaker(field, type, target);
    case "money":
      return {};
  }
}

function idTaker(type: FieldDescription, { batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as TextColumn;
  const writer = new KeyWriter();
  const isText = type.type === "string" || type.type === "enum";
  return {
    integer: (low, high, row) => {
      writer.reset();
      writer.words(low, high);
      writer.putInto(to, batch.count + row);
      return true;
    },
    bytes: (bytes, start, end, row) => {
      if (isText && isPlaceholder(bytes, start, end)) return false;
      writer.reset();
      if (isText) writer.text(bytes, start, end);
      else writer.decimal(bytes, start, end);
      writer.putInto(to, batch.count + row);
      return true;
    },
  };
}

/** What takes the names of transactions; see `transactionIdMapping`. */
export function transactionTaker(kind: DatabaseKind, { batch, name }: FusedTarget): Taker {
  const to = batch.column(name) as TextColumn;
  const writer = new KeyWriter();
  return {
    none: (row) => {
      to.nulls[batch.count + row] = 1;
      return true;
    },
    bytes: (bytes, start, end, row) => {
      writer.reset();
      writer.text(bytes, start, endOfName(kind, bytes, start, end));
      writer.putInto(to, batch.count + row);
      return true;
    },
  };
}

function textTaker({ batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as TextColumn;
  return {
    bytes: (bytes, start, end, row) => {
      if (isPlaceholder(bytes, start, end)) return false;
      to.put(batch.count + row, bytes, start, end);
      return true;
    },
  };
}

function namesTaker({ values, otherwise }: Field, { batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as TextColumn;
  const others = otherwise === undefined ? undefined : Buffer.from(otherwise);
  const texts = new TextNames(values!, others);
  const integers = integerNames(values!);
  const put = (named: Buffer | undefined, row: number) => {
    if (named === undefined) return false;
    to.put(batch.count + row, named, 0, named.length);
    return true;
  };
  return {
    integer: (low, high, row) => isSafe(high) && put(integers.get(numberOf(low, high)) ?? others, row),
    bytes: (bytes, start, end, row) => !isPlaceholder(bytes, start, end) && put(texts.of(bytes, start, end), row),
  };
}

function integerTaker({ batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as Int64Column;
  return {
    integer: (low, high, row) => {
      const at = batch.count + row;
      to.words[2 * at] = low;
      to.words[2 * at + 1] = high;
      to.nulls[at] = 0;
      return true;
    },
    bytes: (bytes, start, end, row) => {
      if (end - start > SMALL_BYTES) return false;
      to.setNumber(batch.count + row, smallOfBytes(bytes, start, end));
      return true;
    },
  };
}

function numberTaker({ batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as Float64Column;
  return {
    integer: (low, high, row) => {
      to.set(batch.count + row, numberOf(low, high));
      return true;
    },
    number: (value, row) => {
      to.set(batch.count + row, value);
      return true;
    },
  };
}

function flagTaker({ batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as Int32Column;
  return {
    integer: (low, _high, row) => {
      to.set(batch.count + row, low === 0 ? 0 : 1);
      return true;
    },
  };
}

function zonedTaker({ batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as Float64Column;
  const parser = new InstantParser();
  return {
    bytes: (bytes, start, end, row) => {
      const time = parser.parse(bytes, start, end);
      to.set(batch.count + row, time);
      return !Number.isNaN(time);
    },
  };
}

function instantTaker(field: Field, type: FieldDescription, { batch, name }: FusedTarget): ValueTaker {
  const to = batch.column(name) as Float64Column;
  const unit = unitOf(type, field.unit);
  if (unit === undefined) return {};
  const ms = "ms" in unit ? unit.ms : 1;
  const perMs = "perMs" in unit ? unit.perMs : 1;
  return {
    integer: (low, high, row) => {
      if (!isSafe(high)) return false;
      const time = Math.floor(numberOf(low, high) / perMs) * ms;
      to.set(batch.count + row, time);
      return Math.abs(time) <= FARTHEST_MS;
    },
  };
}

/** The integer of two words: exact where `isSafe`, else the nearest double. */
export function numberOf(low: number, high: number): number {
  return high * 4_294_967_296 + (low >>> 0);
}

/** True where the integer is exact as a number whatever its lower word is. */
export function isSafe(high: number): boolean {
  return high > -0x200000 && high < 0x200000;
}
