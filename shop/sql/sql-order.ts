import { formatDecimal } from "../../base/money.ts";
import type { Random } from "../../base/random.ts";
import { seconds } from "../../base/time.ts";
import { digitsOf, drawCurrency, drawFee, drawPrice } from "../prices.ts";
import { terms } from "../terms.ts";
import type { SqlTransaction } from "./sql-database.ts";
import { dateTimeText, insertLines, insertPayments, insertRefund, type NewLine, type SqlWorld } from "./sql-world.ts";

/** From when something is done to the deadline that it sets: business times are set back accordingly. */
export const DUE = seconds(16);
/** Moments that matter lie so far apart, more than the skew, so that a slow machine does not mix them up. */
export const APART = seconds(4);

/** Something that an order does at a time, in one transaction. */
export interface Step {
  /** When, in epoch ms. */
  readonly at: number;
  /** How long it takes on purpose, in ms. */
  readonly takes: number;
  /** `Moment` is filled in when it is done. */
  readonly moment: Moment;
  run(): Promise<void>;
}

/** When a step was really done: its transaction's commit lies between. */
export interface Moment {
  after: number;
  by: number;
}

/** A capture as planned. Amounts, here and below, are minor units; times epoch ms. */
export interface SqlCapture {
  /** Ids of its rows, once they are there. */
  ids: readonly bigint[];
  readonly amount: number;
  /** When the money counts as captured by the database's log. */
  readonly at: number;
  readonly due: number;
}

/** A settlement line as planned. */
export interface SqlBooking {
  readonly batch: string;
  number: number;
  readonly at: number;
  /** When its payment must be known, or its refund. */
  readonly due: number;
  readonly moment: Moment;
}

/** What is unusual about a capture. */
export interface PayOptions {
  readonly at?: number;
  readonly amount?: number;
  /** The amount at first, changed before the capture. */
  readonly asked?: number;
  readonly due?: number;
}

/** What is unusual about a line. `fee`: minor units; default drawn, or none on what is taken back. */
export interface LineOptions {
  readonly kind?: NewLine["kind"];
  readonly currency?: string;
  readonly paymentId?: bigint;
  readonly fee?: number;
  readonly due?: number;
}

/** One order's life in real time: verbs plan steps at points in time; whoever owns the order runs them. */
export class SqlOrder {
  readonly random: Random;
  readonly arrival: number;
  readonly paymentId: bigint;
  readonly currency: string;
  readonly amount: number;
  readonly steps: Step[] = [];
  readonly world: SqlWorld;
  readonly index: number;
  #batches = 0;

  constructor(world: SqlWorld, random: Random, index: number, arrival: number) {
    this.world = world;
    this.random = random;
    this.index = index;
    this.arrival = arrival;
    this.paymentId = world.paymentId(index);
    this.currency = drawCurrency(random);
    this.amount = drawPrice(random);
  }

  get unknownId(): bigint {
    return this.world.unknownId(this.index);
  }

  /** A part of an amount, neither nothing nor all of it. */
  partOf(amount: number): number {
    return 1 + this.random.below(amount - 1);
  }

  /** A transaction in the shop's database. */
  shop(at: number, run: (on: SqlTransaction) => Promise<unknown>, takes = 0): Moment {
    return this.#plan(at, takes, async () => void (await this.world.shop.commit(run)));
  }

  /** A transaction in the ledger's database. */
  ledger(at: number, run: (on: SqlTransaction) => Promise<unknown>, takes = 0): Moment {
    return this.#plan(at, takes, async () => void (await this.world.ledger.commit(run)));
  }

  /** A transaction in the ledger's database that is rolled back. */
  undone(at: number, run: (on: SqlTransaction) => Promise<void>): void {
    this.#plan(at, 0, () => this.world.ledger.rollback(run));
  }

