import type { Random } from "../../base/random.ts";
import { days, hours, minutes } from "../../base/time.ts";
import { drawCurrency, drawPrice, otherCurrency, unscaled } from "../prices.ts";
import { LINE_SCALE } from "../tables.ts";
import { START_MS, terms } from "../terms.ts";
import { type Account, type AccountFault, PayoutBatch, payoutDeadline } from "./account.ts";
import { type Desk, endFault } from "./desk.ts";

/** What a fault is made with, when an account is to be paid out. */
export interface FaultContext {
  readonly desk: Desk;
  readonly account: Account;
  readonly random: Random;
  readonly now: number;
}

/** A kind of fault of payouts. */
export interface PayoutFault {
  readonly often: number;
  /** Whether it can befall the account. Default: what is plain. */
  readonly suits?: (account: Account) => boolean;
  /** Pays the account out, wrongly. */
  play(context: FaultContext): void;
}

/** What can go wrong when an account is paid out. */
export const payoutFaults = {
  missing: { often: 4, play: missing },
  missingThenLate: { often: 4, play: missingThenLate },
  shortByOne: { often: 2, play: shortByOne },
  short: { often: 2, play: short },
  shortThenLate: { often: 2, play: shortThenLate },
  doubled: { often: 2, play: doubled },
  doubledThenReturned: { often: 2, play: doubledThenReturned },
  high: { often: 2, play: high },
  wrongCurrency: { often: 1, suits: isAlone, play: wrongCurrency },
  wrongCurrencyThenCorrected: { often: 1, suits: isAlone, play: wrongCurrencyThenCorrected },
} as const satisfies Record<string, PayoutFault>;

/** Kinds that stand for every class and every course that it can take. */
export const guaranteed: readonly (readonly PayoutFaultName[])[] = [
  ["missing"],
  ["missingThenLate"],
  ["shortByOne", "short", "shortThenLate"],
  ["doubled", "doubledThenReturned", "high"],
  ["wrongCurrency", "wrongCurrencyThenCorrected"],
];

export type PayoutFaultName = keyof typeof payoutFaults;

/** Some were never paid when the snapshots were taken. */
export const baselineFaults: readonly PayoutFaultName[] = ["missing", "short"];

function isAlone(account: Account): boolean {
  return account.isAlone;
}

function missing({ account }: FaultContext): void {
  account.fault = atDeadline(account, "missing", account.net, "never paid out");
}

function missingThenLate(context: FaultContext): void {
  const { account } = context;
  account.fault = atDeadline(account, "missing", account.net, "paid out late");
  mendLater(context);
}

function shortByOne({ desk, account, random, now }: FaultContext): void {
  account.fault = atDeadline(account, "under-paid", account.unit, "one minor unit too little paid out");
  desk.pay(account, account.net - account.unit, now, random);
}

function short(context: FaultContext): void {
  paySome(context, "too little paid out");
}

function shortThenLate(context: FaultContext): void {
  paySome(context, "too little paid out, the rest late");
  mendLater(context);
}

function paySome({ desk, account, random, now }: FaultContext, note: string): void {
  const some = account.unit * (1 + random.below(account.net / account.unit - 1));
  account.fault = atDeadline(account, "under-paid", account.net - some, note);
  desk.pay(account, some, now, random);
}

function doubled(context: FaultContext): void {
  payTwice(context, "paid out twice", () => {});
}

function doubledThenReturned(context: FaultContext): void {
  const { desk, account, random } = context;
  payTwice(context, "paid out twice, returned later", (now) => {
    desk.at(account.batch, now + minutes(15) + random.below(days(1)), (at) => desk.balance(account, at));
  });
}

function payTwice({ desk, account, random, now }: FaultContext, note: string, then: (now: number) => void): void {
  const amount = account.net;
  desk.pay(account, amount, now, random, (paidAt) => {
    desk.at(account.batch, paidAt + minutes(10) + random.below(hours(5)), (again) => {
      if (account.net !== amount || account.paid !== amount || account.negatives > 0) return;
      desk.payNow(account, amount, again);
      account.fault = fault("over-paid", amount, again + terms.skew, note);
      then(again);
    });
  });
}

