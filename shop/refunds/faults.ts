import {
  bookAheadOfLateSuccess,
  bookFailedRefund,
  bookInOtherCurrency,
  bookLate,
  bookTooLittle,
  bookTwice,
  bookUnknownRefund,
  neverBook,
} from "./booking-faults.ts";
import type { FaultPlan } from "./fault-plan.ts";
import {
  overCapture,
  payTwice,
  payTwiceAndReverse,
  payTwiceInOtherCurrency,
  payUnknownPurchase,
  splitTenderHighByOne,
} from "./payment-faults.ts";
import {
  overRefund,
  overRefundThatFails,
  overRefundThatIsReversed,
  refundAheadOfLateCharge,
  refundInOtherCurrency,
  refundOfFailedCharge,
  refundOfUnknownCharge,
  repeatAlike,
  repeatAlikeThatIsReversed,
  repeatedRequestThatIsReversed,
  repeatRequest,
} from "./refund-faults.ts";

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
