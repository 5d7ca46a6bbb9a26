import type { Random } from "../../base/random.ts";
import { BACKFILL_BATCHES, BACKFILL_EVERY, BACKFILL_FROM } from "./terms.ts";

/** The time of a batch of the back-fill, drawn from those that come after a time. */
export function batchAfter(timeMs: number, random: Random): number {
  const first = Math.max(0, Math.ceil((timeMs - BACKFILL_FROM) / BACKFILL_EVERY));
  return BACKFILL_FROM + (first + random.below(BACKFILL_BATCHES - first)) * BACKFILL_EVERY;
}
