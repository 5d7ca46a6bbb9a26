import { days, hours, seconds } from "../base/time.ts";

/** What the shop's owners agreed on with their acquirers: the numbers that its faults and look-alikes are built around. */
export const terms = {
  /** A capture is settled within this time from its `captured_at`. */
  missingAfter: hours(24),
  /** Refunds and reversals are taken back by a line within this time from their `refunded_at`. */
  refundAfter: days(5),
  /** A line's payment is known within this time from its `booked_at`. */
  unknownAfter: hours(24),
  /** How far the clocks of the two databases may lie apart. */
  skew: seconds(2),
  /** Above the length of the longest MariaDB transaction, its times being cut to whole seconds. */
  longestTransaction: seconds(10),
} as const;

/** The time that the initial snapshots are taken at; changes follow. */
export const START_MS = Date.UTC(2026, 2, 2);
/** The event time through which the log is complete. */
export const END_MS = START_MS + days(10);
/** Nothing is committed later, so that no transaction straddles the end. */
export const LAST_COMMIT_MS = END_MS - seconds(60);
/** The oldest orders that the snapshots may hold are this old. */
export const SEED_SPAN = days(5.5);
/** The time span in which nearly all orders arrive. */
export const ORDER_SPAN = days(6);
/** From this time on payments have a risk score: the column is added to a live table. */
export const ALTER_MS = START_MS + days(3) + hours(10.25);
