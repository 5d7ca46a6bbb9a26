import { raise } from "../base/errors.ts";
import type { KeyPart } from "../base/key.ts";
import { type Bound, type Bounded, isBoundOf, type Unlike } from "./bound.ts";
import { declared, refuse, shown } from "./declared.ts";
import type { Environment } from "./environment.ts";
import type { Condition, Node, RowTest } from "./graph.ts";
import type { Field, FieldKind, Fields, Id, MoneyValue, ValueOf } from "./model.ts";

/**
 * Values to compare a field with: one, or a list of which any will do, or all `not(…)` these. Integers, numbers, instants
 * and money have bounds too: `atLeast(…)`, `below(…)`.
 */
export type Where<F extends Fields> = { readonly [K in keyof F]?: Equal<ValueOf<F[K]>> | Within<ValueOf<F[K]>> };
type Equal<T> = [T] extends [string | bigint | boolean]
  ? Comparable<T> | readonly Comparable<T>[] | Unlike<Comparable<T>>
  : never;
type Within<T> = T extends bigint | number ? Bound<T | number> : T extends MoneyValue ? Bound<MoneyValue> : never;
type Comparable<T> = T extends Id ? KeyPart : T extends bigint ? bigint | number : T;

/** The node that keeps the rows with the given values; equal conditions on the same rows are tested once. JOB_FIELD_UNKNOWN, JOB_NOT_COMPARABLE. */
export function filterNode(input: { environment: Environment; node: Node }, condition: Condition): Node {
  const { environment, node } = input;
  declared.spec(`where of ${node.uid}`, condition);
  for (const [name, wanted] of Object.entries(condition)) checkCondition(node, name, wanted);
  const known = environment.filterAfter(node, condition);
  if (known !== undefined) return known;
  const uid = environment.uidAfter(node, `where(${describe(condition)})`);
  return environment.add({ type: "filter", uid, inputs: [node], fields: node.fields, condition });
}

/** Adds a node that keeps the rows that a function holds for. */
export function filterByNode(input: { environment: Environment; node: Node }, condition: RowTest): Node {
  const { environment, node } = input;
  declared.callable(`filter of ${node.uid}`, "condition", condition);
  const uid = environment.uidAfter(node, "filter");
  return environment.add({ type: "filter", uid, inputs: [node], fields: node.fields, condition });
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkCondition(node: Node, name: string, wanted: Condition[string]): void {
  const field = Object.hasOwn(node.fields, name) ? node.fields[name] : undefined;
  const known = Object.keys(node.fields).join(", ");
  if (field === undefined) raise("JOB_FIELD_UNKNOWN", { field: name, place: node.uid, known });
  if (isBound(wanted)) return checkBound(node, name, field, wanted);
  if (wanted === undefined || UNCOMPARED.has(field.kind)) {
    raise("JOB_NOT_COMPARABLE", {
      field: name,
      place: node.uid,
      kind: wanted === undefined ? "undefined" : field.kind,
    });
  }
  const values = isUnlike(wanted) ? wanted.values : Array.isArray(wanted) ? wanted : [wanted];
  const wrong = values.find((value) => !isComparable(field.kind, value));
  if (wrong !== undefined || wanted === null)
    refuse(`where of ${node.uid}`, `${name} is ${field.kind}, and is compared with ${shown(wrong ?? wanted)}`);
}

function checkBound(node: Node, name: string, field: Field, bound: Bound): void {
  if (isBoundOf(field, bound)) return;
  refuse(`where of ${node.uid}`, `${name} is ${field.kind}, and its bound is ${boundText(bound.value)}`);
}

/** True for `atLeast(…)` and `below(…)`. */
function isBound(wanted: unknown): wanted is Bound {
  const is = (wanted as Partial<Bound> | null | undefined)?.is;
  return is === "atLeast" || is === "below";
}

/** True for `not(…)`. */
function isUnlike(wanted: unknown): wanted is Unlike {
  return (wanted as Partial<Unlike> | null | undefined)?.is === "not";
}

/** Whether a value can be equal to one of a field of a kind. */
function isComparable(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case "integer":
      return typeof value === "bigint" || Number.isSafeInteger(value);
    case "flag":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    default:
      return ["string", "bigint", "boolean"].includes(typeof value) || Number.isSafeInteger(value);
  }
}

const UNCOMPARED: ReadonlySet<FieldKind> = new Set(["money", "instant", "number"]);

function describe(condition: Condition): string {
  return Object.entries(condition)
    .map(([name, value]) => name + wantedText(value))
    .join(",");
}

function wantedText(wanted: Condition[string]): string {
  if (isBound(wanted)) return `${wanted.is === "below" ? "<" : ">="}${boundText(wanted.value)}`;
  if (isUnlike(wanted)) return `!=${wanted.values.join("|")}`;
  return `=${Array.isArray(wanted) ? wanted.join("|") : wanted}`;
}

function boundText(value: Bounded): string {
  return typeof value === "object" && value !== null ? `${value.minor} ${value.currency}` : shown(value);
}
