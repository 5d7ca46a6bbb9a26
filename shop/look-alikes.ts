import { days, hours, minutes } from "../base/time.ts";
import type { Order } from "./order.ts";
import { terms } from "./terms.ts";

/** Orders that look wrong for a while, or to a careless rule, and are right at every point of event time. */
export interface LookAlike {
  /** Share of all orders. */
  readonly share: number;
  plan(order: Order): void;
}

/** The look-alikes by name. */
export const lookAlikes = {
  refundAfterSettlement: { share: 0.04, plan: refundAfterSettlement },
  twoRefunds: { share: 0.01, plan: twoRefunds },
  failedRefund: { share: 0.02, plan: failedRefund },
  clawbackBeforeRefund: { share: 0.015, plan: clawbackBeforeRefund },
  reversalSettledNet: { share: 0.015, plan: reversalSettledNet },
  reversalWithOwnLine: { share: 0.01, plan: reversalWithOwnLine },
  fullReversalUnsettled: { share: 0.01, plan: fullReversalUnsettled },
  lateSecondCapture: { share: 0.025, plan: lateSecondCapture },
  lineBeforePayment: { share: 0.03, plan: lineBeforePayment },
  splitLines: { share: 0.02, plan: splitLines },
  separateFee: { share: 0.02, plan: separateFee },
  zeroFee: { share: 0.02, plan: zeroFee },
  keyChange: { share: 0.01, plan: keyChange },
  lineAmountCorrected: { share: 0.01, plan: lineAmountCorrected },
  lineCorrectedWithinSkew: { share: 0.01, plan: lineCorrectedWithinSkew },
  linePaymentCorrected: { share: 0.01, plan: linePaymentCorrected },
  lineRebooked: { share: 0.01, plan: lineRebooked },
  lineRemovedAndBookedLater: { share: 0.01, plan: lineRemovedAndBookedLater },
  amountChangedBeforeCapture: { share: 0.02, plan: amountChangedBeforeCapture },
  unmappedColumnChanged: { share: 0.03, plan: unmappedColumnChanged },
  paymentDeleted: { share: 0.01, plan: paymentDeleted },
  settledJustInTime: { share: 0.02, plan: settledJustInTime },
} as const satisfies Record<string, LookAlike>;

export type LookAlikeName = keyof typeof lookAlikes;

/** Half of the refunds are full ones. */
function drawRefund(order: Order): number {
  return order.random.chance(0.5) ? order.amount : order.partOf(order.amount);
}

/** The refund is taken back days later; until then the ledger has too much. */
function refundAfterSettlement(order: Order): void {
  const { committedAt } = order.settleCapture(order.pay());
  refundAndTakeBack(order, drawRefund(order), committedAt + order.between(hours(1), days(1)));
}

function twoRefunds(order: Order): void {
  const { committedAt } = order.settleCapture(order.pay());
  const first = order.partOf(order.amount);
  refundAndTakeBack(order, first, committedAt + order.between(hours(1), hours(8)));
  refundAndTakeBack(order, order.amount - first, committedAt + order.between(hours(9), days(1)));
}

function refundAndTakeBack(order: Order, amount: number, asked: number): void {
  const done = asked + order.between(minutes(1), hours(6));
  order.refund(amount, asked, done, "refund");
  order.settle(-amount, done + order.between(days(2), days(4)));
}

function failedRefund(order: Order): void {
  const { committedAt } = order.settleCapture(order.pay());
  const asked = committedAt + order.between(hours(1), days(1));
  order.refund(drawRefund(order), asked, asked + order.between(minutes(1), hours(6)), "refund", false);
}

/** The acquirer is faster than the shop, while the capture is not due yet. */
function clawbackBeforeRefund(order: Order): void {
  const amount = drawRefund(order);
  const { capturedAt } = order.pay();
  order.settle(order.amount, capturedAt + order.between(hours(1), hours(4)));
  const { committedAt } = order.settle(-amount, capturedAt + order.between(hours(6), days(3)));
  const done = committedAt + order.between(hours(1), hours(20));
  order.refund(amount, committedAt - minutes(5), done, "refund");
}

/** What is settled is already less what was reversed. */
function reversalSettledNet(order: Order): void {
  const { capturedAt } = order.pay();
  const amount = order.partOf(order.amount);
  reverse(order, amount, capturedAt);
  order.settle(order.amount - amount, capturedAt + order.between(hours(6), hours(20)));
}

