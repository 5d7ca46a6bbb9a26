import type { Int64Column } from "../../base/columns.ts";
import { decimalOfDouble, fitsInt64, parseDecimal, type RoundingMode, rescale } from "../../base/money.ts";
import { bigOfBytes, MOST_BYTES, SMALL_BYTES, smallOfBytes } from "./decimal-bytes.ts";

/** Why an amount could not become minor units; 0 for one that could. */
export const OK = 0;
export const OUT_OF_SCALE = 1;
export const OUT_OF_RANGE = 2;
export const UNREADABLE = 3;
export type Outcome = typeof OK | typeof OUT_OF_SCALE | typeof OUT_OF_RANGE | typeof UNREADABLE;

/** Writes the decimal in `bytes[start .. end)`, which has `scale` digits after the point, into row `at` at the scale that is wanted. */
export function putDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  scale: number,
  wanted: number,
  rounding: RoundingMode | undefined,
  to: Int64Column,
  at: number,
): Outcome {
  if (end - start <= SMALL_BYTES) return putSmall(smallOfBytes(bytes, start, end), scale, wanted, rounding, to, at);
  if (end - start > MOST_BYTES) return OUT_OF_RANGE;
  return putBig(bigOfBytes(bytes, start, end), scale, wanted, rounding, to, at);
}

/** Reading digits takes time with the square of their number. */
const LONGEST_TEXT = 100;

/** Writes an amount that is written in digits. */
export function putDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
  rounding: RoundingMode | undefined,
  to: Int64Column,
  at: number,
): Outcome {
  if (end - start > LONGEST_TEXT) return UNREADABLE;
  const decimal = parseDecimal(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8"));
  return decimal === null ? UNREADABLE : putBig(decimal.unscaled, decimal.scale, wanted, rounding, to, at);
}

/** Writes an amount in floating point, which is only done with a rounding. */
export function putFloating(
  value: number,
  isSingle: boolean,
  wanted: number,
  rounding: RoundingMode,
  to: Int64Column,
  at: number,
): Outcome {
  const minor = decimalOfDouble(isSingle ? shortestOfSingle(value) : value, wanted, rounding);
  return minor === null ? UNREADABLE : putBig(minor, wanted, wanted, rounding, to, at);
}

/** Writes an amount of `scale` digits after the point, within ±2^53: in plain numbers wherever that is exact. */
export function putSmall(
  unscaled: number,
  scale: number,
  wanted: number,
  rounding: RoundingMode | undefined,
  to: Int64Column,
  at: number,
): Outcome {
  if (scale === wanted) {
    to.setNumber(at, unscaled);
    return OK;
  }
  const power = POWERS[Math.abs(wanted - scale)];
  if (power !== undefined) {
    // A product beyond 2^53 may be rounded, but never to less than 2^53.
    const product = unscaled * power;
    if (wanted > scale ? Number.isSafeInteger(product) : unscaled % power === 0) {
      to.setNumber(at, wanted > scale ? product : unscaled / power);
      return OK;
    }
  }
  return putBig(BigInt(unscaled), scale, wanted, rounding, to, at);
}

/** As `putSmall`, for any integer. */
export function putBig(
  unscaled: bigint,
  scale: number,
  wanted: number,
  rounding: RoundingMode | undefined,
  to: Int64Column,
  at: number,
): Outcome {
  const minor = rescale(unscaled, scale, wanted, rounding);
  if (minor === null) return OUT_OF_SCALE;
  if (!fitsInt64(minor)) return OUT_OF_RANGE;
  to.setBig(at, minor);
  return OK;
}

const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** The double whose text is the shortest that names a 32-bit float: 0.1, not 0.10000000149011612. */
function shortestOfSingle(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