  /** A payments row: created, authorized (or put to its real amount), captured a second later. */
  pay({ at = this.arrival, amount = this.amount, asked = amount, due = at + DUE }: PayOptions = {}): SqlCapture {
    const capture: SqlCapture = { ids: [], amount, at: at + 1200, due };
    this.shop(at, async (on) => {
      capture.ids = await insertPayments(on, [this.#payment(asked)]);
    });
    if (asked !== amount) {
      const set = "UPDATE payments SET amount = ? WHERE id = ?";
      this.shop(at + 400, (on) => on.run(set, [this.text(amount), ...capture.ids]));
    } else if (this.random.chance(0.6)) {
      this.shop(at + 500, (on) => on.run("UPDATE payments SET status = 'authorized' WHERE id = ?", capture.ids));
    }
    this.shop(at + 1200, (on) => this.capture(on, capture));
    return capture;
  }

  /** Captures by the order's payment. */
  async capture(on: SqlTransaction, { ids, due }: SqlCapture): Promise<void> {
    const places = ids.map(() => "?").join(", ");
    const set = `UPDATE payments SET status = 'captured', captured_at = ? WHERE id IN (${places})`;
    await on.run(set, [dateTimeText(due - terms.missingAfter), ...ids]);
  }

  /** A payments row that is never captured. */
  fail(at = this.arrival): void {
    let ids: readonly bigint[] = [];
    this.shop(at, async (on) => {
      ids = await insertPayments(on, [this.#payment(this.amount)]);
    });
    this.shop(at + 700, (on) => on.run("UPDATE payments SET status = 'failed' WHERE id = ?", ids));
  }

  /** Captured payments in one transaction that stays open, in ms: their times are those of the statements. */
  payAtOnce(amounts: readonly number[], at = this.arrival, stayOpen = 0): SqlCapture {
    const due = at + DUE;
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    const capture: SqlCapture = { ids: [], amount: total, at, due };
    const work = async (on: SqlTransaction) => {
      const rows = amounts.map((amount) => this.#payment(amount));
      capture.ids = await insertPayments(on, rows);
      await this.capture(on, capture);
      if (stayOpen > 0) await on.run("SELECT SLEEP(?)", [stayOpen / 1000]);
    };
    this.shop(at, work, stayOpen);
    return capture;
  }

  /** A refund or reversal, asked for with a touch of the payment in one transaction, and done some time later. */
  refund(amount: number, asked: number, kind: "refund" | "reversal" = "refund", succeeds = true) {
    const done = asked + 1500;
    const due = done + DUE;
    let id = 0n;
    this.shop(asked, async (on) => {
      const { paymentId, currency } = this;
      id = await insertRefund(on, { paymentId, kind, amount: this.text(amount), currency });
      await on.run("UPDATE payments SET merchant_id = 700 WHERE payment_id = ?", [paymentId]);
    });
    const refundedAt = succeeds ? dateTimeText(due - terms.refundAfter) : null;
    const set = "UPDATE refunds SET status = ?, refunded_at = ? WHERE id = ?";
    this.shop(done, (on) => on.run(set, [succeeds ? "succeeded" : "failed", refundedAt, id]));
    return { done, due };
  }

  /** Lines in one batch, written by one statement. */
  settleTogether(totals: readonly number[], at: number, options: LineOptions = {}, stayOpen = 0): SqlBooking[] {
    const batch = this.world.batch(this.index, String(++this.#batches));
    const due = options.due ?? at + DUE;
    const rows = totals.map((total, i) => this.line(total, batch, i + 1, due, options));
    const moment = this.ledger(
      at,
      async (on) => {
        await insertLines(on, rows);
        if (stayOpen > 0) await on.run("SELECT pg_sleep($1)", [stayOpen / 1000]);
      },
      stayOpen,
    );
    return rows.map(({ number }) => ({ batch, number, at, due, moment }));
  }

  /** One line in a batch and a transaction of its own. */
  settle(total: number, at: number, options: LineOptions = {}): SqlBooking {
    return this.settleTogether([total], at, options)[0]!;
  }

  /** A line as it is written. */
  line(total: number, batch: string, number: number, due: number, options: LineOptions = {}): NewLine {
    const { kind = total < 0 ? "clawback" : "sale", currency = this.currency, paymentId = this.paymentId } = options;
    const bookedAt = new Date(due - terms.unknownAfter).toISOString();
    return { batch, number, paymentId, kind, ...this.amounts(total, options.fee, currency), currency, bookedAt };
  }

  /** Changes of a line: an assignment list with `$3` onwards. */
  correct(booking: SqlBooking, at: number, assignments: string, values: readonly (string | bigint)[]): Moment {
    const set = `UPDATE settlement_lines SET ${assignments} WHERE batch_id = $1 AND line_no = $2`;
    return this.ledger(at, (on) => on.run(set, [booking.batch, booking.number, ...values]));
  }

  remove(booking: SqlBooking, at: number): Moment {
    const from = "DELETE FROM settlement_lines WHERE batch_id = $1 AND line_no = $2";
    return this.ledger(at, (on) => on.run(from, [booking.batch, booking.number]));
  }

  /** Net and fee of a total as a line's columns have them. */
  amounts(total: number, fee = total > 1 ? drawFee(this.random, total) : 0, currency = this.currency) {
    return { net: this.text(total - fee, currency), fee: this.text(fee, currency) };
  }

  /** Minor units as a decimal. */
  text(minor: number, currency = this.currency): string {
    return formatDecimal(BigInt(minor), digitsOf(currency));
  }

  #payment(amount: number) {
    const { paymentId, currency } = this;
    const merchant = 100 + this.random.below(400);
    return { paymentId, merchant, amount: this.text(amount), currency, status: "created", capturedAt: null } as const;
  }

  #plan(at: number, takes: number, run: () => Promise<void>): Moment {
    const moment: Moment = { after: at, by: at };
    this.steps.push({ at, takes, moment, run });
    return moment;
  }
}
