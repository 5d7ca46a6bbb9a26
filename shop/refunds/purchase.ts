import type { Random } from "../../base/random.ts";
import { days, hours, minutes, seconds } from "../../base/time.ts";
import { drawCurrency, drawPrice } from "../prices.ts";
import {
  type BookingRow,
  CHARGE,
  type ChargeRefundRow,
  type ChargeRow,
  type DeskTableName,
  type PurchaseRow,
  REFUND,
} from "./tables.ts";

/** Statements of one purchase keep this distance, longer than any transaction and the skew. */
const APART = seconds(20);
const REASONS = ["returned", "damaged", "goodwill", "price", "late"] as const;

/** A statement as planned: a row that is inserted, or what of it is set. */
export interface PlannedChange {
  /** When it runs, in epoch ms. */
  readonly at: number;
  readonly table: DeskTableName;
  /** As it is inserted; whoever plays the plan may change it in place. */
  readonly row: object;
  /** Columns of an update, `gmt_modified` left out; null for an insertion. */
  readonly set: object | null;
}

/** A charge as planned: minor units, and when its last statement ran. */
export interface Charge {
  readonly row: ChargeRow;
  readonly chargeNo: string;
  readonly doneAt: number;
}

/** A refund as planned. */
export interface Refund {
  readonly row: ChargeRefundRow;
  readonly askedAt: number;
  /** When it went to the channel: from then on its money counts. */
  readonly sentAt: number;
  /** When the channel was done with it. */
  readonly doneAt: number;
}

/** What of a refund is not the usual. */
export interface RefundCells {
  readonly currency?: string;
  readonly requestNo?: string;
  readonly reason?: string;
  readonly channelRef?: string;
}

/**
 * One purchase's life, planned as a whole when it arrives: who directs it calls the verbs below with points in time, and
 * finds in `changes` what is to be done. Amounts are minor units.
 */
export class Purchase {
  readonly random: Random;
  readonly arrival: number;
  readonly purchaseNo: string;
  readonly currency: string;
  /** What the buyer owes. */
  readonly due: number;
  readonly changes: PlannedChange[] = [];
  readonly #name: string;
  #charges = 0;
  #refunds = 0;

  constructor(random: Random, index: number, arrival: number) {
    this.random = random;
    this.arrival = arrival;
    this.#name = String(index).padStart(7, "0");
    this.purchaseNo = `PU${this.#name}`;
    this.currency = drawCurrency(random);
    // Halves of it are still amounts that can be told apart.
    this.due = 10 + drawPrice(random);
  }

  /** A length of time in milliseconds, drawn evenly. */
  between(least: number, most: number): number {
    return least + this.random.below(most - least);
  }

  /** A part of an amount, neither nothing nor all of it. */
  partOf(amount: number): number {
    return 1 + this.random.below(amount - 1);
  }

  /** Number that the next charge will have. */
  get nextCharge(): string {
    return `CH${this.#name}-${this.#charges + 1}`;
  }

  /** Number that the next refund will have. */
  get nextRefund(): string {
    return `RF${this.#name}-${this.#refunds + 1}`;
  }

  /** Number of a charge that never is. */
  get unknownCharge(): string {
    return `CX${this.#name}`;
  }

  /** Number of a refund that never is. */
  get unknownRefund(): string {
    return `RX${this.#name}`;
  }

  /** The row of what the buyer owes. */
  open(due = this.due): PurchaseRow {
    const at = this.arrival;
    const row: PurchaseRow = {
      purchase_no: this.purchaseNo,
      buyer_no: `B${100 + this.random.below(9_000)}`,
      due_amount: due,
      currency: this.currency,
      gmt_create: at,
      gmt_modified: at,
    };
    this.#insert("purchases", row, at);
    return row;
  }

  /** Another amount is owed from a time on. */
  owe(row: PurchaseRow, due: number, at: number): void {
    this.#change("purchases", row, at, { due_amount: due });
  }

  /** The purchase, paid with one charge. */
  pay(): Charge {
    this.open();
    return this.charge(this.due);
  }

