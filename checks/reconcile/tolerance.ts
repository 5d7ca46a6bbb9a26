import { assert } from "../../base/errors.ts";
import { abs, divide, parseDecimal, type RoundingMode, rescale } from "../../base/money.ts";

/** How far the sides may differ: an absolute amount, or per cent of a side. */
export type Tolerance =
  | { readonly absolute: string }
  | { readonly percent: string; readonly of: "expect" | "actual"; readonly rounding: RoundingMode };

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
