import { type Key, type KeyPart, keyOf } from "../base/key.ts";
import { exponentOf, fitsInt64, type RoundingMode } from "../base/money.ts";
import { checkedTables, checkFields } from "./model-check.ts";
import type { Writes } from "./writes.ts";

/** What a field of a model holds, and how a table says it; `T` is its type in row views and conditions. */
export interface Field<T = unknown, K extends FieldKind = FieldKind> {
  readonly kind: K;
  /** The table's column; default: the field's name in snake_case. */
  readonly column?: string;
  readonly money?: MoneyMapping;
  /** For text: what the table's values are called here. */
  readonly values?: ValueMap;
  /** For text with `values`: what all others are called. Without it such a value is a fault of the record. */
  readonly otherwise?: string;
  /** What stands for null, an integer by its digits. */
  readonly default?: string | number | boolean;
  /** For an instant from an integer: what it counts since 1970. */
  readonly unit?: InstantUnit;
  /** Only for the type checker. */
  readonly type?: T;
}

export type FieldKind = "id" | "text" | "integer" | "number" | "flag" | "instant" | "money";

/** What a table's values are called in the model: `{ 1: "captured", 2: "failed" }`. Integers by their digits. */
export type ValueMap = Readonly<Record<string | number, string>>;

/** Seconds, milliseconds or microseconds. */
export type InstantUnit = "s" | "ms" | "us";

/** How a column becomes money. */
export interface MoneyMapping {
  /** Column that holds the currency code, or */
  readonly currencyFrom?: string;
  /** the one currency of all rows. */
  readonly currency?: string;
  /** What the column calls currencies, where that is not ISO 4217's code: `{ 978: "EUR" }`. Others are a fault of the record. */
  readonly currencies?: ValueMap;
  /** Digits after the point of the minor unit; default: the currency's ISO 4217 exponent. */
  readonly scale?: number;
  /** Rounding where the column is finer than the scale. Without it such a value is a fault of the record. */
  readonly rounding?: RoundingMode;
  /**
   * An integer column holds minor units already, those of the scale; or units with so many digits after the point: 2 for
   * cents. Default: whole currency units.
   */
  readonly minorUnits?: boolean | number;
}

/** Money as row views show it. */
export interface MoneyValue {
  readonly minor: bigint;
  readonly currency: string;
}

declare const factor: unique symbol;

/** An exact factor between two currencies, as units of its last digit: no money, and not summed as such. */
export interface Rate {
  readonly minor: bigint;
  readonly [factor]: true;
}

/** A field that holds points in time, told from other numbers by its kind. */
export type InstantField = Field<number, "instant">;

declare const canonical: unique symbol;

/** A business key in canonical text (see base/key.ts): a type of its own, so that only keys are used as keys. */
export type Id = Key & { readonly [canonical]: true };

/** The canonical key of a value, for functions that make keys. */
export const idOf = (part: KeyPart): Id => keyOf(part) as Id;

/** A business key or a part of it: integers of any width and strings. It has no default: rows without a key share none. */
export const id = (column?: string): Field<Id, "id"> => field("id", column);

/** Text; database enums and UUIDs too. With `values` what it holds is called otherwise than in the table, integers too. */
export function text(column?: string): Field<string, "text">;
export function text<const V extends ValueMap, const O extends string = never, const D extends string = never>(
  options: TextOptions & { readonly values: V; readonly otherwise?: O; readonly default?: D },
): Field<NoInfer<V[keyof V] | O | D>, "text">;
export function text(options: TextOptions & { readonly otherwise?: never }): Field<string, "text">;
export function text(from?: string | TextOptions): Field<string, "text"> {
  return field("text", from);
}

/** How text is read. */
export interface TextOptions {
  readonly column?: string;
  readonly values?: ValueMap;
  readonly default?: string;
}

