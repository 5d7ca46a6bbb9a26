import { keyOf } from "../../base/key.ts";
import { days, hours, minutes, seconds } from "../../base/time.ts";
import { otherCurrency } from "../prices.ts";
import type { Charge, Purchase, Refund } from "./purchase.ts";
import { CHARGE, REFUND } from "./tables.ts";
import { refundChecks, refundTerms } from "./terms.ts";

/** What a plan made go wrong; `atRisk` is minor units. */
export interface PlannedFault {
  readonly check: string;
  readonly class: string;
  /** In canonical text. */
  readonly key: string;
  readonly currency: string;
  readonly atRisk: number;
  /** The point of event time from which it is failing. */
  readonly dueAt: number;
  /** When something makes it right again. */
  readonly resolvedAt?: number;
  readonly note: string;
}

/** Plans a purchase in which one thing goes wrong. */
export type FaultPlan = (purchase: Purchase) => PlannedFault;

/** The faults by class, each in every course that it can take. */
export const faults: Readonly<Record<string, readonly FaultPlan[]>> = {
  "over-refund": [
    (purchase) => overRefund(purchase, 1).fault,
    (purchase) => overRefund(purchase, purchase.partOf(purchase.due)).fault,
    overRefundThatFails,
    overRefundThatIsReversed,
    refundInOtherCurrency,
  ],
  "refund-of-unknown-payment": [refundOfUnknownCharge, refundOfFailedCharge, refundAheadOfLateCharge],
  "duplicate-refund": [
    (purchase) => repeatRequest(purchase, 0).fault,
    (purchase) => repeatRequest(purchase, 1).fault,
    repeatedRequestThatIsReversed,
  ],
  "suspected-duplicate": [(purchase) => repeatAlike(purchase).fault, repeatAlikeThatIsReversed],
  "duplicate-payment": [
    (purchase) => payTwice(purchase).fault,
    payTwiceAndReverse,
    splitTenderHighByOne,
    payTwiceInOtherCurrency,
  ],
  "over-capture": [overCapture],
  "payment-of-unknown-purchase": [payUnknownPurchase],
  "success-never-booked": [(purchase) => neverBook(purchase).fault, bookLate],
  "booked-too-little": [bookTooLittle],
  "booked-too-much": [bookTwice],
  "booked-in-other-currency": [bookInOtherCurrency],
  "booking-never-succeeded": [bookUnknownRefund, bookFailedRefund, bookAheadOfLateSuccess],
};

/** The kinds that are wrong without regard to any later event: the stuff of a baseline. */
export const baselineFaults: readonly FaultPlan[] = [
  (purchase) => overRefund(purchase, 1).fault,
  refundOfUnknownCharge,
  (purchase) => repeatRequest(purchase, 0).fault,
  (purchase) => repeatAlike(purchase).fault,
  (purchase) => payTwice(purchase).fault,
  (purchase) => neverBook(purchase).fault,
];

/** The point at which a statement is judged: MariaDB's times are cut to whole seconds. */
function judged(statementMs: number): number {
  return statementMs - (statementMs % 1000) + refundTerms.skew;
}

/** Late by enough to be beyond doubt. */
function later(purchase: Purchase, dueAt: number): number {
  return dueAt + purchase.between(minutes(10), hours(20));
}

/** The purchase is paid, and some time later a refund may be asked for. */
function paid(purchase: Purchase): { charge: Charge; askAt: number } {
  const charge = purchase.pay();
  return { charge, askAt: charge.doneAt + purchase.between(hours(1), days(1)) };
}

function bound(charge: string, refund: Refund, atRisk: number, note: string): PlannedFault {
  const at = { check: refundChecks.bound, key: keyOf(charge), currency: refund.row.currency };
  return { ...at, class: "over-refund", atRisk, dueAt: judged(refund.sentAt), note };
}

