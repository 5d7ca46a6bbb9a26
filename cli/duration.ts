import { z } from "zod";
import { type Duration, days, hours, milliseconds, minutes, seconds } from "../base/time.ts";

const UNITS = { ms: milliseconds, s: seconds, m: minutes, h: hours, d: days } as const;

/** Reads `500ms`, `10s`, `5m`, `24h`, `2d`; undefined for any other text. */
export function parseDuration(text: string): Duration | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return unit === undefined ? undefined : UNITS[unit as keyof typeof UNITS](Number(count));
}

/** A duration in a configuration file, as ms. */
export const durationShape = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as "10s", "24h" or "2d"')
  .transform((text) => parseDuration(text)!);
