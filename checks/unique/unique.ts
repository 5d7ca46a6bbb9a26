import type { Duration } from "../../base/time.ts";
import type { Environment } from "../../dataflow/environment.ts";
import { modelOf } from "../../dataflow/graph.ts";
import type { KeyFieldOf } from "../../dataflow/keys.ts";
import type { Fields, FieldsOf, MoneyValue } from "../../dataflow/model.ts";
import type { ModelChangelog } from "../../dataflow/streams.ts";
import { CheckInputs, NO_DEADLINE } from "../check-inputs.ts";
import { type CommonSpec, settingsOf } from "../spec-checks.ts";
import { checkUniqueSpec } from "./spec-check.ts";
import { uniqueRule } from "./unique-rule.ts";

/**
 * Rows that must not repeat one another: by key alone, or by likeness, as it is described at `alike`, `within` and
 * `confirmedBy`. Each surplus row's money is at risk. A windowed check has one verdict for each cluster of rows, whose
 * period is the business time of its first row.
 */
export interface UniqueSpec<F extends Fields> extends CommonSpec {
  /** The rows: `refunds.where({ status: [1, 2] })`. */
  readonly of: ModelChangelog<F>;
  /** The key: rows of different keys never repeat one another. */
  readonly by: KeyFieldOf<F> | readonly [KeyFieldOf<F>, ...KeyFieldOf<F>[]];
  /** What a surplus row costs; one without an amount costs nothing, in no currency. Default: nothing, as if none had one. */
  readonly money?: FieldsOf<F, MoneyValue>;
  /**
   * Rows of a key are repeats only if they are equal in these fields, too. A row without a value in one of them is like no
   * other.
   */
  readonly alike?: readonly (keyof F & string)[];
  /**
   * A cluster is a longest run of alike rows in which each has a business time at most so much later than the one before
   * it; only rows of one cluster repeat one another. Default: however far apart they are.
   */
  readonly within?: Duration;
  /**
   * Ids that tell repeats from one thing told twice: a row is surplus only if it differs in each of them from those that
   * count before it. A row without one of them does not count yet.
   */
  readonly confirmedBy?: (keyof F & string) | readonly (keyof F & string)[];
  /** What a failure is called. Default: `duplicate`. */
  readonly class?: string;
}

/** The fields of a spec, as lists. */
export interface UniqueFields {
  readonly by: readonly string[];
  readonly alike: readonly string[];
  readonly within: Duration | undefined;
  readonly confirmedBy: readonly string[];
}

/** Adds a check of uniqueness to a job. `uid` names it for ever. Throws RULE_INVALID for a rule that cannot be judged. */
export function unique<F extends Fields>(environment: Environment, uid: string, spec: UniqueSpec<F>): void {
  const fields: UniqueFields = {
    by: listOf(spec.by),
    alike: listOf(spec.alike),
    within: spec.within,
    confirmedBy: listOf(spec.confirmedBy),
  };
  checkUniqueSpec(uid, spec, fields);
  const { of: changes, money: field = null, class: cause = "duplicate" } = spec;
  const inputs = new CheckInputs(environment, fields.by);
  const rows = { name: "rows", side: "actual", sign: 1, changes, field, deadline: NO_DEADLINE } as const;
  const legs = [inputs.leg({ ...rows, takesWithoutAmount: true })];
  inputs.add(uniqueRule(settingsOf(uid, legs, spec), cause, fields, modelOf(changes.node)));
}

function listOf(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  return typeof names === "string" ? [names] : names;
}
