import { days, hours, minutes } from "../../base/time.ts";
import type { Purchase } from "./purchase.ts";
import { CHARGE, REFUND } from "./tables.ts";
import { refundTerms } from "./terms.ts";

/** Purchases that look wrong for a while, or to a careless rule, and are right at every point of event time. */
export interface LookAlike {
  /** Share of all purchases. */
  readonly share: number;
  plan(purchase: Purchase): void;
}

/** The look-alikes by name. */
export const lookAlikes = {
  equalPartialRefunds: { share: 0.03, plan: equalPartialRefunds },
  equalRefundsDaysApart: { share: 0.02, plan: equalRefundsDaysApart },
  twinThatFails: { share: 0.02, plan: twinThatFails },
  refundedToTheLastUnit: { share: 0.03, plan: refundedToTheLastUnit },
  retryAfterFailure: { share: 0.03, plan: retryAfterFailure },
  failedRefundThenFull: { share: 0.02, plan: failedRefundThenFull },
  keyGivenBack: { share: 0.02, plan: keyGivenBack },
  refundAheadOfCapture: { share: 0.02, plan: refundAheadOfCapture },
  chargeRetried: { share: 0.03, plan: chargeRetried },
  splitTender: { share: 0.04, plan: splitTender },
  chargeReversedThenPaidAgain: { share: 0.02, plan: chargeReversedThenPaidAgain },
  dueRaised: { share: 0.02, plan: dueRaised },
  bookedAheadOfSuccess: { share: 0.03, plan: bookedAheadOfSuccess },
  bookedJustInTime: { share: 0.03, plan: bookedJustInTime },
  touchedRefund: { share: 0.02, plan: touchedRefund },
} as const satisfies Record<string, LookAlike>;

export type LookAlikeName = keyof typeof lookAlikes;

/** At most half, so that it may be given back twice. */
function halfOf(purchase: Purchase): number {
  return purchase.partOf(Math.floor(purchase.due / 2));
}

/** Two things came back, one after the other: two requests, and the channel was told of two. */
function equalPartialRefunds(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const amount = halfOf(purchase);
  const { row, doneAt } = purchase.refundAndBook(charge.chargeNo, amount, askAt);
  const { reason } = row;
  purchase.refundAndBook(charge.chargeNo, amount, doneAt + purchase.between(minutes(1), hours(20)), { reason });
}

/** The channel is told the same, but so late that nobody sent it again by mistake. */
function equalRefundsDaysApart(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const amount = halfOf(purchase);
  const { row, askedAt } = purchase.refundAndBook(charge.chargeNo, amount, askAt);
  const cells = { reason: row.reason, channelRef: row.channel_ref };
  const askAgainAt = askedAt + refundTerms.alikeWithin + purchase.between(minutes(10), days(1));
  purchase.refundAndBook(charge.chargeNo, amount, askAgainAt, cells);
}

/** Sent again by mistake, but the channel took only one of them. */
function twinThatFails(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const amount = halfOf(purchase);
  const { row } = purchase.refundAndBook(charge.chargeNo, amount, askAt);
  const cells = { reason: row.reason, channelRef: row.channel_ref };
  purchase.refund(charge.chargeNo, amount, askAt + purchase.between(minutes(5), hours(3)), cells, REFUND.failed);
}

function refundedToTheLastUnit(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const part = purchase.partOf(purchase.due);
  const { doneAt } = purchase.refundAndBook(charge.chargeNo, part, askAt);
  const askAgainAt = doneAt + purchase.between(minutes(1), days(1));
  purchase.refundAndBook(charge.chargeNo, purchase.due - part, askAgainAt);
}

/** The same request is sent again when it failed, even in everything that the channel was told. */
function retryAfterFailure(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const amount = purchase.due;
  const { row, doneAt } = purchase.refund(charge.chargeNo, amount, askAt, {}, REFUND.failed);
  const cells = { requestNo: row.request_no, reason: row.reason, channelRef: row.channel_ref };
  purchase.refundAndBook(charge.chargeNo, amount, doneAt + purchase.between(minutes(1), hours(12)), cells);
}

