import { days, hours, minutes } from "../base/time.ts";
import type { Capture, Order } from "./order.ts";
import { otherCurrency } from "./prices.ts";
import { RUN_DELAY } from "./settlement.ts";
import { terms } from "./terms.ts";
import type { FaultClass } from "./truth.ts";

/** What a plan made go wrong. Amounts are minor units. */
export interface PlannedFault {
  readonly class: FaultClass;
  readonly atRisk: number;
  /** The point of event time from which it is failing. */
  readonly dueAt: number;
  /** When something makes it right again. */
  readonly resolvedAt?: number;
  readonly note: string;
}

/** Plans an order in which one thing goes wrong. */
export type FaultPlan = (order: Order) => PlannedFault;

/**
 * The faults: `often` says how common a kind is among them. Whatever comes late comes ten minutes late at least, so
 * that no rounding of times can save it.
 */
export const faults = {
  missing: { often: 6, plan: missing },
  missingThenLate: { often: 4, plan: missingThenLate },
  shortByOne: { often: 1, plan: (order) => short(order, 1) },
  short: { often: 1, plan: (order) => short(order, order.partOf(order.amount)) },
  shortThenToppedUp: { often: 1, plan: shortThenToppedUp },
  secondCaptureUnsettled: { often: 1, plan: secondCaptureUnsettled },
  clawbackTooBig: { often: 1, plan: clawbackTooBig },
  clawbackWithoutRefund: { often: 1, plan: clawbackWithoutRefund },
  lineDoubled: { often: 1, plan: lineDoubled },
  lineDoubledThenRemoved: { often: 1, plan: lineDoubledThenRemoved },
  highByOne: { often: 1, plan: (order) => high(order, 1) },
  high: { often: 1, plan: (order) => high(order, order.partOf(order.amount)) },
  refundWithoutClawback: { often: 2, plan: refundWithoutClawback },
  clawbackTooSmall: { often: 1, plan: clawbackTooSmall },
  lineOfUnknownPayment: { often: 2, plan: lineOfUnknownPayment },
  lineOfFailedPayment: { often: 1, plan: lineOfFailedPayment },
  lineThenLatePayment: { often: 1, plan: lineThenLatePayment },
  wrongCurrency: { often: 2, plan: wrongCurrency },
  wrongCurrencyThenCorrected: { often: 1, plan: wrongCurrencyThenCorrected },
} as const satisfies Record<string, { readonly often: number; readonly plan: FaultPlan }>;

export type FaultName = keyof typeof faults;

/** The kinds that are overdue without regard to any later event: the stuff of a baseline. */
export const baselineFaults: readonly FaultName[] = ["missing", "short", "lineOfUnknownPayment"];

/** Late by enough to be beyond doubt. */
function later(order: Order, dueAt: number): number {
  return dueAt + order.between(minutes(10), hours(20));
}

function missing(order: Order): PlannedFault {
  const { due } = order.pay();
  return { class: "missing", atRisk: order.amount, dueAt: due + terms.skew, note: "never settled" };
}

function missingThenLate(order: Order): PlannedFault {
  const dueAt = order.pay().due + terms.skew;
  const { committedAt: resolvedAt } = order.settle(order.amount, later(order, dueAt));
  return { class: "missing", atRisk: order.amount, dueAt, resolvedAt, note: "settled after its deadline" };
}

function short(order: Order, by: number): PlannedFault {
  const capture = order.pay();
  order.settleCapture(capture, order.amount - by);
  const note = by === 1 ? "line short by one minor unit" : "line too small";
  return { class: "under-charge", atRisk: by, dueAt: capture.due + terms.skew, note };
}

function shortThenToppedUp(order: Order): PlannedFault {
  const by = order.partOf(order.amount);
  const { dueAt } = short(order, by);
  const { committedAt: resolvedAt } = order.settle(by, later(order, dueAt), { kind: "adjustment" });
  return { class: "under-charge", atRisk: by, dueAt, resolvedAt, note: "line too small, the rest came late" };
}

function secondCaptureUnsettled(order: Order): PlannedFault {
  const first = order.pay();
  order.settleCapture(first);
  const second = order.pay(order.partOf(order.amount), first.capturedAt + order.between(hours(3), days(2)));
  const dueAt = second.due + terms.skew;
  return { class: "under-charge", atRisk: second.amount, dueAt, note: "second of two captures never settled" };
}

/** Settles a capture, refunds a part once it is due, and gives the refund. */
function refundDueCapture(order: Order, amount: number) {
  const capture = order.pay();
  order.settleCapture(capture);
  const asked = capture.due + order.between(hours(1), hours(12));
  return order.refund(amount, asked, asked + order.between(minutes(1), hours(3)), "refund");
}

