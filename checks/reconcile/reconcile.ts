import type { Deadline } from "../../base/business-days.ts";
import type { Duration } from "../../base/time.ts";
import type { Environment } from "../../dataflow/environment.ts";
import { CheckInputs, deadlineOf } from "../check-inputs.ts";
import { type Legs, resolveLegs } from "../legs.ts";
import { type CommonSpec, settingsOf } from "../spec-checks.ts";
import type { ClassNames } from "./cause-names.ts";
import { ReconcileRule } from "./reconcile-rule.ts";
import { checkSpec } from "./spec-check.ts";
import type { Tolerance } from "./tolerance.ts";

/** A reconciliation: Σ expected = Σ actual, by key and currency, each contribution by its deadline. */
export interface ReconcileSpec<K extends string> extends CommonSpec {
  /** The key field, which every leg's model must have. */
  readonly by: K;
  /** What ought to come: `{ captured: payments.sum("amount"), refunded: minus(refunds.sum("amount")) }`. */
  readonly expect: Legs<NoInfer<K>>;
  /** What came. */
  readonly actual: Legs<NoInfer<K>>;
  /** From the business time of an expected row to the point where its counterpart must be there. `Leg.within` overrides it. */
  readonly missingAfter: Deadline;
  /** From the business time of an actual row to the point where what it belongs to must be known. Default: `missingAfter`. */
  readonly unknownAfter?: Deadline;
  /**
   * For so long before a deadline an alert warns of what will fail at it if nothing else comes: the alert of the failure,
   * which opens or is resolved later. Default: no warnings.
   */
  readonly warnBefore?: Duration;
  /** Default: none, the sides must be equal. */
  readonly tolerance?: Tolerance;
  /** What causes are called where the domain has names of its own: `{ missing: "success-never-booked" }`. */
  readonly classes?: Partial<ClassNames>;
}

/** Adds a reconciliation to a job. `uid` names it for ever. Throws RULE_INVALID for a rule that cannot be judged. */
export function reconcile<K extends string>(environment: Environment, uid: string, spec: ReconcileSpec<K>): void {
  checkSpec(uid, spec);
  const { by, missingAfter, unknownAfter = missingAfter } = spec;
  const inputs = new CheckInputs(environment, [by]);
  const expect = { uid, by, side: "expect", deadline: deadlineOf(missingAfter) } as const;
  const actual = { uid, by, side: "actual", deadline: deadlineOf(unknownAfter) } as const;
  const legs = [...resolveLegs(inputs, expect, spec.expect), ...resolveLegs(inputs, actual, spec.actual)];
  const { warnBefore, tolerance, classes } = spec;
  const warns = warnBefore === undefined ? {} : { warnBeforeMs: warnBefore };
  inputs.add(new ReconcileRule({ ...settingsOf(uid, legs, spec), ...warns }, tolerance, classes));
}
