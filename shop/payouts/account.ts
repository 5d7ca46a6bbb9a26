import { businessDays, cutoff } from "../../base/business-days.ts";
import { hours, minutes } from "../../base/time.ts";
import { digitsOf } from "../prices.ts";
import { LINE_SCALE, type LineRow } from "../tables.ts";
import type { PayoutRow } from "./tables.ts";

/** The bank's day ends. */
const CUTOFF = cutoff("17:00", "Europe/Berlin");
/** The bank has the net of a batch by the cutoff of the next business day. */
export const payoutDeadline = businessDays(1, "TARGET2", CUTOFF);
const endOfDay = businessDays(0, "TARGET2", CUTOFF);

/** From so long before the deadline on, nothing is left for later. */
const HURRY = hours(4);
/** Nothing of the department's own happens so close to a deadline. */
const MARGIN = minutes(30);
/** What happens in a batch keeps this distance, so that each is a point of judgement of its own. */
const APART = 10_000;

/** A settlement batch as it is paid out: one account for each of its currencies. */
export class PayoutBatch {
  readonly id: string;
  readonly bookedAt: number;
  readonly dueAt: number;
  readonly accounts = new Map<string, Account>();
  readonly #times: number[] = [];

  constructor(id: string, bookedAt: number) {
    this.id = id;
    this.bookedAt = bookedAt;
    this.dueAt = payoutDeadline.dueAt(bookedAt);
  }

  account(currency: string): Account {
    const known = this.accounts.get(currency);
    if (known !== undefined) return known;
    const account = new Account(this, currency);
    this.accounts.set(currency, account);
    return account;
  }

  /** True when what is not done at once would be too late. */
  isUrgent(now: number): boolean {
    return now > this.dueAt - HURRY;
  }

  /** The end of the time in which payouts are made. */
  get closesAt(): number {
    return this.dueAt - MARGIN;
  }

  /** True when nothing is to happen in the batch for a moment. */
  isCalm(now: number): boolean {
    const isAtCutoff = endOfDay.dueAt(now - APART) <= now + APART;
    return !isAtCutoff && this.#times.every((time) => Math.abs(time - now) >= APART);
  }

  /** A time from this one on that lies apart from all others of the batch. */
  reserve(from: number): number {
    let time = from;
    while (!this.isCalm(time)) time += APART;
    this.#times.push(time);
    return time;
  }
}

/** What a batch comes to in a currency, and what was paid of it. Amounts are unscaled, as in the tables. */
export class Account {
  readonly batch: PayoutBatch;
  readonly currency: string;
  net = 0;
  lines = 0;
  negatives = 0;
  /** Rows that are paid. */
  readonly payouts: PayoutRow[] = [];
  /** Amounts that were sent, and will arrive. */
  sent = 0;
  /** Its payout has been planned. */
  isPlanned = false;
  /** Its payout has been made, or there was nothing to pay. */
  isPaidOut = false;
  /** An adjustment is on its way. */
  isAdjusting = false;
  /** What was made to go wrong with it, at most once. */
  fault: AccountFault | undefined;

  constructor(batch: PayoutBatch, currency: string) {
    this.batch = batch;
    this.currency = currency;
  }

  /** Counts a line, or with `times` −1 takes it back. */
  count({ net }: LineRow, times: 1 | -1): void {
    this.net += times * net;
    this.lines += times;
    if (net < 0) this.negatives += times;
  }

  get paid(): number {
    return this.payouts.reduce((sum, { amount }) => sum + amount, 0);
  }

  /** What is still to be paid, or with a negative amount to be taken back. */
  get open(): number {
    return this.net - this.paid - this.sent;
  }

  /** A minor unit, unscaled. */
  get unit(): number {
    return 10 ** (LINE_SCALE - digitsOf(this.currency));
  }

  /** True when a fault of it can be told beforehand: there are several minor units, all of them to be paid. */
  get isPlain(): boolean {
    const isUntouched = this.fault === undefined && this.payouts.length === 0 && this.sent === 0;
    return isUntouched && this.negatives === 0 && this.net >= 2 * this.unit;
  }

  /** True when the batch has no other currency. */
  get isAlone(): boolean {
    return [...this.batch.accounts.values()].every(
      (other) => other === this || (other.lines === 0 && other.payouts.length === 0),
    );
  }
}

/** Something that was made to go wrong with an account. */
export interface AccountFault {
  readonly class: "missing" | "under-paid" | "over-paid" | "currency-mismatch" | "unknown-batch";
  /** Unscaled. */
  readonly atRisk: number;
  /** The first point at which it fails. */
  readonly dueAt: number;
  readonly note: string;
  /** It was undone before anybody could know. */
  isCancelled: boolean;
  resolvedAt: number | undefined;
}
