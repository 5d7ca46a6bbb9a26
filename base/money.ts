import currencyCodes from "currency-codes";
import { assert } from "./errors.ts";

/** An exact amount: minor units at the scale that goes with it (default: the currency's ISO 4217 exponent). */
export interface Money {
  readonly minor: bigint;
  readonly currency: string;
}

/** How a value that does not fit a scale is rounded. There is no default: rounding happens only where a rule names a mode. */
export type RoundingMode = (typeof ROUNDING_MODES)[number];

/** All rounding modes. */
export const ROUNDING_MODES = ["halfEven", "halfUp", "halfDown", "up", "down", "ceiling", "floor"] as const;

/** Digits after the decimal point by ISO 4217, or undefined for a code that is not in the standard. */
export function exponentOf(currency: string): number | undefined {
  return EXPONENTS.get(currency);
}

const EXPONENTS = new Map(currencyCodes.data.map((entry) => [entry.code, entry.digits]));

/** A currency code of three capital letters as one integer, for a column. */
export function packCurrency(code: string): number {
  assert(/^[A-Z]{3}$/.test(code), `currency code ${code} is checked before it is packed`);
  return code.charCodeAt(0) | (code.charCodeAt(1) << 8) | (code.charCodeAt(2) << 16);
}

/** The three letters of a packed currency code. */
export function unpackCurrency(packed: number): string {
  return String.fromCharCode(packed & 0xff, (packed >> 8) & 0xff, (packed >> 16) & 0xff);
}

/** How much an amount is, whatever its sign. */
export function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** 10 to the power of a non-negative integer. */
export function pow10(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

/** An unscaled decimal at another scale; null when digits would be lost and no mode is given. */
export function rescale(unscaled: bigint, from: number, to: number, mode?: RoundingMode): bigint | null {
  if (to >= from) return unscaled * pow10(to - from);
  return divide(unscaled, pow10(from - to), mode);
}

/** `numerator / denominator` (positive), rounded; null when it is not exact and no mode is given. */
export function divide(numerator: bigint, denominator: bigint, mode?: RoundingMode): bigint | null {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n) return quotient;
  if (mode === undefined) return null;
  return awayFromZero(quotient, remainder, denominator, mode) ? quotient + (numerator < 0n ? -1n : 1n) : quotient;
}

function awayFromZero(quotient: bigint, remainder: bigint, denominator: bigint, mode: RoundingMode): boolean {
  const negative = remainder < 0n;
  const twice = abs(remainder) * 2n;
  switch (mode) {
    case "up":
      return true;
    case "down":
      return false;
    case "ceiling":
      return !negative;
    case "floor":
      return negative;
    case "halfUp":
      return twice >= denominator;
    case "halfDown":
      return twice > denominator;
    case "halfEven":
      return twice > denominator || (twice === denominator && quotient % 2n !== 0n);
  }
}

/**
 * Reads `-12.50`, `3e-7`: the unscaled value and its scale; null when the text is no decimal number. An exponent has at
 * most three digits, which is enough for every double; a larger one would ask for a number without end.
 */
export function parseDecimal(text: string): { readonly unscaled: bigint; readonly scale: number } | null {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? "";
  const unscaled = BigInt(match[2]! + fraction) * (match[1] === "-" ? -1n : 1n);
  const scale = fraction.length - Number(match[4] ?? 0);
  return scale >= 0 ? { unscaled, scale } : { unscaled: unscaled * pow10(-scale), scale: 0 };
}

/**
 * A double at a scale: of its shortest decimal text, which is what its database shows, not of its binary expansion.
 * Null when it is not finite.
 */
export function decimalOfDouble(value: number, scale: number, mode: RoundingMode): bigint | null {
  const decimal = parseDecimal(String(value));
  return decimal && rescale(decimal.unscaled, decimal.scale, scale, mode);
}

/** `1234` at scale 2 as `12.34`. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const digits = String(abs(unscaled)).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return unscaled < 0n ? `-${text}` : text;
}

/** True where a value fits the signed 64 bits of a column. */
export function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}
