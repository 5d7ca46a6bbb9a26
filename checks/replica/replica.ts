import type { Duration } from "../../base/time.ts";
import type { Environment } from "../../dataflow/environment.ts";
import { modelOf } from "../../dataflow/graph.ts";
import type { Fields, Id, InstantsOf, Model, MoneyValue, ValueOf } from "../../dataflow/model.ts";
import type { ModelChangelog } from "../../dataflow/streams.ts";
import { CheckInputs } from "../check-inputs.ts";
import type { RowEvidence } from "../row-set.ts";
import type { LegDeadline } from "../rule.ts";
import { type CommonSpec, settingsOf } from "../spec-checks.ts";
import { type ComparedField, Comparison, type ReplicaSide } from "./comparison.ts";
import { type Direction, LEGS, ReplicaRule } from "./replica-rule.ts";
import { checkReplica } from "./spec-check.ts";

/** How a field is compared where that is more than "the same name, the same value". `N`: names of the new side's fields. */
export interface FieldComparison<N extends string = string> {
  /** What the new side calls it. */
  readonly as?: N;
  /** What null is the same as, in the canonical text of its kind: text, digits, an amount in currency units (`"0"`). */
  readonly nullIs?: string;
  /** The time zone whose clocks the old side's times were taken from: a DATETIME that is not UTC. */
  readonly oldClock?: string;
  /** The same for the new side. */
  readonly newClock?: string;
}

/** What is compared, by the old side's names. `true`: as it is, under the same name. */
export type Comparisons<O extends Fields, N extends Fields> = {
  readonly [K in keyof O & string]?:
    | (K extends NamesLike<N, O[K]> ? true | FieldComparison<NamesLike<N, O[K]>> : never)
    | (FieldComparison<NamesLike<N, O[K]>> & { readonly as: NamesLike<N, O[K]> });
};

/** Names of the fields of a kind of value. */
type NamesLike<F extends Fields, L> = {
  [K in keyof F]: Like<ValueOf<F[K]>> extends Like<ValueOf<L>> ? K : never;
}[keyof F] &
  string;

/** Texts are comparable, whichever values they can have; so are keys with one another. */
type Like<T> = T extends MoneyValue ? "money" : T extends Id ? "id" : T extends string ? "text" : T;

/** Two tables that must say the same of each key, while writes go to both. */
export interface ReplicaSpec<K extends string, O extends Fields, N extends Fields> extends CommonSpec {
  /** The key field of both models: the new side's id is mapped to the old one's by its model. */
  readonly by: K &
    { [I in keyof O & keyof N]: ValueOf<O[I]> | ValueOf<N[I]> extends Id ? I : never }[keyof O & keyof N];
  readonly old: ModelChangelog<O>;
  readonly new: ModelChangelog<N>;
  readonly compare: Comparisons<NoInfer<O>, NoInfer<N>>;
  /** Fields that are in the models and are not compared; all others must be. */
  readonly ignore?: readonly (keyof NoInfer<O> | keyof NoInfer<N>)[];
  /** From a change of a side to the point where the other one must have followed. */
  readonly failAfter: Duration;
  /** The same for rows that the back-fill brings, from the seed or from `backfilled.before`. Default: `failAfter`. */
  readonly backfilledAfter?: Duration;
  /** Which rows of the old side the back-fill brings: by default those of the primary side's seed that have not changed since. */
  readonly backfilled?: { readonly by: InstantsOf<NoInfer<O>>; readonly before: number };
  /** Which side is written first. It can be turned round by a new version of the job. Default: `oldToNew`. */
  readonly direction?: Direction;
  /** How long a key leaves a marker once its rows are gone from both sides. Default: 180 days. */
  readonly retain?: Duration;
}

/** A spec whose names have been checked, or are about to be. */
export type UntypedReplicaSpec = Omit<
  ReplicaSpec<string, Fields, Fields>,
  "by" | "old" | "new" | "compare" | "ignore" | "backfilled"
