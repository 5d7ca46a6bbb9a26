import type { Deadline } from "../../base/business-days.ts";
import type { Environment } from "../../dataflow/environment.ts";
import { CheckInputs, deadlineOf, NO_DEADLINE } from "../check-inputs.ts";
import { type Legs, resolveLegs } from "../legs.ts";
import { type CommonSpec, settingsOf } from "../spec-checks.ts";
import { boundRule } from "./bound-rule.ts";
import type { BoundClasses } from "./judgement.ts";
import { checkBoundSpec } from "./spec-check.ts";

/** A bound: Σ parts ≤ Σ whole, by key and currency. An excess is judged at once, parts of nothing by their deadline. */
export interface BoundSpec<K extends string> extends CommonSpec {
  /** The key field, which every leg's model must have. */
  readonly by: K;
  /** The parts: `{ refunded: refunds.where({ status: [...] }).sum("amount") }`. */
  readonly of: Legs<NoInfer<K>>;
  /** The whole that they may come to, and no more: `{ captured: payments.sum("amount") }`. */
  readonly within: Legs<NoInfer<K>>;
  /** From the business time of a part to the point where its whole must be known. `Leg.within` overrides it. */
  readonly unknownAfter: Deadline;
  /**
   * What failures are called. Default: `exceeded`, and `unknown` for parts of a whole of which there is nothing in any
   * currency. `repeated`, for an excess by two or more parts together, is called as one by a single part unless it is named.
   */
  readonly classes?: Partial<BoundClasses>;
}

/** Adds a bound to a job. `uid` names it for ever. Throws RULE_INVALID for a rule that cannot be judged. */
export function bound<K extends string>(environment: Environment, uid: string, spec: BoundSpec<K>): void {
  checkBoundSpec(uid, spec);
  const { by } = spec;
  const inputs = new CheckInputs(environment, [by]);
  const parts = resolveLegs(inputs, { uid, by, side: "actual", deadline: deadlineOf(spec.unknownAfter) }, spec.of);
  // Nothing is due of a whole that has no parts.
  const whole = resolveLegs(inputs, { uid, by, side: "expect", deadline: NO_DEADLINE }, spec.within);
  const legs = [...whole, ...parts];
  const { exceeded = "exceeded", repeated = exceeded, unknown = "unknown" } = spec.classes ?? {};
  inputs.add(boundRule(settingsOf(uid, legs, spec), { exceeded, repeated, unknown }));
}
