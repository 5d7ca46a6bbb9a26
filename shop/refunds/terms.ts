import { hours, seconds } from "../../base/time.ts";

/** What the refund desk has agreed on; its checks say the same. */
export const refundTerms = {
  /** The payment of a refund is known within this time from the request. */
  unknownAfter: hours(6),
  /** Equal refunds less than this apart are looked at twice. */
  alikeWithin: hours(24),
  /** The ledger has booked a refund within this time from its success. */
  bookedAfter: hours(12),
  /** A refund has succeeded within this time from its booking. */
  succeededAfter: hours(12),
  /** How far the clocks of the two databases may lie apart. */
  skew: seconds(2),
} as const;

/** uids of the checks that watch the desk. */
export const refundChecks = {
  bound: "refunds-within-captured",
  repeated: "duplicate-refunds",
  alike: "suspected-duplicate-refunds",
  paid: "duplicate-payments",
  booked: "refunds-booked",
} as const;
