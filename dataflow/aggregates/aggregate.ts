import type { Field, Fields, FieldsOf, InstantField, InstantsOf, MoneyValue, ValueOf } from "../model.ts";
import type { Row } from "../row-view.ts";

/** One field of a result, and how it comes of rows. Made by the methods of an `AggregateBuilder`. */
export type Aggregate<D extends Field = Field> =
  | { readonly type: "key"; readonly out: D; readonly name: string }
  | { readonly type: "windowStart" | "windowEnd"; readonly out: D }
  | { readonly type: "count"; readonly out: D; readonly field?: string }
  | { readonly type: "sum" | "min" | "max"; readonly out: D; readonly field: string; readonly currency?: string }
  | { readonly type: "avg" | "first" | "last" | "distinct"; readonly out: D; readonly field: string }
  | { readonly type: "fold"; readonly out: D; readonly spec: FoldSpec<Fields, Fields, Field> };

/** What a job wants of its rows: the fields of the result by name. */
export type Aggregates = Readonly<Record<string, Aggregate>>;

/** The fields of a result. */
export type AggregatedFields<S extends Aggregates> = { readonly [N in keyof S]: S[N]["out"] };

/** The one currency of which amounts count. */
export type CurrencyOptions = readonly [] | readonly [{ readonly currency: string }];

/**
 * `unknown` where it is said of a money field, and of no other one, which currency counts: the options name it, or else
 * rows are keyed by it.
 */
export type OneCurrency<F extends Fields, K extends readonly string[], N extends keyof F, O extends CurrencyOptions> =
  ValueOf<F[N]> extends MoneyValue
    ? O extends readonly []
      ? `${N & string}.currency` extends K[number]
        ? unknown
        : { readonly "currencies would mix: name one": `{ currency: "EUR" }, or key by ${N & string}.currency too` }
      : unknown
    : O extends readonly []
      ? unknown
      : { readonly "only money has a currency": N };

/** Names of fields of numbers that can be added up. */
type NumbersOf<F extends Fields> = Exclude<FieldsOf<F, bigint | number>, InstantsOf<F>>;

/** Names of fields whose values have an order, or have one within a currency. */
type OrderedOf<F extends Fields> = FieldsOf<F, bigint | number | string | MoneyValue>;

/** The field of a part of a key. */
export type KeyPartField<F extends Fields, N extends string> = N extends keyof F ? F[N] : Field<string>;

/** The field of a sum of a field. */
export type SumField<D extends Field> =
  ValueOf<D> extends bigint ? Field<bigint> : ValueOf<D> extends number ? Field<number> : D;

/**
 * A job's own aggregate. Functions give what is kept next and change nothing in place; what is kept begins with all of
 * its fields null.
 */
export interface FoldSpec<F extends Fields, A extends Fields, D extends Field> {
  /** Fields of what is kept. */
  readonly keeps: A;
  /** The field of the result. */
  readonly gives: D;
  readonly add: (kept: Row<A>, row: Row<F>) => Row<A>;
  /** Takes a row back; needed over changelogs. */
  readonly retract?: (kept: Row<A>, row: Row<F>) => Row<A>;
  /** One of two that were kept apart; needed for sessions and sliding windows. */
  readonly merge?: (left: Row<A>, right: Row<A>) => Row<A>;
  readonly result: (kept: Row<A>) => ValueOf<D> | null;
}

/**
 * Aggregates by name, typed by the rows' fields and key. Nulls count for none of them, as in SQL: a sum, least, greatest,
 * average, first or last of nothing is null.
 */
export interface AggregateBuilder<F extends Fields, K extends readonly string[]> {
  /** A part of the key. */
  key<const N extends K[number]>(name: N): Aggregate<KeyPartField<F, N>>;
  /** How many rows there are; with a field, how many where it is not null. */
  count(field?: keyof F & string): Aggregate<Field<bigint>>;
  /**
   * The sum: of integers exact, of numbers a double, of money exact and of one currency. A sum past 64 bits fails with
   * AGGREGATE_TOO_LARGE.
   */
  sum<const N extends NumbersOf<F> | FieldsOf<F, MoneyValue>, const O extends CurrencyOptions>(
    field: N & OneCurrency<F, K, N, O>,
    ...options: O
  ): Aggregate<SumField<F[N]>>;
  /** The least value; of texts by code point, of ids integers first. NaN is above all numbers. */
  min<const N extends OrderedOf<F>, const O extends CurrencyOptions>(
    field: N & OneCurrency<F, K, N, O>,
    ...options: O
  ): Aggregate<F[N]>;
  /** The greatest value, in the order of `min`. */
  max<const N extends OrderedOf<F>, const O extends CurrencyOptions>(
    field: N & OneCurrency<F, K, N, O>,
    ...options: O
  ): Aggregate<F[N]>;
  /** The mean, a double. */
  avg(field: NumbersOf<F>): Aggregate<Field<number>>;
  /** The value of the earliest row by event time; of several the one that came first. */
  first<const N extends keyof F & string>(field: N): Aggregate<F[N]>;
  /** The value of the latest row by event time; of several the one that came last. */
  last<const N extends keyof F & string>(field: N): Aggregate<F[N]>;
  /** How many different values there are, exactly; all of them are kept. */
  distinct(field: keyof F & string): Aggregate<Field<bigint>>;
  /** What a job's own functions make of the rows. */
  fold<const A extends Fields, const D extends Field>(spec: FoldSpec<F, A, D>): Aggregate<D>;
}

/** Aggregates of windows, which can show the window. */
export interface WindowAggregateBuilder<F extends Fields, K extends readonly string[]> extends AggregateBuilder<F, K> {
  /** The first millisecond of the window. */
  windowStart(): Aggregate<InstantField>;
  /** The first millisecond behind the window. */
  windowEnd(): Aggregate<InstantField>;
}