function clawbackTooBig(order: Order): PlannedFault {
  const refunded = order.partOf(order.amount);
  const by = order.random.chance(0.5) ? 1 : order.partOf(order.amount);
  const { refundedAt } = refundDueCapture(order, refunded);
  const { bookedAt } = order.settle(-refunded - by, refundedAt + order.between(hours(4), days(2)));
  return { class: "under-charge", atRisk: by, dueAt: refundDue(bookedAt), note: "more taken back than refunded" };
}

function clawbackWithoutRefund(order: Order): PlannedFault {
  const capture: Capture = order.pay();
  order.settleCapture(capture);
  const amount = order.partOf(order.amount);
  const { bookedAt } = order.settle(-amount, capture.due + order.between(hours(1), days(1)));
  return { class: "under-charge", atRisk: amount, dueAt: refundDue(bookedAt), note: "taken back without a refund" };
}

/** A claw-back may be ahead of its refund: it is wrong from its own deadline on. */
function refundDue(bookedAt: number): number {
  return bookedAt + terms.unknownAfter + terms.skew;
}

function lineDoubled(order: Order): PlannedFault {
  const first = order.settleCapture(order.pay());
  // Half of them in the same settlement run.
  const from = first.bookedAt + (order.random.chance(0.5) ? -RUN_DELAY : order.between(hours(1), hours(30)));
  const { committedAt } = order.settle(order.amount, from);
  return { class: "over-charge", atRisk: order.amount, dueAt: committedAt + terms.skew, note: "settled twice" };
}

function lineDoubledThenRemoved(order: Order): PlannedFault {
  const first = order.settleCapture(order.pay());
  const second = order.settle(order.amount, first.bookedAt + order.between(hours(1), hours(30)));
  const dueAt = second.committedAt + terms.skew;
  const resolvedAt = later(order, dueAt);
  order.remove(second, resolvedAt);
  return {
    class: "over-charge",
    atRisk: order.amount,
    dueAt,
    resolvedAt,
    note: "settled twice, one line deleted later",
  };
}

function high(order: Order, by: number): PlannedFault {
  const { committedAt } = order.settleCapture(order.pay(), order.amount + by);
  const note = by === 1 ? "line too high by one minor unit" : "line too high";
  return { class: "over-charge", atRisk: by, dueAt: committedAt + terms.skew, note };
}

function refundWithoutClawback(order: Order): PlannedFault {
  const amount = order.partOf(order.amount);
  const { due } = refundDueCapture(order, amount);
  return { class: "over-charge", atRisk: amount, dueAt: due + terms.skew, note: "refund never taken back" };
}

function clawbackTooSmall(order: Order): PlannedFault {
  const amount = 2 + order.random.below(order.amount - 2);
  const by = order.random.chance(0.5) ? 1 : order.partOf(amount);
  const { due, refundedAt } = refundDueCapture(order, amount);
  order.settle(by - amount, refundedAt + order.between(hours(4), days(4)));
  return { class: "over-charge", atRisk: by, dueAt: due + terms.skew, note: "less taken back than refunded" };
}

function lineOfUnknownPayment(order: Order): PlannedFault {
  const { bookedAt } = order.settle(order.amount, order.arrival);
  return unknown(order, bookedAt, "line of a payment that never was");
}

function lineOfFailedPayment(order: Order): PlannedFault {
  const { bookedAt } = order.settle(order.amount, order.fail() + order.between(hours(1), hours(20)));
  return unknown(order, bookedAt, "line of a payment that failed");
}

function lineThenLatePayment(order: Order): PlannedFault {
  const { bookedAt } = order.settle(order.amount, order.arrival);
  const fault = unknown(order, bookedAt, "captured more than a day after its line");
  const { capturedAt } = order.pay(order.amount, later(order, fault.dueAt));
  // A slow commit can delay it.
  return { ...fault, resolvedAt: capturedAt + terms.longestTransaction };
}

function unknown(order: Order, bookedAt: number, note: string): PlannedFault {
  return { class: "unknown-payment", atRisk: order.amount, dueAt: bookedAt + terms.unknownAfter + terms.skew, note };
}

function wrongCurrency(order: Order): PlannedFault {
  return bookWrongCurrency(order).fault;
}

function wrongCurrencyThenCorrected(order: Order): PlannedFault {
  const { fault, booking } = bookWrongCurrency(order);
  const resolvedAt = later(order, fault.dueAt);
  order.correct(booking, resolvedAt, { currency: order.currency, ...order.amounts(order.amount) });
  return { ...fault, resolvedAt, note: `${fault.note}, corrected later` };
}

/** Reported on the captured currency, at the capture's deadline. */
function bookWrongCurrency(order: Order) {
  const capture = order.pay();
  const currency = otherCurrency(order.random, order.currency);
  const booking = order.settleCapture(capture, order.amount, { currency });
  const note = `captured in ${order.currency}, settled in ${currency}`;
  const fault = { class: "currency-mismatch", atRisk: order.amount, dueAt: capture.due + terms.skew, note } as const;
  return { fault, booking };
}
