import { parseDecimal, ROUNDING_MODES } from "../../base/money.ts";
import { modelOf } from "../../dataflow/graph.ts";
import type { Leg } from "../../dataflow/leg.ts";
import { checkClassNames } from "../class-names.ts";
import { checkCommon, checkDeadline, type Invalid, invalidRule } from "../spec-checks.ts";
import type { ClassNames } from "./cause-names.ts";
import { FAILURE_CLASSES, type FailureClass } from "./judgement.ts";
import type { ReconcileSpec } from "./reconcile.ts";

/**
 * Checks what a job says of a reconciliation, which the compiler may not have seen: jobs run without it. Throws
 * RULE_INVALID, which names what is wrong and what would be right.
 */
export function checkSpec<K extends string>(uid: string, spec: ReconcileSpec<K>): void {
  const invalid = invalidRule(uid);
  checkCommon(uid, spec);
  for (const side of ["expect", "actual"] as const) {
    if (Object.keys(spec[side] ?? {}).length === 0) invalid(`\`${side}\` has no leg`);
  }
  const legs = [...Object.entries(spec.expect), ...Object.entries(spec.actual)];
  if (new Set(legs.map(([name]) => name)).size < legs.length) invalid("two legs have the same name");
  checkFees(legs as [string, Leg<never>][], invalid);
  if (!Object.values(spec.expect).some((leg) => (leg as Leg).sign === 1)) invalid("`expect` has no positive leg");
  for (const [name, leg] of legs) checkDeadline(`the deadline of ${name}`, (leg as Leg).deadline, invalid);
  if (spec.missingAfter === undefined) invalid("`missingAfter` is missing, as in `missingAfter: hours(24)`");
  checkDeadline("`missingAfter`", spec.missingAfter, invalid);
  checkDeadline("`unknownAfter`", spec.unknownAfter, invalid);
  checkBand(spec, invalid);
  checkTolerance(spec.tolerance, invalid);
  checkClasses(spec.classes ?? {}, invalid);
}

/** Fees come from the line or from a fee model, never both: what is called a fee is of one model. */
function checkFees(legs: readonly (readonly [string, Leg<never>])[], invalid: Invalid): void {
  const fees = legs.filter(([name]) => /^fees?([A-Z_]|$)/.test(name));
  const models = new Set(fees.map(([, { changes }]) => modelOf(changes.node).name));
  if (models.size > 1) {
    const names = fees.map(([name]) => name).join(" and ");
    invalid(`${names} are of ${[...models].join(" and ")}: fees come from the line or from a fee model, never both`);
  }
}

/** A band as long as the deadline would warn of everything at once. */
function checkBand(
  { warnBefore, missingAfter }: Pick<ReconcileSpec<never>, "warnBefore" | "missingAfter">,
  invalid: Invalid,
) {
  checkDeadline("`warnBefore`", warnBefore, invalid);
  if (warnBefore === 0) invalid("`warnBefore` is no time");
  if (warnBefore !== undefined && typeof missingAfter === "number" && warnBefore >= missingAfter)
    invalid("`warnBefore` should be shorter than `missingAfter`");
}

/** Causes are told apart by what they are called. */
function checkClasses(classes: Partial<ClassNames>, invalid: Invalid): void {
  const unknown = Object.keys(classes).find((cause) => !FAILURE_CLASSES.includes(cause as FailureClass));
  if (unknown !== undefined) invalid(`\`classes\` names ${unknown}; causes are ${FAILURE_CLASSES.join(", ")}`);
  const names = FAILURE_CLASSES.map((cause) => classes[cause] ?? cause);
  checkClassNames("classes", names, invalid);
  if (new Set(names).size < names.length) invalid("`classes` calls two causes the same");
}

function checkTolerance(tolerance: unknown, invalid: Invalid): void {
  if (tolerance === undefined) return;
  const { absolute, percent, of, rounding } = Object(tolerance) as Record<string, unknown>;
  const text = absolute ?? percent;
  const decimal = typeof text === "string" ? parseDecimal(text) : null;
  if (decimal === null || decimal.unscaled < 0n) {
    invalid('`tolerance` should be { absolute: "0.05" } or { percent: "0.1", of: "expect", rounding: "halfUp" }');
  }
  if (absolute !== undefined) return;
  if (of !== "expect" && of !== "actual") invalid('`tolerance.of` should be "expect" or "actual"');
  if (!ROUNDING_MODES.includes(rounding as never))
    invalid(`\`tolerance.rounding\` should be one of ${ROUNDING_MODES.join(", ")}`);
}
