/** The number of milliseconds in a day. */
export const DAY_MS = 86_400_000;

/** The farthest from 1970 that a time can lie and be written as a date, in ms; everything nearer is exact as a number. */
export const FARTHEST_MS = 8.64e15;

/**
 * Reads ISO 8601 times with an offset, `2026-11-22T15:11:07.600567Z` or `…+02:00`, from bytes, as epoch milliseconds.
 * Digits finer than a millisecond are cut off towards the past. It keeps the last date that it read, because rows that
 * follow each other mostly share it.
 */
export class InstantParser {
  #date = -1;
  #dateMs = 0;

  /** The time in `bytes[start .. end)`, or NaN where there is none. */
  parse(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < 20 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH || bytes[start + 10] !== T)
      return Number.NaN;
    if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return Number.NaN;
    const dateMs = this.#dateAt(bytes, start);
    const hour = pair(bytes, start + 11);
    const minute = pair(bytes, start + 14);
    const second = pair(bytes, start + 17);
    if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
    let at = start + 19;
    let fraction = 0;
    if (bytes[at] === POINT) {
      const first = ++at;
      for (let unit = 100; at < end && digit(bytes, at) < 10; at++, unit /= 10) {
        if (unit >= 1) fraction += digit(bytes, at) * unit;
      }
      if (at === first) return Number.NaN;
    }
    return dateMs + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fraction - offsetMs(bytes, at, end);
  }

  #dateAt(bytes: Uint8Array, start: number): number {
    const year = pair(bytes, start) * 100 + pair(bytes, start + 2);
    const month = pair(bytes, start + 5);
    const day = pair(bytes, start + 8);
    if (!(year < 10_000 && month < 100 && day < 100)) return Number.NaN;
    const date = year * 10_000 + month * 100 + day;
    if (date !== this.#date) {
      this.#dateMs = dateMs(year, month, day);
      this.#date = date;
    }
    return this.#dateMs;
  }
}

const DASH = 45;
const COLON = 58;
const POINT = 46;
const PLUS = 43;
const T = 84;
const Z = 90;

/** A decimal digit's value; 10 or more for any other byte. */
function digit(bytes: Uint8Array, at: number): number {
  return (bytes[at]! - 48) & 0xff;
}

/** Two digits' value; NaN where they are none. */
function pair(bytes: Uint8Array, at: number): number {
  const tens = digit(bytes, at);
  const ones = digit(bytes, at + 1);
  return tens < 10 && ones < 10 ? tens * 10 + ones : Number.NaN;
}

/** `Z`, `+hh:mm` or `+hh:mm:ss` up to the end; NaN for anything else. */
function offsetMs(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at];
  if (sign === Z) return at + 1 === end ? 0 : Number.NaN;
  if ((sign !== PLUS && sign !== DASH) || (end - at !== 6 && end - at !== 9) || bytes[at + 3] !== COLON)
    return Number.NaN;
  let seconds = pair(bytes, at + 1) * 3_600 + pair(bytes, at + 4) * 60;
  if (end - at === 9) seconds += bytes[at + 6] === COLON ? pair(bytes, at + 7) : Number.NaN;
  return sign === DASH ? -seconds * 1_000 : seconds * 1_000;
}

/** Midnight of a date in UTC; NaN for a date that no calendar has. */
function dateMs(year: number, month: number, day: number): number {
  const date = new Date(0);
  const ms = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? ms : Number.NaN;
}

/** `value / divisor`, rounded towards the past, for any 64-bit integer. */
export function floorDivideBig(value: bigint, divisor: bigint): number {
  const quotient = value / divisor;
  return Number(value < 0n && quotient * divisor !== value ? quotient - 1n : quotient);
}