/** A 64-bit integer, exact. */
export function integer(
  from?: string | { readonly column?: string; readonly default?: bigint },
): Field<bigint, "integer"> {
  if (typeof from !== "object" || typeof from?.default !== "bigint") return field("integer", from as string | object);
  return field("integer", { ...from, default: String(from.default) });
}

/** An IEEE double, for measures and scores. Never for money: it is not exact. */
export const number = (
  from?: string | { readonly column?: string; readonly default?: number },
): Field<number, "number"> => field("number", from);

/** A boolean; MariaDB's TINYINT(1) too. */
export const flag = (
  from?: string | { readonly column?: string; readonly default?: boolean },
): Field<boolean, "flag"> => field("flag", from);

/**
 * A point in time in epoch milliseconds, from any of Debezium's time types. A date is its midnight in UTC. An integer needs
 * the `unit` that it counts in, which is never guessed.
 */
export const instant = (from?: string | { readonly column?: string; readonly unit?: InstantUnit }): InstantField =>
  field("instant", from);

/** An amount. By default its currency comes from the column `currency`. */
export function money(options: MoneyMapping & { readonly column?: string } = {}): Field<MoneyValue, "money"> {
  const { column, ...mapping } = options;
  const currency = mapping.currency === undefined ? { currencyFrom: mapping.currencyFrom ?? "currency" } : {};
  return { ...field<MoneyValue, "money">("money", column), money: { ...mapping, ...currency } };
}

/**
 * A rate of exchange, exact: a decimal, integer or text column, never a float. `scale`: digits behind its point; a value with
 * more of them is a fault of the record. Default: 8.
 */
export function rate({
  column,
  scale = 8,
}: {
  readonly column?: string;
  readonly scale?: number;
} = {}): Field<Rate, "money"> {
  return { ...field<Rate, "money">("money", column), money: { currency: NO_CURRENCY, scale } };
}

/** ISO 4217's code for what is in no currency. */
export const NO_CURRENCY = "XXX";

function field<T, K extends FieldKind>(kind: K, from: string | object | undefined): Field<T, K> {
  if (from === undefined) return { kind };
  return typeof from === "object" && from !== null ? { ...from, kind } : { kind, column: from };
}

/** The fields of a model by name. */
export type Fields = Readonly<Record<string, Field>>;

/** The value type of a field. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** Names of the fields of one kind of value, so that `sum` takes money only. */
export type FieldsOf<F extends Fields, T> = { [K in keyof F]: ValueOf<F[K]> extends T ? K : never }[keyof F] & string;

/** Names of the fields that are instants. */
export type InstantsOf<F extends Fields> = { [K in keyof F]: F[K] extends InstantField ? K : never }[keyof F] & string;

/** Whether a value, which is not null, is one of a kind of field: jobs run without the compiler. */
export function isOfKind(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case "id":
    case "text":
      return typeof value === "string";
    case "integer":
      return typeof value === "bigint" && fitsInt64(value);
    case "number":
    case "instant":
      return typeof value === "number";
    case "flag":
      return typeof value === "boolean";
    case "money": {
      const { minor, currency } = value as Partial<MoneyValue>;
      return typeof minor === "bigint" && fitsInt64(minor) && exponentOf(currency as string) !== undefined;
    }
  }
}

/** Where rows of a model come from. */
export interface Table {
  /** A name that configuration binds to topics. */
  readonly source: string;
  readonly table: string;
  /** Fields that the table has in another way than the model says. */
  readonly fields?: Fields;
  /** Its updates and deletes say the whole row as it was before; see `TableOptions`. */
  readonly before?: "full";
}

/** What else is said of a table. */
export interface TableOptions {
  /**
   * Its updates and deletes say the whole row as it was before them: PostgreSQL's `REPLICA IDENTITY FULL`, MariaDB's
   * `binlog_row_image = FULL`. Then nothing is kept of each row where only checks by key read the model: they take back what
   * the change says, and keep what they need besides until `retain`. An update or delete that does not say it is a fault.
   */
  readonly before?: "full" | undefined;
}

