import { assert } from "../base/errors.ts";
import { divide, parseDecimal, rescale } from "../base/money.ts";
import type { Tolerance } from "./rule.ts";
import type { JudgedEntry, Totals } from "./totals.ts";

/** The causes of a failure, in the order in which they are looked for. */
export type FailureClass =
  | "unknown-payment"
  | "currency-mismatch"
  | "missing"
  | "under-charge"
  | "over-charge"
  | "unknown-after-retention";

/** What is said of a key in one currency at a point. Amounts are at the currency's comparison scale. */
export interface Judgement {
  readonly currency: number;
  readonly status: "pass" | "fail" | "pending";
  readonly class: FailureClass | null;
  readonly lower: bigint;
  readonly upper: bigint;
  readonly actual: bigint;
  readonly atRisk: bigint;
}

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

/** What came for a key whose history is no longer kept: it cannot be told from new business, so a person must look. */
export function judgeForgotten(totals: readonly Totals[]): Judgement[] {
  return totals.map((t) => verdict(t, "fail", "unknown-after-retention", abs(t.full - t.actual)));
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
  return { currency, status, class: cause, lower, upper, actual, atRisk };
}

/** The first deadline that a failure missed, of those over at `dueBefore`; null for failures that have none. */
export function missedDeadline(
  { class: cause, currency, lower }: Judgement,
  entries: readonly JudgedEntry[],
  dueBefore: number,
): number | null {
  const first = (of: (entry: JudgedEntry) => boolean) => {
    const dues = entries.flatMap((entry) => (of(entry) && entry.dueAt <= dueBefore ? [entry.dueAt] : []));
    return dues.reduce((least, due) => Math.min(least, due), Number.POSITIVE_INFINITY);
  };
  const expected = () => first((entry) => entry.side === "expect" && entry.currency === currency);
  const lines = () => first((entry) => entry.side === "actual");
  switch (cause) {
    case "missing":
    case "under-charge":
      return finite(expected());
    case "unknown-payment":
      return finite(first((entry) => entry.side === "actual" && entry.currency === currency));
    case "currency-mismatch":
      return finite(Math.min(lower > 0n ? expected() : Number.POSITIVE_INFINITY, lines()));
    default:
      return null;
  }
}

function finite(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}

/** The tolerance of a rule as minor units of a scale. */
export function toleranceAt(tolerance: Tolerance, scale: number, expected: bigint, actual: bigint): bigint {
  if ("absolute" in tolerance) {
    const decimal = parseDecimal(tolerance.absolute);
    assert(decimal !== null, "an absolute tolerance is checked when the rule is made");
    return rescale(decimal.unscaled, decimal.scale, scale, "down")!;
  }
  const percent = parseDecimal(tolerance.percent);
  assert(percent !== null, "a tolerance in per cent is checked when the rule is made");
  const base = abs(tolerance.of === "expect" ? expected : actual);
  return divide(base * percent.unscaled, 100n * 10n ** BigInt(percent.scale), tolerance.rounding)!;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