function high({ desk, account, random, now }: FaultContext): void {
  const amount = account.net;
  const extra = account.unit * (1 + random.below(5_000));
  desk.at(account.batch, now + minutes(1), (at) => {
    if (account.net !== amount || account.paid !== 0 || account.negatives > 0) return desk.balance(account, at);
    desk.payNow(account, amount + extra, at);
    account.fault = fault("over-paid", extra, at + terms.skew, "too much paid out");
  });
}

function wrongCurrency(context: FaultContext): void {
  payWrongCurrency(context, "paid out in another currency");
}

function wrongCurrencyThenCorrected(context: FaultContext): void {
  const { desk, account, random } = context;
  const row = payWrongCurrency(context, "paid out in another currency, corrected late");
  desk.at(account.batch, late(account, random), (at) => {
    const wrong = account.batch.account(row.currency).payouts;
    if (!wrong.includes(row)) return;
    wrong.splice(wrong.indexOf(row), 1);
    desk.change(row, { currency: account.currency, amount: account.net }, at);
    account.payouts.push(row);
    endFault(account.fault, at);
  });
}

function payWrongCurrency({ desk, account, random, now }: FaultContext, note: string) {
  account.fault = atDeadline(account, "currency-mismatch", account.net, note);
  const other = account.batch.account(otherCurrency(random, account.currency));
  other.isPlanned = true;
  other.isPaidOut = true;
  return desk.payNow(other, other.unit * Math.round(account.net / account.unit), now);
}

/** Pays for a batch that nobody has heard of; half of such payouts are cancelled later. */
export function payUnknownBatch(desk: Desk, id: string, from: number, random: Random, known: (fault: Unknown) => void) {
  const batch = new PayoutBatch(id, from);
  const currency = drawCurrency(random);
  desk.at(batch, from, (now) => {
    const amount = unscaled(drawPrice(random), currency, LINE_SCALE);
    const row = desk.payUnknown(id, currency, amount, now);
    const dueAt = payoutDeadline.dueAt(Date.parse(row.paid_at!)) + terms.skew;
    const unknown = fault("unknown-batch", amount, dueAt, "paid out for a batch that never was");
    known({ account: batch.account(currency), fault: unknown });
    if (random.chance(0.5)) return;
    desk.at(batch, dueAt + minutes(15) + random.below(days(1)), (at) => {
      desk.cancel(row, at);
      endFault(unknown, at);
    });
  });
}

/** A payout of an unknown batch. */
export interface Unknown {
  readonly account: Account;
  readonly fault: AccountFault;
}

/** A change of lines behind the payout that nobody pays for. */
export function leaveUnadjusted(account: Account, now: number): AccountFault {
  const { open, batch } = account;
  if (open > 0) {
    const dueAt = Math.max(batch.dueAt, now) + terms.skew;
    return fault("under-paid", open, dueAt, "lines changed after the payout, not paid");
  }
  return fault("over-paid", -open, now + terms.skew, "lines changed after the payout, not taken back");
}

/** Makes an account right some time after its deadline. */
function mendLater({ desk, account, random }: FaultContext): void {
  desk.at(account.batch, late(account, random), (now) => desk.balance(account, now));
}

/** A time behind the deadline that nobody takes for the deadline. */
function late({ batch }: Account, random: Random): number {
  return Math.max(batch.dueAt, START_MS) + minutes(15) + random.below(days(1.5));
}

function atDeadline(account: Account, name: AccountFault["class"], atRisk: number, note: string): AccountFault {
  return fault(name, atRisk, account.batch.dueAt + terms.skew, note);
}

function fault(name: AccountFault["class"], atRisk: number, dueAt: number, note: string): AccountFault {
  return { class: name, atRisk, dueAt, note, isCancelled: false, resolvedAt: undefined };
}
