import type { ConditionValue } from "./graph.ts";
import { type Field, isOfKind, type MoneyValue } from "./model.ts";

/** Where a field lies. Null lies nowhere, and money of another currency neither. */
export interface Bound<out T extends Bounded = Bounded> {
  readonly is: "atLeast" | "below";
  readonly value: T;
}

/** What a field is not; null is not anything else either. */
export interface Unlike<out T extends ConditionValue = ConditionValue> {
  readonly is: "not";
  readonly values: readonly T[];
}

/** Integers, numbers, points in time in ms, and money. */
export type Bounded = bigint | number | MoneyValue;

/** Holds from a value on: `where({ amount: atLeast({ minor: 100_00n, currency: "EUR" }) })`. */
export const atLeast = <T extends Bounded>(value: T): Bound<T> => ({ is: "atLeast", value });

/** Holds before a value: `where({ capturedAt: below(Date.UTC(2026, 0)) })`. */
export const below = <T extends Bounded>(value: T): Bound<T> => ({ is: "below", value });

/** Holds for all values but these: `where({ status: not("failed", "reversed") })`. */
export const not = <const T extends readonly ConditionValue[]>(...values: T): Unlike<T[number]> => ({
  is: "not",
  values,
});

/** Whether a bound can be one of a field: of integers numbers too, while they are exact. */
export function isBoundOf({ kind }: Field, { value }: Bound): boolean {
  switch (kind) {
    case "integer":
      return Number.isSafeInteger(value) || isOfKind(kind, value);
    case "number":
    case "instant":
      return Number.isFinite(value);
    case "money":
      return typeof value === "object" && value !== null && isOfKind(kind, value);
    default:
      return false;
  }
}
