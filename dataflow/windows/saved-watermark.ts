import type { ByteReader } from "../../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";

/** The least of the times that subtasks saved first; −∞ where there were none. */
export function leastOf(saved: readonly ByteReader[]): number {
  const times = saved.map((input) => input.float64());
  return times.length === 0 ? BEFORE_ALL_TIME : Math.min(...times);
}
