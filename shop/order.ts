import type { Random } from "../base/random.ts";
import { hours, minutes, seconds } from "../base/time.ts";
import { drawCurrency, drawFee, drawPrice, unscaled } from "./prices.ts";
import { type BookingTimes, bookingAt, nextRun } from "./settlement.ts";
import { LINE_SCALE, type LineRow, PAYMENT_SCALE, type PaymentRow, type RefundRow } from "./tables.ts";
import { START_MS, terms } from "./terms.ts";
import type { World } from "./world.ts";

/** Payment ids start here: far past 2^53, where doubles are 128 apart. */
const FIRST_PAYMENT_ID = 800_000_000_000_000_000n;
/** Ids that no payment has. */
const FIRST_UNKNOWN_ID = 900_000_000_000_000_000n;
/** Statements on one row keep this distance, longer than any transaction, so that the row's times never go back. */
const APART = seconds(10);

/** A capture as planned. Amounts, here and below, are minor units. */
export interface Capture {
  readonly row: PaymentRow;
  readonly amount: number;
  readonly capturedAt: number;
  /** When it must have been settled. */
  readonly due: number;
}

/** A refund or reversal as planned. */
export interface Refund {
  readonly amount: number;
  readonly refundedAt: number;
  /** When a line must have taken it back. */
  readonly due: number;
}

/** A settlement line as planned. */
export interface Booking extends BookingTimes {
  readonly row: LineRow;
  /** Net and fee. */
  readonly total: number;
}

/**
 * One order's life, planned as a whole when it arrives: who directs it calls the verbs below with points in time, which
 * must not lie before its arrival, and then enters the plan into the schedule, or forgets it.
 */
export class Order {
  readonly random: Random;
  readonly arrival: number;
  readonly paymentId: bigint;
  readonly currency: string;
  readonly amount: number;
  /** Whether the risk department may touch its captures. */
  isScored = false;
  readonly #world: World;
  readonly #index: number;
  readonly #steps: (() => void)[] = [];

  constructor(world: World, random: Random, index: number, arrival: number) {
    this.#world = world;
    this.random = random;
    this.#index = index;
    this.arrival = arrival;
    this.paymentId = FIRST_PAYMENT_ID + BigInt(index);
    this.currency = drawCurrency(random);
    this.amount = drawPrice(random);
  }