  /** The purchase, paid, and a time at which a refund may be asked for. */
  refundable(): { readonly charge: Charge; readonly askAt: number } {
    const charge = this.pay();
    return { charge, askAt: charge.doneAt + this.between(hours(1), days(1)) };
  }

  /** A charge that is captured, or fails, some time later. */
  charge(
    amount: number,
    from = this.arrival + APART,
    status: number = CHARGE.captured,
    currency = this.currency,
  ): Charge {
    const row: ChargeRow = {
      charge_no: this.nextCharge,
      purchase_no: this.purchaseNo,
      status: CHARGE.created,
      amount,
      currency,
      gmt_create: from,
      gmt_modified: from,
    };
    this.#charges++;
    const doneAt = from + this.between(APART, minutes(15));
    this.#insert("charges", row, from);
    this.#change("charges", row, doneAt, { status });
    return { row, chargeNo: row.charge_no, doneAt };
  }

  /** A captured charge is given back as a whole. */
  reverseCharge({ row }: Charge, at: number): void {
    this.#change("charges", row, at, { status: CHARGE.reversed });
  }

  /** Nothing but the time of its last change is another. */
  touch({ row }: Refund, at: number): void {
    this.#change("charge_refunds", row, at, {});
  }

  /** A refund that is asked for, sent to the channel, and done. */
  refund(
    chargeNo: string,
    amount: number,
    askedAt: number,
    cells: RefundCells = {},
    status: number = REFUND.succeeded,
  ): Refund {
    const number = `${this.#name}-${this.#refunds + 1}`;
    const row: ChargeRefundRow = {
      refund_no: this.nextRefund,
      charge_no: chargeNo,
      request_no: cells.requestNo ?? `RQ${number}`,
      reason: cells.reason ?? this.random.pick(REASONS),
      channel_ref: cells.channelRef ?? `REF${number}`,
      channel_no: null,
      status: REFUND.requested,
      amount,
      currency: cells.currency ?? this.currency,
      gmt_create: askedAt,
      gmt_finish: null,
      gmt_modified: askedAt,
    };
    this.#refunds++;
    const sentAt = askedAt + this.between(APART, minutes(2));
    const doneAt = sentAt + this.between(minutes(1), hours(2));
    this.#insert("charge_refunds", row, askedAt);
    this.#change("charge_refunds", row, sentAt, { status: REFUND.inFlight });
    const channel_no = status === REFUND.succeeded ? `CN${number}` : null;
    this.#change("charge_refunds", row, doneAt, { status, channel_no, gmt_finish: doneAt });
    return { row, askedAt, sentAt, doneAt };
  }

  /** A refund that succeeds and is booked within hours. */
  refundAndBook(chargeNo: string, amount: number, askedAt: number, cells: RefundCells = {}): Refund {
    const refund = this.refund(chargeNo, amount, askedAt, cells);
    this.book(refund.row, refund.doneAt + this.between(minutes(1), hours(8)));
    return refund;
  }

  /** A refund that succeeded comes back: the channel could not pay it out. */
  reverseRefund({ row }: Refund, at: number): void {
    this.#change("charge_refunds", row, at, { status: REFUND.reversed });
  }

  /** The ledger books a refund, by default as it is. Gives when, as its row says. */
  book({ refund_no, amount, currency }: Booked, committedAt: number): number {
    const bookedAt = committedAt - 35;
    const micros = 100 + this.random.below(900);
    const booked_at = `${new Date(bookedAt).toISOString().slice(0, -1)}${micros}Z`;
    this.#insert("refund_bookings", { booking_id: 0, refund_no, amount, currency, booked_at }, committedAt);
    return bookedAt;
  }

  #insert(table: DeskTableName, row: PurchaseRow | ChargeRow | ChargeRefundRow | BookingRow, at: number): void {
    this.changes.push({ at, table, row, set: null });
  }

  #change<R extends PurchaseRow | ChargeRow | ChargeRefundRow>(
    table: DeskTableName,
    row: R,
    at: number,
    set: Partial<Omit<R, "gmt_modified">>,
  ): void {
    this.changes.push({ at, table, row, set });
  }
}

/** What the ledger books of a refund. */
type Booked = Pick<ChargeRefundRow, "refund_no" | "amount" | "currency">;
