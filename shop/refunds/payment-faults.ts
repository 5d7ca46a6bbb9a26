import { keyOf } from "../../base/key.ts";
import { days, hours, minutes } from "../../base/time.ts";
import { otherCurrency } from "../prices.ts";
import { judged, later, type PlannedFault } from "./fault-plan.ts";
import type { Charge, Purchase } from "./purchase.ts";
import { CHARGE } from "./tables.ts";
import { refundChecks, refundTerms } from "./terms.ts";

function paidTooMuch(purchase: Purchase, { row, doneAt }: Charge, atRisk: number, note: string): PlannedFault {
  const { purchaseNo } = purchase;
  const at = { check: refundChecks.paid, key: keyOf(purchaseNo), currency: row.currency };
  return { ...at, class: "duplicate-payment", atRisk, dueAt: judged(doneAt), note };
}

/** Two charges, each of all that is due. */
export function payTwice(purchase: Purchase) {
  const first = purchase.pay();
  const second = purchase.charge(purchase.due, first.doneAt + purchase.between(minutes(1), days(1)));
  return { fault: paidTooMuch(purchase, second, purchase.due, "paid twice"), second };
}

/** The second of two charges is given back. */
export function payTwiceAndReverse(purchase: Purchase): PlannedFault {
  const { fault, second } = payTwice(purchase);
  const resolvedAt = later(purchase, fault.dueAt);
  purchase.reverseCharge(second, resolvedAt);
  return { ...fault, resolvedAt, note: "paid twice, then one was given back" };
}

/** Two charges that are one minor unit more than is due. */
export function splitTenderHighByOne(purchase: Purchase): PlannedFault {
  purchase.open();
  const part = purchase.partOf(purchase.due);
  const first = purchase.charge(part);
  const second = purchase.charge(purchase.due - part + 1, first.doneAt + purchase.between(minutes(1), hours(2)));
  return paidTooMuch(purchase, second, 1, "two parts are one minor unit more than was due");
}

/** The second charge is in another currency. */
export function payTwiceInOtherCurrency(purchase: Purchase): PlannedFault {
  const first = purchase.pay();
  const currency = otherCurrency(purchase.random, purchase.currency);
  const from = first.doneAt + purchase.between(minutes(1), days(1));
  const second = purchase.charge(purchase.due, from, CHARGE.captured, currency);
  return paidTooMuch(purchase, second, purchase.due, "paid once more in another currency");
}

/** One charge of more than is due. */
export function overCapture(purchase: Purchase): PlannedFault {
  purchase.open();
  const by = purchase.random.chance(0.5) ? 1 : purchase.partOf(purchase.due);
  const charge = purchase.charge(purchase.due + by);
  return { ...paidTooMuch(purchase, charge, by, "one charge of more than was due"), class: "over-capture" };
}

/** A charge of a purchase that never was. */
export function payUnknownPurchase(purchase: Purchase): PlannedFault {
  const charge = purchase.charge(purchase.due);
  const dueAt = charge.row.gmt_create + refundTerms.unknownAfter + refundTerms.skew;
  const fault = paidTooMuch(purchase, charge, purchase.due, "charge of a purchase that never was");
  return { ...fault, class: "payment-of-unknown-purchase", dueAt };
}