/** A table that has all fields as the model says. */
export interface UnmappedTable extends Table {
  readonly fields?: never;
}

/** A table that maps the fields `O` itself. */
export interface MappedTable<O extends Fields> extends Table {
  readonly fields: O;
  /** Only for the type checker: fields that the model must have. */
  readonly mapped?: keyof O;
}

/** A table that can feed a model with fields `F`: what it maps itself has the names, kinds and values of the model's. */
export interface TableOf<F extends Fields> {
  readonly source: string;
  readonly table: string;
  readonly fields?: { readonly [K in keyof F]?: Field<ValueOf<F[K]>, F[K]["kind"]> };
  readonly before?: "full";
  readonly mapped?: keyof F;
}

/**
 * Names a table of a source. Several tables can feed one model though each calls things by names of its own: `fields` says
 * how the table has them, each with the kind that the model has it in. The mapping of such a field is all said here, its
 * column too; nothing but the scale of money is taken from the model's own.
 */
export function table(source: string, name: string, options?: TableOptions): UnmappedTable;
export function table<const O extends Fields>(
  source: string,
  name: string,
  fields: O,
  options?: TableOptions,
): MappedTable<O>;
export function table(source: string, name: string, second?: Fields | TableOptions, third?: TableOptions): Table {
  const [fields, options] = isOptions(second) ? [undefined, second] : [second, third];
  const before = options?.before === undefined ? {} : { before: options.before };
  return { source, table: name, ...(fields === undefined ? {} : { fields }), ...before };
}

/** A field called `before` is an object, and beside options there are no fields. */
function isOptions(given: Fields | TableOptions | undefined): given is TableOptions {
  return given !== undefined && Object.keys(given).join() === "before" && typeof given.before !== "object";
}

/**
 * A business object: a typed schema and its mapping from tables. The model is the projection: exactly its columns are
 * decoded, and nothing else of a row is ever materialised.
 */
export interface Model<F extends Fields = Fields> {
  readonly name: string;
  readonly fields: F;
  readonly from: readonly Table[];
  /** The instant that deadlines count from; default: the event time. */
  readonly businessTime?: string;
  /**
   * Its tables' rows are only ever inserted: ledgers, outboxes, logs of events. Nothing is kept of a row then, so streams
   * of it cost little; a change that is no insert is a fault. What a connector says again after a crash comes again,
   * unless it runs with `exactly.once.support`: therefore checks do not take such models.
   */
  readonly insertsOnly?: true;
  /** Not its rows are handed on, but the writes of them. */
  readonly writes?: Writes;
}

/** Declares a model. MODEL_INVALID. */
export function model<const F extends Fields>(
  name: string,
  spec: {
    readonly from: TableOf<NoInfer<F>> | readonly TableOf<NoInfer<F>>[];
    readonly fields: F;
    readonly businessTime?: InstantsOf<F>;
    readonly insertsOnly?: true;
  },
): Model<F> {
  const { fields, businessTime, insertsOnly } = spec;
  const tables = (Array.isArray(spec.from) ? spec.from : [spec.from]) as unknown as readonly Table[];
  const from = checkedTables(name, fields, tables, insertsOnly === true);
  checkFields(name, fields, businessTime);
  const time = businessTime === undefined ? {} : { businessTime };
  return { name, from, fields, ...time, ...(insertsOnly === true ? { insertsOnly } : {}) };
}

/** How a model's fields are mapped from one of its tables, an index into `from`. */
export function fieldsFrom(model: Model, table: number): Fields {
  const own = model.from[table]?.fields;
  return own === undefined ? model.fields : { ...model.fields, ...own };
}

/** Whether a name can be that of a field: letters and digits, as in Avro. */
export function isFieldName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** The table column that a field is read from. */
export function columnOf(name: string, declared: Field): string {
  return declared.column ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
