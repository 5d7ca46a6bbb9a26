import { otherCurrency } from "../prices.ts";
import type { FaultClass } from "../truth.ts";
import { APART, DUE, type Moment, type SqlOrder } from "./sql-order.ts";

/** What a plan made go wrong. Amounts are minor units. */
export interface SqlPlannedFault {
  readonly class: FaultClass;
  readonly atRisk: number;
  /** The deadline that is missed, in epoch ms, or the transaction that breaks it. */
  readonly from: number | Moment;
  /** A later step mends it. */
  readonly resolves?: true;
  readonly note: string;
}

/** Plans an order in which one thing goes wrong. */
export type SqlFaultPlan = (order: SqlOrder) => SqlPlannedFault;

/** What comes late comes so long after its deadline. */
const LATE = APART * 2;

/** The faults by name, the same as the simulated shop's. */
export const sqlFaults = {
  missing,
  missingThenLate,
  shortByOne: (order) => short(order, 1),
  short: (order) => short(order, order.partOf(order.amount)),
  shortThenToppedUp,
  secondCaptureUnsettled,
  clawbackTooBig,
  clawbackWithoutRefund,
  lineDoubled,
  lineDoubledAtOnce,
  lineDoubledThenRemoved,
  highByOne: (order) => high(order, 1),
  high: (order) => high(order, order.partOf(order.amount)),
  refundWithoutClawback,
  clawbackTooSmall,
  lineOfUnknownPayment,
  lineOfFailedPayment,
  lineThenLatePayment,
  wrongCurrency,
  wrongCurrencyThenCorrected,
} as const satisfies Record<string, SqlFaultPlan>;

export type SqlFaultName = keyof typeof sqlFaults;

function missing(order: SqlOrder): SqlPlannedFault {
  const { due } = order.pay();
  return { class: "missing", atRisk: order.amount, from: due, note: "never settled" };
}

function missingThenLate(order: SqlOrder): SqlPlannedFault {
  const { due } = order.pay();
  order.settle(order.amount, due + LATE);
  return { class: "missing", atRisk: order.amount, from: due, resolves: true, note: "settled after its deadline" };
}

function short(order: SqlOrder, by: number): SqlPlannedFault {
  const { at, due } = order.pay();
  order.settle(order.amount - by, at + APART);
  return { class: "under-charge", atRisk: by, from: due, note: "line too small" };
}

function shortThenToppedUp(order: SqlOrder): SqlPlannedFault {
  const by = order.partOf(order.amount);
  const fault = short(order, by);
  order.settle(by, (fault.from as number) + LATE, { kind: "adjustment" });
  return { ...fault, resolves: true, note: "line too small, the rest came late" };
}

function secondCaptureUnsettled(order: SqlOrder): SqlPlannedFault {
  const first = order.pay();
  order.settle(order.amount, first.at + APART);
  const second = order.pay({ at: first.at + 2 * APART, amount: order.partOf(order.amount) });
  const note = "second of two captures never settled";
  return { class: "under-charge", atRisk: second.amount, from: second.due, note };
}

/** A settled capture, and a refund of it. */
function settledAndRefunded(order: SqlOrder, amount: number) {
  const { at } = order.pay();
  order.settle(order.amount, at + APART);
  return order.refund(amount, at + 2 * APART);
}

function clawbackTooBig(order: SqlOrder): SqlPlannedFault {
  const refunded = order.partOf(order.amount);
  const by = order.random.chance(0.5) ? 1 : order.partOf(order.amount);
  const { done } = settledAndRefunded(order, refunded);
  const { due } = order.settle(-refunded - by, done + APART);
  return { class: "under-charge", atRisk: by, from: due, note: "more taken back than refunded" };
}

function clawbackWithoutRefund(order: SqlOrder): SqlPlannedFault {
  const { at } = order.pay();
  order.settle(order.amount, at + APART);
  const amount = order.partOf(order.amount);
  const { due } = order.settle(-amount, at + 2 * APART);
  return { class: "under-charge", atRisk: amount, from: due, note: "taken back without a refund" };
}

