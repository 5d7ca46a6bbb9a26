import { assert } from "../base/errors.ts";
import { divide, parseDecimal, rescale, unpackCurrency } from "../base/money.ts";
import type { Tolerance } from "./rule.ts";

/** A row's signed part in a leg, as the judgement sees it. */
export interface JudgedEntry {
  readonly side: "expect" | "actual";
  /** True for positive legs of the expected side: what makes a payment captured. */
  readonly captures: boolean;
  /** Packed currency. */
  readonly currency: number;
  /** Signed, at the currency's comparison scale. */
  readonly minor: bigint;
  /** Deadline in event time, without skew. */
  readonly dueAt: number;
}

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
  /** The deadline that the failure missed; null for failures that have none. */
  readonly dueAt: number | null;
}

interface Sums {
  readonly currency: number;
  lower: bigint;
  upper: bigint;
  full: bigint;
  actual: bigint;
  /** Negative actual amounts whose own deadline is still ahead: they wait for their counterpart. */
  waiting: bigint;
  captured: boolean;
  lines: number;
  firstDue: number;
  firstLineDue: number;
  lineDue: boolean;
}

/**
 * Judges a key at a point from the entries that count there, by "A. Payment and settlement" of the semantics. Pure: the
 * same entries in any order give the same answer, one per currency, in order of currency code.
 *
 * `lower` holds what must have come: positive expectations that are due and all negative ones; `upper` what may have
 * come. A negative line ahead of its refund waits for its own deadline before it makes an under-charge.
 */
export function judge(
  entries: readonly JudgedEntry[],
  point: number,
  skewMs: number,
  toleranceOf?: (currency: number, expected: bigint, actual: bigint) => bigint,
): Judgement[] {
  const sums = sumUp(entries, point - skewMs);
  const captured = sums.filter((s) => s.captured);
  const settledElsewhere = mismatch(sums, captured);
  return sums.map((s) => {
    const tolerance = toleranceOf === undefined ? 0n : toleranceOf(s.currency, s.full, s.actual);
    if (captured.length === 0) return judgeUnknown(s, tolerance);
    if (settledElsewhere) return s.captured ? judgeMismatch(s, sums, tolerance) : verdict(s, "pending", null, 0n, null);
    return judgeKnown(s, tolerance);
  });
}

/** What came for a key whose history is no longer kept: it cannot be told from new business, so a person must look. */
export function judgeForgotten(entries: readonly JudgedEntry[]): Judgement[] {
  return sumUp(entries, Number.POSITIVE_INFINITY).map((s) =>
    verdict(s, "fail", "unknown-after-retention", abs(s.full - s.actual), null),
  );
}

/** No capture in any currency: lines are unknown from their own deadline on; such a key is never over-charged. */
function judgeUnknown(s: Sums, tolerance: bigint): Judgement {
  if (s.lineDue) return verdict(s, "fail", "unknown-payment", abs(s.actual), s.firstLineDue);
  const settled = s.lines === 0 && abs(s.full) <= tolerance;
  return verdict(s, settled ? "pass" : "pending", null, 0n, null);
}

/** Captured in one currency only, and lines came in others only. */
function mismatch(sums: readonly Sums[], captured: readonly Sums[]): boolean {
  return captured.length === 1 && captured[0]!.lines === 0 && sums.some((s) => s.lines > 0);
}

/** Fails from when the capture would be missing or a line unknown, whichever is first: a second capture may still come. */
function judgeMismatch(s: Sums, sums: readonly Sums[], tolerance: bigint): Judgement {
  const isMissing = s.lower - tolerance > 0n;
  const lineDue = Math.min(...sums.map((other) => other.firstLineDue));
  if (!isMissing && lineDue === Number.POSITIVE_INFINITY) return verdict(s, "pending", null, 0n, null);
  return verdict(s, "fail", "currency-mismatch", abs(s.full), Math.min(isMissing ? s.firstDue : lineDue, lineDue));
}

function judgeKnown(s: Sums, tolerance: bigint): Judgement {
  const lower = s.lower - tolerance;
  const upper = s.upper + tolerance;
  if (s.lines === 0 && lower > 0n) return verdict(s, "fail", "missing", s.lower, s.firstDue);
  if (s.actual - s.waiting < lower)
    return verdict(s, "fail", "under-charge", s.lower - s.actual + s.waiting, s.firstDue);
  if (s.actual > upper) return verdict(s, "fail", "over-charge", s.actual - s.upper, null);
  const settled = abs(s.actual - s.full) <= tolerance;
  return verdict(s, settled ? "pass" : "pending", null, 0n, null);
}

function verdict(
  s: Sums,
  status: Judgement["status"],
  cause: FailureClass | null,
  atRisk: bigint,
  dueAt: number | null,
): Judgement {
  const { currency, lower, upper, actual } = s;
  const due = dueAt !== null && Number.isFinite(dueAt) ? dueAt : null;
  return { currency, status, class: cause, lower, upper, actual, atRisk, dueAt: due };
}

/** Totals per currency; a deadline at or before `dueBefore` is over. */
function sumUp(entries: readonly JudgedEntry[], dueBefore: number): Sums[] {
  const all: Sums[] = [];
  for (const entry of entries) {
    const s = sumsOf(all, entry.currency);
    const due = entry.dueAt <= dueBefore;
    if (entry.side === "actual") addActual(s, entry, due);
    else addExpected(s, entry, due);
  }
  return all.length < 2 ? all : all.sort((left, right) => compareCodes(left.currency, right.currency));
}

function addExpected(s: Sums, entry: JudgedEntry, due: boolean): void {
  const negative = entry.minor < 0n;
  s.full += entry.minor;
  if (due || negative) s.lower += entry.minor;
  if (due || !negative) s.upper += entry.minor;
  if (due && entry.dueAt < s.firstDue) s.firstDue = entry.dueAt;
  s.captured ||= entry.captures;
}

function addActual(s: Sums, entry: JudgedEntry, due: boolean): void {
  s.actual += entry.minor;
  s.lines++;
  if (!due && entry.minor < 0n) s.waiting += entry.minor;
  if (due && entry.dueAt < s.firstLineDue) s.firstLineDue = entry.dueAt;
  s.lineDue ||= due;
}

function sumsOf(all: Sums[], currency: number): Sums {
  for (const s of all) if (s.currency === currency) return s;
  const fresh: Sums = {
    currency,
    lower: 0n,
    upper: 0n,
    full: 0n,
    actual: 0n,
    waiting: 0n,
    captured: false,
    lines: 0,
    firstDue: Number.POSITIVE_INFINITY,
    firstLineDue: Number.POSITIVE_INFINITY,
    lineDue: false,
  };
  all.push(fresh);
  return fresh;
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

function compareCodes(left: number, right: number): number {
  const [a, b] = [unpackCurrency(left), unpackCurrency(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
