import { Batch } from "../../base/batch.ts";
import type { Column, Float64Column, Int64Column } from "../../base/columns.ts";
import { raise } from "../../base/errors.ts";
import { fieldLayout } from "../change-layout.ts";
import { declared } from "../declared.ts";
import type { Field, Fields } from "../model.ts";
import { SIDES } from "./late-side.ts";
import { packedRows, type UnpackRow } from "./packed-rows.ts";
import { type Ref, type Refs, refsOf } from "./selection.ts";

/** A comparison of two fields of a pair of rows. With a null on either side it does not hold, as in SQL. */
export interface Comparison {
  readonly is: "less" | "atMost";
  readonly one: Ref;
  readonly other: Ref;
}

/** Holds where one field is less than another of the same kind: integers, numbers, or points in time. */
export const less = <T extends bigint | number>(one: Ref<Field<T>>, other: Ref<Field<NoInfer<T>>>): Comparison => {
  return { is: "less", one, other };
};

/** Holds where one field is not greater than another of the same kind: integers, numbers, or points in time. */
export const atMost = <T extends bigint | number>(one: Ref<Field<T>>, other: Ref<Field<NoInfer<T>>>): Comparison => {
  return { is: "atMost", one, other };
};

/** Asks a job on which condition rows of one key match. JOB_JOIN_INVALID. */
export function comparisonsOf<L extends Fields, R extends Fields>(
  place: string,
  left: L,
  right: R,
  where: ((left: Refs<L>, right: Refs<R>) => readonly Comparison[]) | undefined,
): readonly Comparison[] {
  declared.callable(place, "where", where, true);
  const comparisons = where?.(refsOf("left", left), refsOf("right", right)) ?? [];
  const invalid = (reason: string): never => raise("JOB_JOIN_INVALID", { place, reason });
  if (!Array.isArray(comparisons)) invalid("its condition is no list, such as [less(left.no, right.no)]");
  for (const comparison of comparisons as readonly (Comparison | undefined)[]) {
    const { is, one, other } = comparison ?? invalid("its condition is made by less(…) and atMost(…)");
    if (is !== "less" && is !== "atMost") invalid("its condition is made by less(…) and atMost(…)");
    const [kind, otherKind] = [one, other].map((ref) => ref?.field?.kind);
    if (kind === undefined || otherKind === undefined)
      invalid("its condition compares a field that is of neither side");
    if (kind !== otherKind || !COMPARABLE.has(kind!))
      invalid(
        `its condition compares ${kind} with ${otherKind}: integers, numbers and instants can be, each with its own`,
      );
  }
  return comparisons;
}

/** A condition as a person would write it. */
export function conditionText(comparisons: readonly Comparison[]): string {
  const named = ({ side, name }: Ref) => `${side}.${name}`;
  return comparisons
    .map(({ is, one, other }) => `${named(one)} ${is === "less" ? "<" : "<="} ${named(other)}`)
    .join(" and ");
}

const COMPARABLE: ReadonlySet<string> = new Set(["integer", "number", "instant"]);

/**
 * Tests pairs of a row of a batch and a packed row of the other side, whose first fields are those of `fields`. The
 * condition holds where all comparisons do.
 */
export class PairCondition {
  /** By side: the fields that are compared. */
  readonly fields: readonly [Fields, Fields];
  readonly #comparisons: readonly Comparison[];
  /** By side: a row of its compared fields alone, and what reads a packed row into it. */
  readonly #single: readonly Batch[];
  readonly #unpack: readonly UnpackRow[];

  constructor(comparisons: readonly Comparison[]) {
    this.#comparisons = comparisons;
    this.fields = [fieldsOf(comparisons, "left"), fieldsOf(comparisons, "right")];
    this.#single = this.fields.map((fields) => new Batch(fieldLayout(fields), 1));
    this.#unpack = this.fields.map((fields, side) =>
      packedRows.unpacker(this.#single[side]!, fields, (name) => [name]),
    );
  }

  /** Gives the test of a batch's rows, which are of a side, with packed rows. */
  of(side: 0 | 1, batch: Batch): (row: number, bytes: Buffer, at: number) => boolean {
    const other = 1 - side;
    const [single, unpack] = [this.#single[other]!, this.#unpack[other]!];
    const tests = this.#comparisons.map(({ is, one, other }) => {
      const [isOne, isOther] = [one, other].map((ref) => ref.side === SIDES[side]) as [boolean, boolean];
      const columns = [
        (isOne ? batch : single).column(one.name),
        (isOther ? batch : single).column(other.name),
      ] as const;
      const compare = comparer(is, one.field, ...columns);
      return (row: number) => compare(isOne ? row : 0, isOther ? row : 0);
    });
    return (row, bytes, at) => {
      unpack(bytes, at, 0);
      for (let i = 0; i < tests.length; i++) if (!tests[i]!(row)) return false;
      return true;
    };
  }
}

function fieldsOf(comparisons: readonly Comparison[], side: Ref["side"]): Fields {
  const refs = comparisons.flatMap(({ one, other }) => [one, other]).filter((ref) => ref.side === side);
  return Object.fromEntries(refs.map(({ name, field }) => [name, field]));
}

function comparer(
  is: Comparison["is"],
  { kind }: Field,
  one: Column,
  other: Column,
): (a: number, b: number) => boolean {
  const isLess = is === "less";
  const holds = kind === "integer" ? integers(isLess, one, other) : numbers(isLess, one, other);
  return (a, b) => one.nulls[a] !== 1 && other.nulls[b] !== 1 && holds(a, b);
}

function integers(isLess: boolean, one: Column, other: Column): (a: number, b: number) => boolean {
  const [ones, others] = [one as Int64Column, other as Int64Column];
  return (a, b) => {
    if (!ones.isSafe(a) || !others.isSafe(b))
      return isLess ? ones.big[a]! < others.big[b]! : ones.big[a]! <= others.big[b]!;
    return isLess ? ones.number(a) < others.number(b) : ones.number(a) <= others.number(b);
  };
}

function numbers(isLess: boolean, one: Column, other: Column): (a: number, b: number) => boolean {
  const [ones, others] = [one as Float64Column, other as Float64Column];
  if (isLess) return (a, b) => ones.values[a]! < others.values[b]!;
  return (a, b) => ones.values[a]! <= others.values[b]!;
}