> & {
  readonly by: string;
  readonly old: ModelChangelog<Fields>;
  readonly new: ModelChangelog<Fields>;
  readonly compare: Readonly<Record<string, true | FieldComparison>>;
  readonly ignore?: readonly string[];
  readonly backfilled?: { readonly by: string; readonly before: number };
};

/** Adds the comparison of two tables to a job. `uid` names it for ever. Throws RULE_INVALID for one that cannot be judged. */
export function replica(environment: Environment, uid: string, spec: UntypedReplicaSpec): void {
  const models = { old: modelOf(spec.old.node), new: modelOf(spec.new.node) };
  checkReplica(uid, spec, models);
  const { by, failAfter, direction = "oldToNew" } = spec;
  const inputs = new CheckInputs(environment, [by]);
  const isBackfilled = backfilledBy(spec, models.old);
  const legs = LEGS.map((side) =>
    inputs.leg({
      name: side,
      side: side === "old" ? "expect" : "actual",
      sign: 1,
      changes: spec[side],
      field: null,
      deadline: deadlineOf(spec, side, isBackfilled),
    }),
  );
  const compared = fieldsOf(spec, models);
  const settings = JSON.stringify([direction, failAfter, compared.map(({ name, place, ...rest }) => [name, rest])]);
  inputs.add(
    new ReplicaRule({
      ...settingsOf(uid, legs, spec),
      expression: expressionOf(direction, compared),
      settings,
      failAfterMs: failAfter,
      direction,
      comparison: new Comparison(compared),
      waits: ({ leg, from }) => from.seed !== null || (LEGS[leg] === "old" && isBackfilled(from)),
    }),
  );
}

type IsBackfilled = (row: RowEvidence) => boolean;

/** Rows of the old side that the back-fill brings, as far as they say so themselves. */
function backfilledBy({ backfilled }: UntypedReplicaSpec, old: Model): IsBackfilled {
  if (backfilled === undefined) return () => false;
  const place = Object.keys(old.fields).indexOf(backfilled.by);
  return ({ fields }) => {
    const value = fields[place];
    return typeof value === "number" && value < backfilled.before;
  };
}

/** Writes count from when they were seen in the log, whatever business time the models have. */
function deadlineOf(spec: UntypedReplicaSpec, side: ReplicaSide, isBackfilled: IsBackfilled): LegDeadline {
  const { failAfter, backfilledAfter = failAfter, backfilled, direction = "oldToNew" } = spec;
  const isPrimary = (direction === "oldToNew") === (side === "old");
  return {
    dueAt(_, from) {
      const { seed, time } = from;
      const due = (seed ?? time) + failAfter;
      if (backfilled === undefined) return isPrimary && seed !== null ? Math.max(due, seed + backfilledAfter) : due;
      return side === "old" && isBackfilled(from) ? Math.max(due, backfilled.before + backfilledAfter) : due;
    },
    longestMs: Math.max(failAfter, backfilledAfter),
    text: JSON.stringify([failAfter, backfilledAfter, backfilled ?? (isPrimary ? "seed" : "")]),
  };
}

function fieldsOf({ compare }: UntypedReplicaSpec, models: Readonly<Record<ReplicaSide, Model>>): ComparedField[] {
  const places = { old: Object.keys(models.old.fields), new: Object.keys(models.new.fields) };
  return Object.entries(compare).map(([name, how]) => {
    const { as = name, nullIs = null, oldClock, newClock } = how === true ? ({} as FieldComparison) : how;
    const clock =
      oldClock !== undefined
        ? ({ side: "old", zone: oldClock } as const)
        : newClock !== undefined
          ? ({ side: "new", zone: newClock } as const)
          : null;
    return {
      name,
      place: { old: places.old.indexOf(name), new: places.new.indexOf(as) },
      field: { old: models.old.fields[name]!, new: models.new.fields[as]! },
      nullIs,
      clock,
    };
  });
}

/** `old → new: balance, state`. */
function expressionOf(direction: Direction, compared: readonly ComparedField[]): string {
  const names = compared.map(({ name }) => name).join(", ");
  return `${direction === "oldToNew" ? "old → new" : "new → old"}: ${names}`;
}
