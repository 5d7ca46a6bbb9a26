import { abs } from "../../base/money.ts";
import type { Judgement } from "../rule.ts";
import type { Totals } from "../totals.ts";

/** What the causes of a bound's failures are called. */
export interface BoundClasses {
  /** The parts come to more than the whole. */
  readonly exceeded: string;
  /** They do, and there are several of them. */
  readonly repeated: string;
  /** There is no whole, in any currency. */
  readonly unknown: string;
}

/**
 * Judges a key from its totals at a point, by "B. Refunds and duplicates" of the semantics: one answer per currency, in
 * the order of the totals. Parts are the actual side of the totals, the whole is the expected one.
 *
 * Parts of a whole that is unknown have until their own deadline, and never exceed it; anything else is judged at once.
 */
export function judgeBound(totals: readonly Totals[], classes: BoundClasses): Judgement[] {
  const isKnown = totals.some((t) => t.captures > 0);
  const parts = totals.reduce((count, t) => count + t.lines, 0);
  return totals.map((t) => {
    const { actual, full } = t;
    if (t.lines === 0) return verdict(t, "pass");
    if (!isKnown) return t.dueLines > 0 ? verdict(t, "fail", classes.unknown, abs(actual)) : verdict(t, "pending");
    if (actual <= full) return verdict(t, "pass");
    return verdict(t, "fail", parts > 1 ? classes.repeated : classes.exceeded, actual - full);
  });
}

function verdict(
  { currency, full: upper, actual }: Totals,
  status: Judgement["status"],
  cause: string | null = null,
  atRisk = 0n,
): Judgement {
  return { currency, period: "", status, class: cause, lower: 0n, upper, actual, atRisk, note: null };
}
