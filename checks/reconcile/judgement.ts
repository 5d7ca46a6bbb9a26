import { abs } from "../../base/money.ts";
import type { Judgement, KeyView, PlainTotals } from "../rule.ts";
import type { Totals } from "../totals.ts";

/** The causes of a failure, in the order in which they are looked for. */
export const FAILURE_CLASSES = [
  "unknown-payment",
  "currency-mismatch",
  "missing",
  "under-charge",
  "over-charge",
] as const;

/** A cause of a failure. */
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** How far apart the sides may lie in a currency, in minor units of its comparison scale. */
export type ToleranceOf = (currency: number, expected: bigint, actual: bigint) => bigint;

/**
 * Judges a key from its totals at a point, by "A. Payment and settlement" of the semantics: one answer per currency, in
 * the order of the totals.
 *
 * `lower` holds what must have come: positive expectations that are due and all negative ones; `upper` what may have
 * come. A negative line ahead of its refund waits for its own deadline before it makes an under-charge.
 */
export function judge(totals: readonly Totals[], toleranceOf?: ToleranceOf): Judgement[] {
  const captured = totals.filter((t) => t.captures > 0);
  const settledElsewhere = mismatch(totals, captured);
  return totals.map((t) => {
    const tolerance = toleranceOf === undefined ? 0n : toleranceOf(t.currency, t.full, t.actual);
    if (captured.length === 0) return judgeUnknown(t, tolerance);
    if (settledElsewhere) return t.captures > 0 ? judgeMismatch(t, totals, tolerance) : verdict(t, "pending");
    return judgeKnown(t, tolerance);
  });
}

/** The same without tolerance, of a key with one currency; null where it fails. */
export function judgePlain(t: PlainTotals): "pass" | "pending" | null {
  if (t.captures === 0) {
    if (t.dueLines > 0) return null;
    return t.lines === 0 && t.full === 0 ? "pass" : "pending";
  }
  const isMissing = t.lines === 0 && t.lower > 0;
  if (isMissing || t.actual - t.ahead < t.lower || t.actual > t.upper) return null;
  return t.actual === t.full ? "pass" : "pending";
}

/** No capture in any currency: lines are unknown from their own deadline on; such a key is never over-charged. */
function judgeUnknown(t: Totals, tolerance: bigint): Judgement {
  if (t.dueLines > 0) return verdict(t, "fail", "unknown-payment", abs(t.actual));
  return verdict(t, t.lines === 0 && abs(t.full) <= tolerance ? "pass" : "pending");
}

/** Captured in one currency only, and lines came in others only. */
function mismatch(totals: readonly Totals[], captured: readonly Totals[]): boolean {
  return captured.length === 1 && captured[0]!.lines === 0 && totals.some((t) => t.lines > 0);
}

/** Fails from when the capture would be missing or a line unknown, whichever is first: a second capture may still come. */
function judgeMismatch(t: Totals, totals: readonly Totals[], tolerance: bigint): Judgement {
  const isOverdue = t.lower - tolerance > 0n || totals.some((other) => other.dueLines > 0);
  return isOverdue ? verdict(t, "fail", "currency-mismatch", abs(t.full)) : verdict(t, "pending");
}

function judgeKnown(t: Totals, tolerance: bigint): Judgement {
  const lower = t.lower - tolerance;
  const charged = t.actual - t.ahead;
  if (t.lines === 0 && lower > 0n) return verdict(t, "fail", "missing", t.lower);
  if (charged < lower) return verdict(t, "fail", "under-charge", t.lower - charged);
  if (t.actual > t.upper + tolerance) return verdict(t, "fail", "over-charge", t.actual - t.upper);
  return verdict(t, abs(t.actual - t.full) <= tolerance ? "pass" : "pending");
}

function verdict(
  { currency, lower, upper, actual }: Totals,
  status: Judgement["status"],
  cause: FailureClass | null = null,
  atRisk = 0n,
): Judgement {
  return { currency, period: "", status, class: cause, lower, upper, actual, atRisk, note: null };
}

/** The first deadline that a failure missed, of those that are over; null for failures that have none. */
export function missedDeadline(
  cause: FailureClass,
  { currency, lower }: Judgement,
  key: Pick<KeyView, "firstMissed">,
): number | null {
  switch (cause) {
    case "missing":
    case "under-charge":
      return key.firstMissed("expect", currency);
    case "unknown-payment":
      return key.firstMissed("actual", currency);
    case "currency-mismatch":
      return least(lower > 0n ? key.firstMissed("expect", currency) : null, key.firstMissed("actual"));
    default:
      return null;
  }
}

function least(left: number | null, right: number | null): number | null {
  return left === null ? right : right === null ? left : Math.min(left, right);
}
