import type { FieldKind } from "../model.ts";

/** Orders two values: negative where the first one comes first, 0 where they are equal. */
export type Compare = (a: never, b: never) => number;

/** The order of the values of a kind of field, null left aside: that of `min` and `max`, and of rankings. */
export function comparatorOf(kind: FieldKind): Compare {
  switch (kind) {
    case "text":
      return compareTexts;
    case "id":
      return compareIds;
    case "money":
      return (a: { readonly minor: bigint }, b: { readonly minor: bigint }) => compareNumbers(a.minor, b.minor);
    default:
      return compareNumbers;
  }
}

/** By value; NaN is above all numbers. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  // biome-ignore lint/suspicious/noSelfCompare: the value may be a bigint, which isNaN refuses
  return (a !== a ? 1 : 0) - (b !== b ? 1 : 0);
}

/** By code point, which is the order of UTF-8 bytes too. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Integers by value, then all others as texts. */
export function compareIds(a: string, b: string): number {
  const isWhole = isInteger(a);
  if (isWhole !== isInteger(b)) return isWhole ? -1 : 1;
  return isWhole ? compareIntegers(a, b) : compareTexts(a, b);
}

/** Halves of a surrogate pair stand for code points above all that one unit can be. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function isInteger(id: string): boolean {
  const first = id.charCodeAt(0) === MINUS ? 1 : 0;
  for (let i = first; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    if (unit < ZERO || unit > NINE) return false;
  }
  return id.length > first;
}

/** Decimal integers without leading zeros, of any size. */
function compareIntegers(a: string, b: string): number {
  const isNegative = a.charCodeAt(0) === MINUS;
  if (isNegative !== (b.charCodeAt(0) === MINUS)) return isNegative ? -1 : 1;
  const magnitudes = a.length - b.length || compareTexts(a, b);
  return isNegative ? -magnitudes : magnitudes;
}

const MINUS = 45;
const ZERO = 48;
const NINE = 57;
