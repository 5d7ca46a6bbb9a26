import type { Leg } from "../../dataflow/leg.ts";
import { checkClassNames } from "../class-names.ts";
import { checkCommon, checkDeadline, invalidRule } from "../spec-checks.ts";
import type { BoundSpec } from "./bound.ts";

/**
 * Checks what a job says of a bound, which the compiler may not have seen. Throws RULE_INVALID, which names what is wrong
 * and what would be right.
 */
export function checkBoundSpec<K extends string>(uid: string, spec: BoundSpec<K>): void {
  const invalid = invalidRule(uid);
  checkCommon(uid, spec);
  for (const side of ["of", "within"] as const) {
    if (Object.keys(spec[side] ?? {}).length === 0) invalid(`\`${side}\` has no leg`);
    if (!Object.values(spec[side]).some((leg) => (leg as Leg).sign === 1)) invalid(`\`${side}\` has no positive leg`);
  }
  const legs = [...Object.entries(spec.of), ...Object.entries(spec.within)] as [string, Leg][];
  if (new Set(legs.map(([name]) => name)).size < legs.length) invalid("two legs have the same name");
  for (const [name, leg] of legs) checkDeadline(`the deadline of ${name}`, leg.deadline, invalid);
  for (const [name, { deadline }] of Object.entries(spec.within) as [string, Leg][]) {
    if (deadline !== undefined) invalid(`${name} has a deadline, and nothing is due of a whole`);
  }
  if (spec.unknownAfter === undefined) invalid("`unknownAfter` is missing, as in `unknownAfter: hours(6)`");
  checkDeadline("`unknownAfter`", spec.unknownAfter, invalid);
  const { exceeded = "exceeded", repeated = exceeded, unknown = "unknown" } = spec.classes ?? {};
  checkClassNames("classes", [exceeded, repeated, unknown], invalid);
  if (unknown === exceeded || unknown === repeated) invalid("`classes` calls an excess and an unknown whole the same");
}
