import { days, hours, seconds } from "../../base/time.ts";
import { zoneClock } from "../../base/zone.ts";
import { START_MS } from "../terms.ts";

/** What those who move the accounts agreed on. */
export const migrationTerms = {
  /** A write to one side is followed by the other within this time. */
  failAfter: seconds(30),
  /** What was there before dual writes began is in the new table this long after. */
  backfilledAfter: days(3),
} as const;

/** Dual writes follow after seconds. */
export const LEAST_LAG = seconds(1);
export const MOST_LAG = seconds(8);

/** The back-fill works in batches, from here on. */
export const BACKFILL_FROM = START_MS + hours(1);
export const BACKFILL_EVERY = hours(2);
export const BACKFILL_BATCHES = 24;

/** From here on the new table is written first, and the old one follows. */
export const FLIP_MS = START_MS + days(7);

/** Where the old application's clocks are: its DATETIME columns hold what they showed. */
const OLD_ZONE = "Europe/Berlin";

/** What the old application's clocks showed at a time, told as if they were those of UTC. */
export function shownAt(timeMs: number): number {
  return timeMs + berlin(timeMs);
}

const berlin = zoneClock(OLD_ZONE);