function failedRefundThenFull(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const part = purchase.partOf(purchase.due);
  const { doneAt } = purchase.refund(charge.chargeNo, part, askAt, {}, REFUND.failed);
  purchase.refundAndBook(charge.chargeNo, purchase.due, doneAt + purchase.between(minutes(1), hours(12)));
}

/** A refund that came back gives its part and its key back. */
function keyGivenBack(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const first = purchase.refundAndBook(charge.chargeNo, purchase.due, askAt);
  const cameBackAt = first.doneAt + purchase.between(hours(1), days(1));
  purchase.reverseRefund(first, cameBackAt);
  const { request_no: requestNo, reason, channel_ref: channelRef } = first.row;
  const askAgainAt = cameBackAt + purchase.between(minutes(1), hours(12));
  purchase.refundAndBook(charge.chargeNo, purchase.due, askAgainAt, { requestNo, reason, channelRef });
}

/** The refund is written while the capture of its charge is still under way. */
function refundAheadOfCapture(purchase: Purchase): void {
  purchase.open();
  const chargeNo = purchase.nextCharge;
  const askAt = purchase.arrival + minutes(1);
  const { sentAt } = purchase.refundAndBook(chargeNo, purchase.partOf(purchase.due), askAt);
  purchase.charge(purchase.due, sentAt + purchase.between(minutes(1), hours(5)));
}

function chargeRetried(purchase: Purchase): void {
  purchase.open();
  const { doneAt } = purchase.charge(purchase.due, undefined, CHARGE.failed);
  purchase.charge(purchase.due, doneAt + purchase.between(minutes(1), hours(1)));
}

/** A part by gift card, the rest by card; one of them is given back. */
function splitTender(purchase: Purchase): void {
  purchase.open();
  const part = purchase.partOf(purchase.due);
  const first = purchase.charge(part);
  const second = purchase.charge(purchase.due - part, first.doneAt + purchase.between(minutes(1), minutes(30)));
  purchase.refundAndBook(first.chargeNo, part, second.doneAt + purchase.between(hours(1), days(1)));
}

function chargeReversedThenPaidAgain(purchase: Purchase): void {
  const first = purchase.pay();
  const reversedAt = first.doneAt + purchase.between(minutes(5), hours(12));
  purchase.reverseCharge(first, reversedAt);
  purchase.charge(purchase.due, reversedAt + purchase.between(minutes(1), hours(12)));
}

/** Something is added to the purchase, and paid. */
function dueRaised(purchase: Purchase): void {
  const row = purchase.open();
  const { doneAt } = purchase.charge(purchase.due);
  const by = purchase.partOf(purchase.due);
  const raisedAt = doneAt + purchase.between(minutes(5), hours(12));
  purchase.owe(row, purchase.due + by, raisedAt);
  purchase.charge(by, raisedAt + purchase.between(minutes(1), hours(2)));
}

/** The ledger is faster than the channel. */
function bookedAheadOfSuccess(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const { row, sentAt } = purchase.refund(charge.chargeNo, purchase.partOf(purchase.due), askAt);
  purchase.book(row, sentAt + minutes(0.5));
}

function bookedJustInTime(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const { row, doneAt } = purchase.refund(charge.chargeNo, purchase.partOf(purchase.due), askAt);
  purchase.book(row, doneAt + refundTerms.bookedAfter - purchase.between(minutes(10), hours(2)));
}

/** Its `gmt_modified` moves on, and nothing else: what is due is due as before. */
function touchedRefund(purchase: Purchase): void {
  const { charge, askAt } = purchase.refundable();
  const refund = purchase.refundAndBook(charge.chargeNo, purchase.partOf(purchase.due), askAt);
  purchase.touch(refund, refund.doneAt + purchase.between(minutes(1), days(1)));
}
