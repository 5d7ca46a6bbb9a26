import { seconds } from "../../base/time.ts";
import { terms } from "../terms.ts";
import { APART, DUE, type SqlOrder } from "./sql-order.ts";
import { dateTimeText, insertLines, insertPayments } from "./sql-world.ts";

/** What a transaction may be open on purpose; well below MariaDB's `longestTransaction`. */
const OPEN = seconds(4);

/** Orders that look wrong for a while, or to a careless reader, and are right at every point of event time. */
export const sqlLookAlikes = {
  refundAfterSettlement,
  twoRefunds,
  failedRefund,
  clawbackBeforeRefund,
  reversalSettledNet,
  fullReversalUnsettled,
  severalTablesAtOnce,
  splitTender,
  retryAfterFailure,
  secondCapture,
  lateButDueLater,
  settledJustInTime,
  lineBeforePayment,
  splitLines,
  separateFee,
  zeroFee,
  paymentKeyChange,
  lineKeyChange,
  lineAmountCorrected,
  lineCorrectedWithinSkew,
  linePaymentCorrected,
  lineRebooked,
  lineRemovedAndBookedLater,
  amountChangedBeforeCapture,
  nothingChanged,
  rolledBack,
  paymentDeleted,
  slowPayment,
  slowBooking,
} as const satisfies Record<string, (order: SqlOrder) => void>;

export type SqlLookAlikeName = keyof typeof sqlLookAlikes;

/** Look-alikes and faults that write refunds: they come early, so that the table is quiet for long then. */
export const writingRefunds: readonly string[] = [
  ...["refundAfterSettlement", "twoRefunds", "failedRefund", "clawbackBeforeRefund", "reversalSettledNet"],
  ...["fullReversalUnsettled", "severalTablesAtOnce"],
  ...["clawbackTooBig", "refundWithoutClawback", "clawbackTooSmall"],
];

/** Look-alikes whose transactions stay open, which holds up ALTER TABLE, and with it all others. */
export const slowOnPurpose: readonly SqlLookAlikeName[] = ["slowPayment", "slowBooking"];

function settled(order: SqlOrder) {
  const capture = order.pay();
  return { ...capture, line: order.settle(order.amount, capture.at + APART) };
}

function refundAfterSettlement(order: SqlOrder): void {
  const { line } = settled(order);
  refundAndTakeBack(order, order.random.chance(0.5) ? order.amount : order.partOf(order.amount), line.at + APART);
}

function twoRefunds(order: SqlOrder): void {
  const { line } = settled(order);
  const first = order.partOf(order.amount);
  refundAndTakeBack(order, first, line.at + APART);
  refundAndTakeBack(order, order.amount - first, line.at + 2 * APART);
}

/** The claw-back awaits most of the refund's term. */
function refundAndTakeBack(order: SqlOrder, amount: number, asked: number): void {
  const { due } = order.refund(amount, asked);
  order.settle(-amount, due - APART);
}

function failedRefund(order: SqlOrder): void {
  const { line } = settled(order);
  order.refund(order.partOf(order.amount), line.at + APART, "refund", false);
}

/** The acquirer is faster than the shop. */
function clawbackBeforeRefund(order: SqlOrder): void {
  const { line } = settled(order);
  const amount = order.partOf(order.amount);
  const { at } = order.settle(-amount, line.at + APART);
  order.refund(amount, at + APART);
}

function reversalSettledNet(order: SqlOrder): void {
  const { at } = order.pay();
  const amount = order.partOf(order.amount);
  const { done } = order.refund(amount, at + APART, "reversal");
  order.settle(order.amount - amount, done + APART);
}

/** Nothing is owed, so nothing is missing. */
function fullReversalUnsettled(order: SqlOrder): void {
  order.refund(order.amount, order.pay().at + APART, "reversal");
}

/** A capture and its partial reversal by one transaction over both tables. */
function severalTablesAtOnce(order: SqlOrder): void {
  const amount = order.partOf(order.amount);
  const { paymentId, currency, arrival } = order;
  const text = order.text(amount);
  const row = { paymentId, merchant: 7, currency, status: "created", capturedAt: null } as const;
  order.shop(arrival, async (on) => {
    const ids = await insertPayments(on, [{ ...row, amount: order.text(order.amount) }]);
    const due = arrival + DUE;
    await order.capture(on, { ids, due, at: arrival, amount: order.amount });
    const set = "INSERT INTO refunds (payment_id, kind, amount, currency, status, refunded_at)";
    const at = dateTimeText(due - terms.refundAfter);
    await on.run(`${set} VALUES (?, 'reversal', ?, ?, 'succeeded', ?)`, [paymentId, text, currency, at]);
    await on.run("UPDATE payments SET merchant_id = 8 WHERE id = ?", ids);
  });
  order.settle(order.amount - amount, arrival + 2 * APART);
}

/** Two captures of one payment: one statement each for both rows. */
function splitTender(order: SqlOrder): void {
  const first = order.partOf(order.amount);
  const { at } = order.payAtOnce([first, order.amount - first]);
  order.settle(order.amount, at + 2 * APART);
}

function retryAfterFailure(order: SqlOrder): void {
  order.fail();
  const { at } = order.pay({ at: order.arrival + 2500 });
  order.settle(order.amount, at + APART);
}

function secondCapture(order: SqlOrder): void {
  const { line } = settled(order);
  const second = order.pay({ at: line.at + APART, amount: order.partOf(order.amount) });
  order.settle(second.amount, second.at + 2 * APART);
}