function lineDoubled(order: SqlOrder): SqlPlannedFault {
  const { at } = order.pay();
  order.settle(order.amount, at + APART);
  const { moment } = order.settle(order.amount, at + 2 * APART);
  return { class: "over-charge", atRisk: order.amount, from: moment, note: "settled twice" };
}

function lineDoubledAtOnce(order: SqlOrder): SqlPlannedFault {
  const { at } = order.pay();
  const [first] = order.settleTogether([order.amount, order.amount], at + APART);
  return { class: "over-charge", atRisk: order.amount, from: first!.moment, note: "settled twice by one statement" };
}

function lineDoubledThenRemoved(order: SqlOrder): SqlPlannedFault {
  const { at } = order.pay();
  order.settle(order.amount, at + APART);
  const second = order.settle(order.amount, at + 2 * APART);
  order.remove(second, second.at + LATE);
  const note = "settled twice, one line deleted later";
  return { class: "over-charge", atRisk: order.amount, from: second.moment, resolves: true, note };
}

function high(order: SqlOrder, by: number): SqlPlannedFault {
  const { at } = order.pay();
  const { moment } = order.settle(order.amount + by, at + APART);
  return { class: "over-charge", atRisk: by, from: moment, note: "line too high" };
}

function refundWithoutClawback(order: SqlOrder): SqlPlannedFault {
  const amount = order.partOf(order.amount);
  const { due } = settledAndRefunded(order, amount);
  return { class: "over-charge", atRisk: amount, from: due, note: "refund never taken back" };
}

function clawbackTooSmall(order: SqlOrder): SqlPlannedFault {
  const amount = 2 + order.random.below(order.amount - 2);
  const by = order.random.chance(0.5) ? 1 : order.partOf(amount);
  const { due, done } = settledAndRefunded(order, amount);
  order.settle(by - amount, done + APART);
  return { class: "over-charge", atRisk: by, from: due, note: "less taken back than refunded" };
}

function lineOfUnknownPayment(order: SqlOrder): SqlPlannedFault {
  const { due } = order.settle(order.amount, order.arrival);
  return unknown(order, due, "line of a payment that never was");
}

function lineOfFailedPayment(order: SqlOrder): SqlPlannedFault {
  order.fail();
  const { due } = order.settle(order.amount, order.arrival + 2 * APART);
  return unknown(order, due, "line of a payment that failed");
}

function lineThenLatePayment(order: SqlOrder): SqlPlannedFault {
  const { due } = order.settle(order.amount, order.arrival);
  order.pay({ at: due + LATE });
  return { ...unknown(order, due, "captured more than a day after its line"), resolves: true };
}

function unknown(order: SqlOrder, from: number, note: string): SqlPlannedFault {
  return { class: "unknown-payment", atRisk: order.amount, from, note };
}

function wrongCurrency(order: SqlOrder): SqlPlannedFault {
  return bookWrongCurrency(order).fault;
}

function wrongCurrencyThenCorrected(order: SqlOrder): SqlPlannedFault {
  const { fault, booking } = bookWrongCurrency(order);
  const { net, fee } = order.amounts(order.amount);
  order.correct(booking, fault.from + LATE, "currency = $3, net = $4, fee = $5", [order.currency, net, fee]);
  return { ...fault, resolves: true, note: `${fault.note}, corrected later` };
}

/** Reported on the captured currency, at the capture's deadline: the line's own comes after. */
function bookWrongCurrency(order: SqlOrder) {
  const { at, due } = order.pay();
  const currency = otherCurrency(order.random, order.currency);
  const booking = order.settle(order.amount, at + APART, { currency, due: due + DUE });
  const note = `captured in ${order.currency}, settled in ${currency}`;
  const fault = { class: "currency-mismatch", atRisk: order.amount, from: due, note } as const;
  return { fault, booking };
}
