import { keyOf } from "../../base/key.ts";
import { days, hours, minutes } from "../../base/time.ts";
import { otherCurrency } from "../prices.ts";
import { judged, later, type PlannedFault } from "./fault-plan.ts";
import type { Purchase, Refund } from "./purchase.ts";
import { CHARGE, REFUND } from "./tables.ts";
import { refundChecks, refundTerms } from "./terms.ts";

function bound(charge: string, refund: Refund, atRisk: number, note: string): PlannedFault {
  const at = { check: refundChecks.bound, key: keyOf(charge), currency: refund.row.currency };
  return { ...at, class: "over-refund", atRisk, dueAt: judged(refund.sentAt), note };
}

/** A part is refunded, then so much more than the rest. The second one fails where it is not booked. */
export function overRefund(purchase: Purchase, by: number, isBooked = true) {
  const { charge, askAt } = purchase.refundable();
  const part = purchase.partOf(purchase.due);
  const first = purchase.refundAndBook(charge.chargeNo, part, askAt);
  const askAgainAt = first.doneAt + purchase.between(hours(1), days(1));
  const rest = purchase.due - part + by;
  const second = isBooked
    ? purchase.refundAndBook(charge.chargeNo, rest, askAgainAt)
    : purchase.refund(charge.chargeNo, rest, askAgainAt, {}, REFUND.failed);
  const note = by === 1 ? "refunded one minor unit more than was captured" : "refunded more than was captured";
  return { fault: bound(charge.chargeNo, second, by, note), second };
}

/** The channel refuses what was too much. */
export function overRefundThatFails(purchase: Purchase): PlannedFault {
  const { fault, second } = overRefund(purchase, purchase.partOf(purchase.due), false);
  return { ...fault, resolvedAt: second.doneAt, note: "more in flight than was captured, then it failed" };
}

/** What was too much comes back. */
export function overRefundThatIsReversed(purchase: Purchase): PlannedFault {
  const { fault, second } = overRefund(purchase, purchase.partOf(purchase.due));
  const resolvedAt = later(purchase, second.doneAt);
  purchase.reverseRefund(second, resolvedAt);
  return { ...fault, resolvedAt, note: "refunded more than was captured, then it came back" };
}

/** The amount is right, if the currency were. */
export function refundInOtherCurrency(purchase: Purchase): PlannedFault {
  const { charge, askAt } = purchase.refundable();
  const currency = otherCurrency(purchase.random, purchase.currency);
  const amount = purchase.partOf(purchase.due);
  const refund = purchase.refundAndBook(charge.chargeNo, amount, askAt, { currency });
  return bound(charge.chargeNo, refund, amount, `captured in ${purchase.currency}, refunded in ${currency}`);
}

function refundUnknown(purchase: Purchase, charge: string, askedAt: number, note: string): PlannedFault {
  const { row } = purchase.refundAndBook(charge, purchase.partOf(purchase.due), askedAt);
  return {
    check: refundChecks.bound,
    class: "refund-of-unknown-payment",
    key: keyOf(charge),
    currency: row.currency,
    atRisk: row.amount,
    dueAt: askedAt + refundTerms.unknownAfter + refundTerms.skew,
    note,
  };
}

/** A refund of a charge that never was. */
export function refundOfUnknownCharge(purchase: Purchase): PlannedFault {
  return refundUnknown(purchase, purchase.unknownCharge, purchase.arrival, "refund of a charge that never was");
}

/** A refund of a charge that failed. */
export function refundOfFailedCharge(purchase: Purchase): PlannedFault {
  purchase.open();
  const { chargeNo, doneAt } = purchase.charge(purchase.due, undefined, CHARGE.failed);
  const askedAt = doneAt + purchase.between(minutes(5), hours(5));
  return refundUnknown(purchase, chargeNo, askedAt, "refund of a charge that failed");
}

/** The charge is captured long after its refund. */
export function refundAheadOfLateCharge(purchase: Purchase): PlannedFault {
  purchase.open();
  const chargeNo = purchase.nextCharge;
  const fault = refundUnknown(purchase, chargeNo, purchase.arrival + minutes(1), "captured long after its refund");
  const { doneAt } = purchase.charge(purchase.due, later(purchase, fault.dueAt));
  return { ...fault, resolvedAt: doneAt };
}

/** One request is refunded twice, the second time with so much more. Half of them look alike in everything else, too: it is one cause still. */
export function repeatRequest(purchase: Purchase, by: number) {
  const { charge, askAt } = purchase.refundable();
  const amount = purchase.partOf(Math.floor(purchase.due / 2));
  const { row: first, doneAt } = purchase.refundAndBook(charge.chargeNo, amount, askAt);
  const cells = { requestNo: first.request_no, reason: first.reason };
  const isAlike = purchase.random.chance(0.5);
  const askAgainAt = doneAt + purchase.between(minutes(1), hours(20));
  const second = purchase.refundAndBook(charge.chargeNo, amount + by, askAgainAt, {
    ...cells,
    ...(isAlike && { channelRef: first.channel_ref }),
  });
  const fault: PlannedFault = {
    check: refundChecks.repeated,
    class: "duplicate-refund",
    key: keyOf(first.request_no),
    currency: purchase.currency,
    atRisk: amount + by,
    dueAt: judged(second.sentAt),
    note: "one request refunded twice",
  };
  return { fault, second };
}

/** One of two refunds of a request comes back. */
export function repeatedRequestThatIsReversed(purchase: Purchase): PlannedFault {
  const { fault, second } = repeatRequest(purchase, 0);
  const resolvedAt = later(purchase, second.doneAt);
  purchase.reverseRefund(second, resolvedAt);
  return { ...fault, resolvedAt, note: "one request refunded twice, then one came back" };
}

/** The same refund by another request, within a day. */
export function repeatAlike(purchase: Purchase) {
  const { charge, askAt } = purchase.refundable();
  const amount = purchase.partOf(Math.floor(purchase.due / 2));
  const { row: first, doneAt } = purchase.refundAndBook(charge.chargeNo, amount, askAt);
  const cells = { reason: first.reason, channelRef: first.channel_ref };
  const askAgainAt = doneAt + purchase.between(minutes(1), hours(20));
  const second = purchase.refundAndBook(charge.chargeNo, amount, askAgainAt, cells);
  const fault: PlannedFault = {
    check: refundChecks.alike,
    class: "suspected-duplicate",
    key: keyOf(charge.chargeNo),
    currency: purchase.currency,
    atRisk: amount,
    // The channel confirms it by an id of its own.
    dueAt: judged(second.doneAt),
    note: "the same refund by another request",
  };
  return { fault, second };
}

/** One of two refunds that are alike comes back. */
export function repeatAlikeThatIsReversed(purchase: Purchase): PlannedFault {
  const { fault, second } = repeatAlike(purchase);
  const resolvedAt = later(purchase, second.doneAt);
  purchase.reverseRefund(second, resolvedAt);
  return { ...fault, resolvedAt, note: "the same refund by another request, then one came back" };
}
