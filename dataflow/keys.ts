import type { Batch } from "../base/batch.ts";
import type { BytesColumn, Float64Column, Int32Column, Int64Column, TextColumn } from "../base/columns.ts";
import { assert, raise } from "../base/errors.ts";
import { type Key, keyParts, textKey } from "../base/key.ts";
import { unpackCurrency } from "../base/money.ts";
import { currencyColumn } from "./change-layout.ts";
import { refuse, shown } from "./declared.ts";
import type { FieldKind, Fields, FieldsOf, Id, InstantsOf, MoneyValue, ValueOf } from "./model.ts";

/** What rows can be keyed by: a field, or the currency of a money field. */
export type KeyFieldOf<F extends Fields> =
  | FieldsOf<F, string | bigint | boolean>
  | InstantsOf<F>
  | `${FieldsOf<F, MoneyValue>}.currency`;

/** Types of the values of a key's parts: streams with the same can be joined. */
export type KeyTypes<F extends Fields, K extends readonly string[]> = {
  readonly [I in keyof K]: K[I] extends keyof F ? ValueOf<F[K[I]]> : string;
};

/** A part of a key. */
export interface KeyPartSpec {
  /** The field's name, or `amount.currency`. */
  readonly name: string;
  /** `text` for currencies. */
  readonly kind: Exclude<FieldKind, "money" | "number">;
}

/** What rows are keyed by. */
export interface KeySpec {
  /** The text column that holds the canonical key. */
  readonly column: string;
  readonly parts: readonly KeyPartSpec[];
}

/** The column of keys that are made of several fields, or of one that is no id. */
export const KEY_COLUMN = "$key";

/** Checks what rows are to be keyed by. JOB_FIELD_UNKNOWN, JOB_NOT_A_KEY. */
export function keySpec(place: string, fields: Fields, names: readonly string[]): KeySpec {
  if (names.length === 0) raise("JOB_NOT_A_KEY", { field: "nothing", place, kind: "none" });
  const parts = names.map((name) => partOf(place, fields, name));
  const [first] = parts;
  return { column: parts.length === 1 && first!.kind === "id" ? first!.name : KEY_COLUMN, parts };
}

/** Gives the canonical key of a row of the batch; undefined where a part of it is null. */
export function keyReader(batch: Batch, { column, parts }: KeySpec): (row: number) => Key | undefined {
  if (column !== KEY_COLUMN) {
    const keys = batch.column(column) as TextColumn;
    return (row) => (keys.nulls[row] === 1 ? undefined : keys.text(row));
  }
  const readers = parts.map((part) => partReader(batch, part));
  if (readers.length === 1) return readers[0]!;
  return (row) => {
    let key = "";
    for (let i = 0; i < readers.length; i++) {
      const part = readers[i]!(row);
      if (part === undefined) return undefined;
      const text = parts[i]!.kind === "id" ? ownPart(part) : part;
      key += i === 0 ? text : `|${text}`;
    }
    return key;
  };
}

/** The values of a key's parts, as fields of their kinds hold them. */
export function keyValues(key: Key, { column, parts }: KeySpec): readonly unknown[] {
  if (column !== KEY_COLUMN) return [key];
  const texts = keyParts(key);
  assert(texts.length === parts.length, `${key} has a part for each field`);
  return texts.map((text, i) => partValue(text, parts[i]!.kind));
}

/** An id that is of several parts, such as the key of a function that emits it, is one part of a key like any other. */
function ownPart(id: Key): Key {
  if (!id.startsWith(WHOLE) && (!SEVERAL.test(id) || ONE_PART.test(id))) return id;
  return WHOLE + id.replaceAll(SEVERAL_ALL, "\\$&");
}

/** Before an id of several parts where it is one: no other part begins so. */
const WHOLE = '"';
const SEVERAL = /[|\\]/;
const SEVERAL_ALL = /[|\\]/g;
const ONE_PART = /^(?:[^|\\]|\\.)*$/s;

function partOf(place: string, fields: Fields, name: string): KeyPartSpec {
  if (typeof name !== "string") refuse(place, `it is keyed by ${shown(name)}, and should be by names of fields`);
  const money = name.endsWith(".currency") ? fields[name.slice(0, -".currency".length)] : undefined;
  if (money?.kind === "money") return { name, kind: "text" };
  const field =
    (Object.hasOwn(fields, name) ? fields[name] : undefined) ??
    raise("JOB_FIELD_UNKNOWN", { field: name, place, known: Object.keys(fields).join(", ") });
  const { kind } = field;
  if (kind === "money" || kind === "number") return raise("JOB_NOT_A_KEY", { field: name, place, kind });
  return { name, kind };
}

function partReader(batch: Batch, { name, kind }: KeyPartSpec): (row: number) => Key | undefined {
  if (name.includes(".")) {
    const currencies = batch.column(currencyColumn(name.slice(0, -".currency".length))) as Int32Column;
    return (row) => (currencies.nulls[row] === 1 ? undefined : textKey(unpackCurrency(currencies.values[row]!)));
  }
  const column = batch.column(name);
  const read = valueReader(column as BytesColumn, kind);
  return (row) => (column.nulls[row] === 1 ? undefined : read(row));
}

function valueReader(column: unknown, kind: KeyPartSpec["kind"]): (row: number) => Key {
  switch (kind) {
    case "id":
      return (row) => (column as TextColumn).text(row);
    case "text":
      return (row) => textKey((column as TextColumn).text(row));
    case "integer": {
      const integers = column as Int64Column;
      return (row) => String(integers.isSafe(row) ? integers.number(row) : integers.big[row]!);
    }
    case "instant":
      return (row) => String((column as Float64Column).values[row]!);
    case "flag":
      return (row) => ((column as Int32Column).values[row] === 1 ? "true" : "false");
  }
}

function partValue(text: Key, kind: KeyPartSpec["kind"]): unknown {
  switch (kind) {
    case "id":
      return (text.startsWith(WHOLE) ? unescaped(text) : text) as Id;
    case "text":
      return unescaped(text);
    case "integer":
      return BigInt(text);
    case "instant":
      return Number(text);
    case "flag":
      return text === "true";
  }
}

/** What follows the mark of a part. */
function unescaped(part: Key): string {
  return part.slice(1).replace(/\\(.)/gs, "$1");
}