/** Later than usual, but its capture's business time is later too. */
function lateButDueLater(order: SqlOrder): void {
  const { due } = order.pay({ due: order.arrival + DUE + 2 * APART });
  order.settle(order.amount, due - 1.5 * APART);
}

function settledJustInTime(order: SqlOrder): void {
  const { due } = order.pay();
  order.settle(order.amount, due - APART + 1000, { fee: 0 });
}

function lineBeforePayment(order: SqlOrder): void {
  const { at } = order.settle(order.amount, order.arrival);
  order.pay({ at: at + (order.random.chance(0.5) ? APART : 2 * APART) });
}

function splitLines(order: SqlOrder): void {
  const { at } = order.pay();
  const first = order.partOf(order.amount);
  order.settleTogether([first, order.amount - first], at + APART);
}

function separateFee(order: SqlOrder): void {
  const { at } = order.pay();
  const fee = order.partOf(order.amount);
  order.settle(order.amount - fee, at + APART, { fee: 0 });
  order.settle(fee, at + 2 * APART, { kind: "fee", fee });
}

function zeroFee(order: SqlOrder): void {
  order.settle(order.amount, order.pay().at + APART, { fee: 0 });
}

/** Before it is settled, its row gets another primary key. */
function paymentKeyChange(order: SqlOrder): void {
  const capture = order.pay();
  // Below all that the table gives out by itself: an ALTER that copies it goes on from its greatest.
  order.shop(capture.at + APART, (on) => on.run("UPDATE payments SET id = -id WHERE id = ?", capture.ids));
  order.settle(order.amount, capture.at + 2 * APART);
}

function lineKeyChange(order: SqlOrder): void {
  const { line } = settled(order);
  order.correct(line, line.at + APART, "line_no = line_no + 100", []);
}

/** Too little at first, put right before it is due. */
function lineAmountCorrected(order: SqlOrder): void {
  const { at } = order.pay();
  const wrong = order.settle(order.partOf(order.amount), at + APART);
  const { net, fee } = order.amounts(order.amount);
  order.correct(wrong, wrong.at + APART, "net = $3, fee = $4", [net, fee]);
}

/** Too much at first, put right before two clocks could tell. */
function lineCorrectedWithinSkew(order: SqlOrder): void {
  const { at } = order.pay();
  const wrong = order.settle(order.amount * 2, at + APART);
  const { net, fee } = order.amounts(order.amount);
  order.correct(wrong, wrong.at + 200, "net = $3, fee = $4", [net, fee]);
}

/** The wrong payment at first: one that does not exist. */
function linePaymentCorrected(order: SqlOrder): void {
  const { at } = order.pay();
  const wrong = order.settle(order.amount, at + APART, { paymentId: order.unknownId });
  order.correct(wrong, wrong.at + APART, "payment_id = $3", [order.paymentId]);
}

/** Deleted and inserted under another primary key by one transaction. */
function lineRebooked(order: SqlOrder): void {
  const { line } = settled(order);
  const row = order.line(order.amount, `${line.batch}-R`, 1, line.due);
  order.ledger(line.at + APART, async (on) => {
    await on.run("DELETE FROM settlement_lines WHERE batch_id = $1 AND line_no = $2", [line.batch, line.number]);
    await insertLines(on, [row]);
  });
}

function lineRemovedAndBookedLater(order: SqlOrder): void {
  const { at } = order.pay({ due: order.arrival + DUE + APART });
  const line = order.settle(order.amount, at + APART);
  order.remove(line, line.at + APART);
  order.settle(order.amount, line.at + 2 * APART);
}

function amountChangedBeforeCapture(order: SqlOrder): void {
  const { at } = order.pay({ asked: order.amount + order.partOf(order.amount) });
  order.settle(order.amount, at + APART);
}

/** Updates that leave every value as it was: MariaDB logs none, PostgreSQL all. */
function nothingChanged(order: SqlOrder): void {
  const { line, ids: _, ...capture } = settled(order);
  order.shop(capture.at + APART, (on) => {
    return on.run("UPDATE payments SET merchant_id = merchant_id WHERE payment_id = ?", [order.paymentId]);
  });
  order.correct(line, line.at + APART, "net = net", []);
}

/** What was never committed never was: a second line, and the deletion of the first. */
function rolledBack(order: SqlOrder): void {
  const { line } = settled(order);
  const again = order.line(order.amount, `${line.batch}-U`, 1, line.due);
  order.undone(line.at + APART, async (on) => {
    await insertLines(on, [again]);
    await on.run("DELETE FROM settlement_lines WHERE batch_id = $1", [line.batch]);
  });
}

/** A captured payment that is withdrawn before anything is settled. */
function paymentDeleted(order: SqlOrder): void {
  const capture = order.pay();
  order.shop(capture.at + APART, (on) => on.run("DELETE FROM payments WHERE id = ?", capture.ids));
}

/** Captured seconds before its commit: its time is that of the statement. */
function slowPayment(order: SqlOrder): void {
  const { at } = order.payAtOnce([order.amount], order.arrival, OPEN);
  order.settle(order.amount, at + OPEN + APART);
}

/** Booked seconds before its commit: its time is that of the commit. */
function slowBooking(order: SqlOrder): void {
  const { at } = order.pay();
  order.settleTogether([order.amount], at + 1000, {}, OPEN);
}