function overRefund(purchase: Purchase, by: number, isBooked = true) {
  const { charge, askAt } = paid(purchase);
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

function overRefundThatFails(purchase: Purchase): PlannedFault {
  const { fault, second } = overRefund(purchase, purchase.partOf(purchase.due), false);
  return { ...fault, resolvedAt: second.doneAt, note: "more in flight than was captured, then it failed" };
}

function overRefundThatIsReversed(purchase: Purchase): PlannedFault {
  const { fault, second } = overRefund(purchase, purchase.partOf(purchase.due));
  const resolvedAt = later(purchase, second.doneAt);
  purchase.reverseRefund(second, resolvedAt);
  return { ...fault, resolvedAt, note: "refunded more than was captured, then it came back" };
}

function refundInOtherCurrency(purchase: Purchase): PlannedFault {
  const { charge, askAt } = paid(purchase);
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

function refundOfUnknownCharge(purchase: Purchase): PlannedFault {
  return refundUnknown(purchase, purchase.unknownCharge, purchase.arrival, "refund of a charge that never was");
}

function refundOfFailedCharge(purchase: Purchase): PlannedFault {
  purchase.open();
  const { chargeNo, doneAt } = purchase.charge(purchase.due, undefined, CHARGE.failed);
  const askedAt = doneAt + purchase.between(minutes(5), hours(5));
  return refundUnknown(purchase, chargeNo, askedAt, "refund of a charge that failed");
}

function refundAheadOfLateCharge(purchase: Purchase): PlannedFault {
  purchase.open();
  const chargeNo = purchase.nextCharge;
  const fault = refundUnknown(purchase, chargeNo, purchase.arrival + minutes(1), "captured long after its refund");
  const { doneAt } = purchase.charge(purchase.due, later(purchase, fault.dueAt));
  return { ...fault, resolvedAt: doneAt };
}

/** Half of them look alike in everything else, too: it is one cause still. */
function repeatRequest(purchase: Purchase, by: number) {
  const { charge, askAt } = paid(purchase);
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

function repeatedRequestThatIsReversed(purchase: Purchase): PlannedFault {
  const { fault, second } = repeatRequest(purchase, 0);
  const resolvedAt = later(purchase, second.doneAt);
  purchase.reverseRefund(second, resolvedAt);
  return { ...fault, resolvedAt, note: "one request refunded twice, then one came back" };
}

function repeatAlike(purchase: Purchase) {
  const { charge, askAt } = paid(purchase);
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

function repeatAlikeThatIsReversed(purchase: Purchase): PlannedFault {
  const { fault, second } = repeatAlike(purchase);
  const resolvedAt = later(purchase, second.doneAt);
  purchase.reverseRefund(second, resolvedAt);
  return { ...fault, resolvedAt, note: "the same refund by another request, then one came back" };
}

function paidTooMuch(purchase: Purchase, { row, doneAt }: Charge, atRisk: number, note: string): PlannedFault {
  const { purchaseNo } = purchase;
  const at = { check: refundChecks.paid, key: keyOf(purchaseNo), currency: row.currency };
  return { ...at, class: "duplicate-payment", atRisk, dueAt: judged(doneAt), note };
}

function payTwice(purchase: Purchase) {
  const first = purchase.pay();
  const second = purchase.charge(purchase.due, first.doneAt + purchase.between(minutes(1), days(1)));
  return { fault: paidTooMuch(purchase, second, purchase.due, "paid twice"), second };
}

function payTwiceAndReverse(purchase: Purchase): PlannedFault {
  const { fault, second } = payTwice(purchase);
  const resolvedAt = later(purchase, fault.dueAt);
  purchase.reverseCharge(second, resolvedAt);
  return { ...fault, resolvedAt, note: "paid twice, then one was given back" };
}

function splitTenderHighByOne(purchase: Purchase): PlannedFault {
  purchase.open();
  const part = purchase.partOf(purchase.due);
  const first = purchase.charge(part);
  const second = purchase.charge(purchase.due - part + 1, first.doneAt + purchase.between(minutes(1), hours(2)));
  return paidTooMuch(purchase, second, 1, "two parts are one minor unit more than was due");
}

function payTwiceInOtherCurrency(purchase: Purchase): PlannedFault {
  const first = purchase.pay();
  const currency = otherCurrency(purchase.random, purchase.currency);
  const from = first.doneAt + purchase.between(minutes(1), days(1));
  const second = purchase.charge(purchase.due, from, CHARGE.captured, currency);
  return paidTooMuch(purchase, second, purchase.due, "paid once more in another currency");
}

function overCapture(purchase: Purchase): PlannedFault {
  purchase.open();
  const by = purchase.random.chance(0.5) ? 1 : purchase.partOf(purchase.due);
  const charge = purchase.charge(purchase.due + by);
  return { ...paidTooMuch(purchase, charge, by, "one charge of more than was due"), class: "over-capture" };
}

function payUnknownPurchase(purchase: Purchase): PlannedFault {
  const charge = purchase.charge(purchase.due);
  const dueAt = charge.row.gmt_create + refundTerms.unknownAfter + refundTerms.skew;
  const fault = paidTooMuch(purchase, charge, purchase.due, "charge of a purchase that never was");
  return { ...fault, class: "payment-of-unknown-purchase", dueAt };
}

/** A refund of a part; its booking is the caller's. */
function refundPart(purchase: Purchase, status: number = REFUND.succeeded): Refund {
  const { charge, askAt } = paid(purchase);
  return purchase.refund(charge.chargeNo, 1 + purchase.partOf(purchase.due - 1), askAt, {}, status);
}

function neverBook(purchase: Purchase) {
  const refund = refundPart(purchase);
  const fault = unbooked(refund, "success-never-booked", refund.row.amount, "a success that was never booked");
  return { fault, refund };
}

function unbooked({ row, doneAt }: Refund, class_: string, atRisk: number, note: string): PlannedFault {
  const dueAt = doneAt + refundTerms.bookedAfter + refundTerms.skew;
  const at = { check: refundChecks.booked, key: keyOf(row.refund_no), currency: row.currency };
  return { ...at, class: class_, atRisk, dueAt, note };
}

function bookLate(purchase: Purchase): PlannedFault {
  const { fault, refund } = neverBook(purchase);
  const resolvedAt = later(purchase, fault.dueAt);
  purchase.book(refund.row, resolvedAt);
  return { ...fault, resolvedAt, note: "a success that was booked late" };
}

function bookTooLittle(purchase: Purchase): PlannedFault {
  const refund = refundPart(purchase);
  const by = purchase.random.chance(0.5) ? 1 : purchase.partOf(refund.row.amount);
  const amount = refund.row.amount - by;
  purchase.book({ ...refund.row, amount }, refund.doneAt + purchase.between(minutes(1), hours(8)));
  return unbooked(refund, "booked-too-little", by, "booked with too little");
}

function bookTwice(purchase: Purchase): PlannedFault {
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

function bookInOtherCurrency(purchase: Purchase): PlannedFault {
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

function bookUnknownRefund(purchase: Purchase): PlannedFault {
  const { row, doneAt } = refundPart(purchase, REFUND.failed);
  const unknown = { ...row, refund_no: purchase.unknownRefund };
  const bookedAt = purchase.book(unknown, doneAt + purchase.between(minutes(1), hours(8)));
  return unsucceeded(unknown, bookedAt, "booking of a refund that never was");
}

function bookFailedRefund(purchase: Purchase): PlannedFault {
  const { row, doneAt } = refundPart(purchase, REFUND.failed);
  const bookedAt = purchase.book(row, doneAt + purchase.between(minutes(1), hours(8)));
  return unsucceeded(row, bookedAt, "booking of a refund that failed");
}

function bookAheadOfLateSuccess(purchase: Purchase): PlannedFault {
  const { charge, askAt } = paid(purchase);
  const amount = purchase.partOf(purchase.due);
  const ahead = { refund_no: purchase.nextRefund, amount, currency: purchase.currency };
  const dueAt = purchase.book(ahead, askAt) + refundTerms.succeededAfter + refundTerms.skew;
  const { row, doneAt } = purchase.refund(charge.chargeNo, amount, later(purchase, dueAt));
  const fault = unsucceeded(row, askAt, "succeeded long after its booking");
  return { ...fault, dueAt, resolvedAt: doneAt + seconds(1) };
}
