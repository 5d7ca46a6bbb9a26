import { raise } from "../base/errors.ts";
import { type Key, type KeyPart, keyOf } from "../base/key.ts";
import { exponentOf, fitsInt64, type RoundingMode } from "../base/money.ts";

/** What a field of a model holds; `T` is its type in row views and conditions. */
export interface Field<T = unknown> {
  readonly kind: FieldKind;
  /** The table's column; default: the field's name in snake_case. */
  readonly column?: string;
  readonly money?: MoneyMapping;
  /** Only for the type checker. */
  readonly type?: T;
}

export type FieldKind = "id" | "text" | "integer" | "number" | "flag" | "instant" | "money";

/** How a column becomes money. */
export interface MoneyMapping {
  /** Column that holds the currency code, or */
  readonly currencyFrom?: string;
  /** the one currency of all rows. */
  readonly currency?: string;
  /** Digits after the point of the minor unit; default: the currency's ISO 4217 exponent. */
  readonly scale?: number;
  /** Rounding where the column is finer than the scale. Without it such a value is a fault of the record. */
  readonly rounding?: RoundingMode;
  /** An integer column holds minor units already; default: whole currency units. */
  readonly minorUnits?: boolean;
}

/** Money as row views show it. */
export interface MoneyValue {
  readonly minor: bigint;
  readonly currency: string;
}

/** A field that holds points in time, told from other numbers by its kind. */
export type InstantField = Field<number> & { readonly kind: "instant" };

declare const canonical: unique symbol;

/** A business key in canonical text (see base/key.ts): a type of its own, so that only keys are used as keys. */
export type Id = Key & { readonly [canonical]: true };

/** The canonical key of a value, for functions that make keys. */
export const idOf = (part: KeyPart): Id => keyOf(part) as Id;

/** A business key or a part of it: integers of any width and strings. */
export const id = (column?: string): Field<Id> => field("id", column);
/** Text; database enums and UUIDs too. */
export const text = (column?: string): Field<string> => field("text", column);
/** A 64-bit integer, exact. */
export const integer = (column?: string): Field<bigint> => field("integer", column);
/** An IEEE double, for measures and scores. Never for money: it is not exact. */
export const number = (column?: string): Field<number> => field("number", column);
/** A boolean; MariaDB's TINYINT(1) too. */
export const flag = (column?: string): Field<boolean> => field("flag", column);
/** A point in time in epoch milliseconds, from any of Debezium's time types. A date is its midnight in UTC. */
export const instant = (column?: string): InstantField => ({ ...field<number>("instant", column), kind: "instant" });

/** An amount. By default its currency comes from the column `currency`. */
export function money(options: MoneyMapping & { readonly column?: string } = {}): Field<MoneyValue> {
  const { column, ...mapping } = options;
  const currency = mapping.currency === undefined ? { currencyFrom: mapping.currencyFrom ?? "currency" } : {};
  return { ...field<MoneyValue>("money", column), money: { ...mapping, ...currency } };
}

function field<T>(kind: FieldKind, column: string | undefined): Field<T> {
  return column === undefined ? { kind } : { kind, column };
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

/** Where rows of a model come from. `source` is a name that configuration binds to topics. */
export interface Table {
  readonly source: string;
  readonly table: string;
}

/** Names a table of a source. */
export const table = (source: string, name: string): Table => ({ source, table: name });

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
}

/** Declares a model. */
export function model<const F extends Fields>(
  name: string,
  spec: {
    readonly from: Table | readonly Table[];
    readonly fields: F;
    readonly businessTime?: InstantsOf<F>;
    readonly insertsOnly?: true;
  },
): Model<F> {
  checkFields(name, spec);
  const from = Array.isArray(spec.from) ? (spec.from as readonly Table[]) : [spec.from as Table];
  const { fields, businessTime, insertsOnly } = spec;
  const time = businessTime === undefined ? {} : { businessTime };
  return { name, from, fields, ...time, ...(insertsOnly === true ? { insertsOnly } : {}) };
}

/** Whether a name can be that of a field: letters and digits, as in Avro. */
export function isFieldName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** The table column that a field is read from. */
export function columnOf(name: string, declared: Field): string {
  return declared.column ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkFields(
  name: string,
  { fields, businessTime }: { readonly fields: Fields; readonly businessTime?: string },
) {
  const invalid = (field: string, reason: string) =>
    raise("MODEL_INVALID", { model: name, reason: `${field}: ${reason}` });
  for (const [field, { kind, money, column }] of Object.entries(fields)) {
    if (!isFieldName(field)) invalid(JSON.stringify(field), "its name should be letters and digits");
    if (column !== undefined && typeof column !== "string")
      invalid(field, `its column is ${JSON.stringify(column)}, and should be a name, as in ${kind}("other_name")`);
    const scale = money?.scale ?? 0;
    if (kind === "money" && !(Number.isInteger(scale) && scale >= 0 && scale <= 18)) {
      invalid(field, `its scale is ${scale}, and should be a whole number from 0 to 18`);
    }
  }
  if (businessTime !== undefined && fields[businessTime]?.kind !== "instant") {
    const instants = Object.keys(fields).filter((field) => fields[field]!.kind === "instant");
    invalid(businessTime, `it is the business time, but no instant; instants are ${instants.join(", ") || "none"}`);
  }
}
