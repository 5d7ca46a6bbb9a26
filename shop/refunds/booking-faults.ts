import { keyOf } from "../../base/key.ts";
import { hours, minutes, seconds } from "../../base/time.ts";
import { otherCurrency } from "../prices.ts";
import { later, type PlannedFault } from "./fault-plan.ts";
import type { Purchase, Refund } from "./purchase.ts";
import { REFUND } from "./tables.ts";
import { refundChecks, refundTerms } from "./terms.ts";

/** A refund of a part; its booking is the caller's. */
function refundPart(purchase: Purchase, status: number = REFUND.succeeded): Refund {
  const { charge, askAt } = purchase.refundable();
  return purchase.refund(charge.chargeNo, 1 + purchase.partOf(purchase.due - 1), askAt, {}, status);
}

/** A success that the ledger never books. */
export function neverBook(purchase: Purchase) {
  const refund = refundPart(purchase);
  const fault = unbooked(refund, "success-never-booked", refund.row.amount, "a success that was never booked");
  return { fault, refund };
}

function unbooked({ row, doneAt }: Refund, class_: string, atRisk: number, note: string): PlannedFault {
  const dueAt = doneAt + refundTerms.bookedAfter + refundTerms.skew;
  const at = { check: refundChecks.booked, key: keyOf(row.refund_no), currency: row.currency };
  return { ...at, class: class_, atRisk, dueAt, note };
}

/** A success that the ledger books after its deadline. */
export function bookLate(purchase: Purchase): PlannedFault {
  const { fault, refund } = neverBook(purchase);
  const resolvedAt = later(purchase, fault.dueAt);
  purchase.book(refund.row, resolvedAt);
  return { ...fault, resolvedAt, note: "a success that was booked late" };
}

/** A booking of less than was refunded. */
export function bookTooLittle(purchase: Purchase): PlannedFault {
  const refund = refundPart(purchase);
  const by = purchase.random.chance(0.5) ? 1 : purchase.partOf(refund.row.amount);
  const amount = refund.row.amount - by;
  purchase.book({ ...refund.row, amount }, refund.doneAt + purchase.between(minutes(1), hours(8)));
  return unbooked(refund, "booked-too-little", by, "booked with too little");
}

/** Two bookings of one refund. */
export function bookTwice(purchase: Purchase): PlannedFault {
  const { row, doneAt } = refundPart(purchase);
  const first = doneAt + purchase.between(minutes(1), hours(8));
  const second = first + purchase.between(minutes(1), hours(20));
  for (const at of [first, second]) purchase.book(row, at);
  return {
    check: refundChecks.booked,
    class: "booked-too-much",
    key: keyOf(row.refund_no),
    currency: row.currency,
    atRisk: row.amount,
    dueAt: second + refundTerms.skew,
    note: "booked twice",
  };
}

/** A booking in another currency. */
export function bookInOtherCurrency(purchase: Purchase): PlannedFault {
  const refund = refundPart(purchase);
  const currency = otherCurrency(purchase.random, purchase.currency);
  purchase.book({ ...refund.row, currency }, refund.doneAt + purchase.between(minutes(1), hours(8)));
  return unbooked(refund, "booked-in-other-currency", refund.row.amount, `booked in ${currency}`);
}

function unsucceeded(row: Refund["row"], bookedAt: number, note: string): PlannedFault {
  return {
    check: refundChecks.booked,
    class: "booking-never-succeeded",
    key: keyOf(row.refund_no),
    currency: row.currency,
    atRisk: row.amount,
    dueAt: bookedAt + refundTerms.succeededAfter + refundTerms.skew,
    note,
  };
}

/** A booking of a refund that never was. */
export function bookUnknownRefund(purchase: Purchase): PlannedFault {
  const { row, doneAt } = refundPart(purchase, REFUND.failed);
  const unknown = { ...row, refund_no: purchase.unknownRefund };
  const bookedAt = purchase.book(unknown, doneAt + purchase.between(minutes(1), hours(8)));
  return unsucceeded(unknown, bookedAt, "booking of a refund that never was");
}

/** A booking of a refund that failed. */
export function bookFailedRefund(purchase: Purchase): PlannedFault {
  const { row, doneAt } = refundPart(purchase, REFUND.failed);
  const bookedAt = purchase.book(row, doneAt + purchase.between(minutes(1), hours(8)));
  return unsucceeded(row, bookedAt, "booking of a refund that failed");
}

/** A booking whose refund succeeds after its deadline. */
export function bookAheadOfLateSuccess(purchase: Purchase): PlannedFault {
  const { charge, askAt } = purchase.refundable();
  const amount = purchase.partOf(purchase.due);
  const ahead = { refund_no: purchase.nextRefund, amount, currency: purchase.currency };
  const dueAt = purchase.book(ahead, askAt) + refundTerms.succeededAfter + refundTerms.skew;
  const { row, doneAt } = purchase.refund(charge.chargeNo, amount, later(purchase, dueAt));
  const fault = unsucceeded(row, askAt, "succeeded long after its booking");
  return { ...fault, dueAt, resolvedAt: doneAt + seconds(1) };
}