function reversalWithOwnLine(order: Order): void {
  const { capturedAt } = order.pay();
  const amount = drawRefund(order);
  const done = reverse(order, amount, capturedAt);
  order.settle(order.amount, capturedAt + order.between(hours(6), hours(20)));
  order.settle(-amount, done + order.between(days(1), days(4)));
}

/** Nothing is owed, so nothing is missing. */
function fullReversalUnsettled(order: Order): void {
  reverse(order, order.amount, order.pay().capturedAt);
}

function reverse(order: Order, amount: number, capturedAt: number): number {
  const asked = capturedAt + order.between(minutes(5), hours(3));
  const done = asked + order.between(minutes(1), hours(2));
  order.refund(amount, asked, done, "reversal");
  return done;
}

function lateSecondCapture(order: Order): void {
  const first = order.pay();
  order.settleCapture(first);
  const second = order.pay(order.partOf(order.amount), first.capturedAt + order.between(hours(3), days(3)));
  order.settleCapture(second);
}

function lineBeforePayment(order: Order): void {
  const { committedAt } = order.settle(order.amount, order.arrival);
  const wait = order.random.chance(0.5) ? order.between(minutes(1), hours(1)) : order.between(hours(1), hours(22));
  order.pay(order.amount, committedAt + wait);
}

function splitLines(order: Order): void {
  const capture = order.pay();
  const first = order.partOf(order.amount);
  order.settleCapture(capture, first);
  order.settleCapture(capture, order.amount - first);
}

function separateFee(order: Order): void {
  const capture = order.pay();
  const fee = order.partOf(order.amount);
  order.settleCapture(capture, order.amount - fee, { fee: 0 });
  order.settleCapture(capture, fee, { kind: "fee", fee });
}

function zeroFee(order: Order): void {
  order.settleCapture(order.pay(), order.amount, { fee: 0 });
}

/** The row gets another primary key, before it is settled or after. */
function keyChange(order: Order): void {
  const capture = order.pay();
  order.rekey(capture, capture.capturedAt + order.between(minutes(1), hours(30)));
  order.settleCapture(capture);
}

/** Too little at first, put right before it is due. */
function lineAmountCorrected(order: Order): void {
  const { capturedAt } = order.pay();
  const wrong = order.settle(order.partOf(order.amount), capturedAt + order.between(hours(1), hours(12)));
  order.correct(wrong, wrong.committedAt + order.between(minutes(1), hours(10)), order.amounts(order.amount));
}

/** Too much at first, put right before two clocks could tell. */
function lineCorrectedWithinSkew(order: Order): void {
  const wrong = order.settleCapture(order.pay(), order.amount * 2);
  order.correct(wrong, wrong.committedAt + order.between(100, terms.skew - 200), order.amounts(order.amount));
}

/** The wrong payment at first: one that does not exist. */
function linePaymentCorrected(order: Order): void {
  const { capturedAt } = order.pay();
  const cells = { paymentId: order.unknownId };
  const wrong = order.settle(order.amount, capturedAt + order.between(hours(1), hours(12)), cells);
  order.correct(wrong, wrong.committedAt + order.between(minutes(1), hours(10)), { payment_id: order.paymentId });
}

/** Deleted and inserted under another primary key by one transaction, at any time. */
function lineRebooked(order: Order): void {
  const booking = order.settleCapture(order.pay());
  order.rebook(booking, booking.committedAt + order.between(minutes(1), days(2)));
}

function lineRemovedAndBookedLater(order: Order): void {
  const { capturedAt } = order.pay();
  const booking = order.settle(order.amount, capturedAt + order.between(hours(1), hours(8)));
  order.remove(booking, booking.committedAt + order.between(minutes(10), hours(4)));
  order.settle(order.amount, capturedAt + order.between(hours(14), hours(22)));
}

function amountChangedBeforeCapture(order: Order): void {
  order.settleCapture(order.pay(order.amount, order.arrival, order.amount + order.partOf(order.amount)));
}

function unmappedColumnChanged(order: Order): void {
  const capture = order.pay();
  order.settleCapture(capture);
  const at = capture.capturedAt + order.between(minutes(1), hours(10));
  order.change(capture, at, { merchant_id: 600 });
}

/** A captured payment that is withdrawn before anything is settled. */
function paymentDeleted(order: Order): void {
  const capture = order.pay();
  order.withdraw(capture, capture.capturedAt + order.between(minutes(1), hours(20)));
}

/** One minute before the deadline. */
function settledJustInTime(order: Order): void {
  const { due } = order.pay();
  order.settleAt(order.amount, due - minutes(1), { fee: 0 });
}