  /** An id that no payment ever has. */
  get unknownId(): bigint {
    return FIRST_UNKNOWN_ID + BigInt(this.#index);
  }

  /** A length of time in milliseconds, drawn evenly. */
  between(least: number, most: number): number {
    return least + this.random.below(most - least);
  }

  /** A part of an amount, neither nothing nor all of it. */
  partOf(amount: number): number {
    return 1 + this.random.below(amount - 1);
  }

  /** Enters what was planned into the schedule. */
  enter(): void {
    for (const step of this.#steps) step();
  }

  /** A payments row: created, authorized (there with `amount`, if it was `asked` for another), captured. */
  pay(amount = this.amount, from = this.arrival, asked = amount): Capture {
    const row = this.#create(from, asked);
    let at = from + this.between(seconds(10), seconds(90));
    if (asked !== amount) {
      const changes = { amount: unscaled(amount, this.currency, PAYMENT_SCALE) };
      this.shop(at, (ms) => this.#world.payments.update(row, changes, ms));
      at += this.between(APART, seconds(60));
    }
    const isAtOnce = from > START_MS && this.random.chance(0.2);
    const capturedAt = at + (isAtOnce ? this.between(seconds(1), seconds(5)) : this.between(APART, minutes(40)));
    if (isAtOnce) this.#captureAtOnce(row, at, capturedAt);
    else {
      this.shop(at, (ms) => this.#world.payments.update(row, { status: "authorized" }, ms));
      this.shop(capturedAt, (ms) => this.#capture(row, ms));
    }
    return { row, amount, capturedAt, due: capturedAt + terms.missingAfter };
  }

  /** A payments row that is never captured. Gives the time when it failed. */
  fail(): number {
    const row = this.#create(this.arrival, this.amount);
    const authorizedAt = this.arrival + this.between(seconds(10), seconds(90));
    const failedAt = authorizedAt + this.between(APART, minutes(10));
    if (this.random.chance(0.6)) {
      this.shop(authorizedAt, (ms) => this.#world.payments.update(row, { status: "authorized" }, ms));
    }
    this.shop(failedAt, (ms) => this.#world.payments.update(row, { status: "failed" }, ms));
    return failedAt;
  }

  /** A statement on a payments row of this order in a transaction of its own. */
  change(capture: Capture, at: number, changes: Partial<PaymentRow>): void {
    this.shop(at, (ms) => this.#world.payments.update(capture.row, changes, ms));
  }

  /** Another primary key for a payments row. */
  rekey(capture: Capture, at: number): void {
    this.shop(at, (ms) => this.#world.payments.rekey(capture.row, { id: this.#world.nextPayment() }, ms));
  }

  /** A payments row's end. */
  withdraw(capture: Capture, at: number): void {
    this.shop(at, (ms) => this.#world.payments.delete(capture.row, ms));
  }

  /** A refund or reversal that is asked for and done some time later. */
  refund(amount: number, asked: number, done: number, kind: RefundRow["kind"], succeeds = true): Refund {
    const { paymentId: payment_id, currency } = this;
    const cells = { payment_id, kind, amount: unscaled(amount, currency, PAYMENT_SCALE), currency };
    const row: RefundRow = { id: 0, ...cells, status: "requested", refunded_at: null };
    this.shop(asked, (ms) => {
      row.id = this.#world.nextRefund();
      this.#world.refunds.insert(row, ms);
    });
    const end = succeeds ? ({ status: "succeeded", refunded_at: done } as const) : ({ status: "failed" } as const);
    this.shop(done, (ms) => this.#world.refunds.update(row, end, ms));
    return { amount, refundedAt: done, due: done + terms.refundAfter };
  }

  /** A line in the next settlement run from a time on. */
  settle(total: number, from: number, cells: LineCells = {}): Booking {
    const times = nextRun(from);
    const row = this.#line(total, times, cells);
    this.#steps.push(() => this.#world.settlement.add(times, row));
    return { ...times, row, total };
  }

  /** A capture's line after the usual hours. */
  settleCapture(capture: Capture, total = capture.amount, cells: LineCells = {}): Booking {
    return this.settle(total, capture.capturedAt + this.between(hours(1), hours(20)), cells);
  }

  /** A line in a batch and a transaction of its own, committed at a given time. */
  settleAt(total: number, committedAt: number, cells: LineCells = {}): Booking {
    const times = bookingAt(committedAt);
    const row = this.#line(total, times, cells);
    this.#steps.push(() => this.#world.settlement.addAlone(times, row));
    return { ...times, row, total };
  }

  /** Changes of a line. */
  correct(booking: Booking, at: number, changes: Partial<LineRow>): void {
    this.ledger(at, () => this.#world.lines.update(booking.row, changes, at));
  }

  /** A line's end. */
  remove(booking: Booking, at: number): void {
    this.ledger(at, () => this.#world.lines.delete(booking.row, at));
  }

  /** A line's end and another in its place, in one transaction. */
  rebook(booking: Booking, at: number): void {
    const row = { ...booking.row };
    this.ledger(at, () => {
      Object.assign(row, booking.row, { batch_id: `${booking.row.batch_id}-R` });
      this.#world.lines.delete(booking.row, at);
      this.#world.lines.insert(row, at);
    });
  }

  /** Net and fee of a total as a line's columns have them. */
  amounts(total: number, fee = total > 1 ? drawFee(this.random, total) : 0, currency = this.currency) {
    const net = unscaled(total - fee, currency, LINE_SCALE);
    return { net, fee: unscaled(fee, currency, LINE_SCALE) };
  }

  /** A MariaDB transaction of one statement; some are slow to commit. */
  shop(statementMs: number, run: (statementMs: number) => void): void {
    const lag = this.random.chance(0.1) ? this.random.below(7000) : this.random.below(40);
    // Before the snapshot nobody sees it, and after it no statement may seem older.
    const commitMs = statementMs + (statementMs < START_MS ? 0 : lag);
    this.#at(commitMs, () => {
      this.#world.maria.begin(commitMs);
      run(statementMs);
    });
  }

  /** A PostgreSQL transaction. */
  ledger(commitMs: number, run: () => void): void {
    this.#at(commitMs, () => {
      this.#world.postgres.begin(commitMs);
      run();
    });
  }

  #at(timeMs: number, run: () => void): void {
    this.#steps.push(() => this.#world.schedule.at(timeMs, run));
  }

  #create(at: number, amount: number): PaymentRow {
    const row: PaymentRow = {
      id: 0,
      payment_id: this.paymentId,
      merchant_id: 100 + this.random.below(400),
      amount: unscaled(amount, this.currency, PAYMENT_SCALE),
      currency: this.currency,
      status: "created",
      captured_at: null,
      created_at: at,
      risk_score: null,
    };
    this.shop(at, (ms) => {
      row.id = this.#world.nextPayment();
      this.#world.payments.insert(row, ms);
    });
    return row;
  }

  #capture(row: PaymentRow, at: number): void {
    this.#world.payments.update(row, { status: "captured", captured_at: at }, at);
    if (this.isScored) this.#world.unscored.push(row);
  }

  /** Authorizes and captures in one transaction: two statements, seconds apart. */
  #captureAtOnce(row: PaymentRow, authorizedAt: number, capturedAt: number): void {
    const commitMs = capturedAt + this.random.below(1000);
    this.#at(commitMs, () => {
      this.#world.maria.begin(commitMs);
      this.#world.payments.update(row, { status: "authorized" }, authorizedAt);
      this.#capture(row, capturedAt);
    });
  }

  #line(total: number, times: BookingTimes, cells: LineCells): LineRow {
    const { kind = total < 0 ? "clawback" : "sale", currency = this.currency, paymentId = this.paymentId, fee } = cells;
    return {
      batch_id: "",
      line_no: 0,
      payment_id: paymentId,
      kind,
      ...this.amounts(total, fee, currency),
      currency,
      booked_at: `${new Date(times.bookedAt).toISOString().slice(0, -1)}${100 + this.random.below(900)}Z`,
    };
  }
}

/** Cells of a line that are not the usual ones. */
export interface LineCells {
  readonly kind?: LineRow["kind"];
  readonly currency?: string;
  readonly paymentId?: bigint;
  /** Minor units; default: drawn, or none on what is taken back. */
  readonly fee?: number;
}
