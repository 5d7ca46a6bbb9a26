import { seededRandom } from "../../base/random.ts";
import { days } from "../../base/time.ts";
import { CapturedTable } from "../../shop/captured-table.ts";
import { Connector } from "../../shop/connector.ts";
import { MariaDb } from "../../shop/mariadb.ts";
import { Postgres } from "../../shop/postgres.ts";
import type { ShopSink } from "../../shop/sink.ts";
import type { LineRow, PaymentRow } from "../../shop/tables.ts";
import { START_MS } from "../../shop/terms.ts";
import {
  type DetailedLineRow,
  type DetailedPaymentRow,
  detailedLine,
  detailedLines,
  detailedPayment,
  detailedPayments,
} from "../peers/tables.ts";
import { Findings } from "./findings.ts";
import { RETAIN_DAYS } from "./minutes-job.ts";

/** Of event time. */
const STEP_MS = 1_000;
/** A line comes so many steps after its payment at least, and up to eight hours later. */
const LEAST_STEPS = 500;
const MOST_ROUNDS = 460;
/** Numbers of payments whose lines come at times of their own. */
const KINDS = 64;
/**
 * Behind the deadline, twice `retain`, and what tables may be read apart: what goes before its key is forgotten would be a correction.
 */
const PURGE_STEPS = days(1 + 2 * RETAIN_DAYS + 1) / STEP_MS;
/**
 * One of ten thousand payments each: without a line, with a line of too much, with two lines. They stay open, and with them the
 * state of their keys.
 */
const MISSING = 0;
const DIFFERENT = 1;
const TWICE = 2;
/** Past 2^53. */
const FIRST_PAYMENT = 9_100_000_000_000_000n;
const FEE = 50;
const MORE = 7;
/** So many that each partition gets some. */
const CLOSING = 64;

/**
 * Payments, their lines, and the deletion of both once all is long over, for ever: what is there at a time stays the same. Only
 * rows of payments that a finding was made of are never deleted. Needs no memory of what it wrote: a row follows from its number.
 */
export class EndlessTraffic {
  /** What a check must find of all that is written, once it is closed. */
  readonly expected = new Findings();
  readonly #sink: ShopSink;
  readonly #maria = new MariaDb();
  readonly #postgres = new Postgres();
  readonly #connectors: readonly [Connector, Connector];
  readonly #payments: CapturedTable<DetailedPaymentRow>;
  readonly #lines: CapturedTable<DetailedLineRow>;
  readonly #rounds: readonly number[];
  readonly #paymentDetails: readonly DetailedPaymentRow[];
  readonly #lineDetails: readonly DetailedLineRow[];
  #step = 0;
  #tombstones = 0;
  #timeMs = START_MS;

  constructor(sink: ShopSink) {
    this.#sink = sink;
    this.#connectors = [new Connector(sink), new Connector(sink)];
    this.#payments = new CapturedTable(detailedPayments, this.#maria, this.#connectors[0]);
    this.#lines = new CapturedTable(detailedLines, this.#postgres, this.#connectors[1]);
    const random = seededRandom(7);
    this.#rounds = Array.from({ length: KINDS }, () => random.below(MOST_ROUNDS));
    this.#paymentDetails = Array.from({ length: KINDS }, () => detailedPayment({} as PaymentRow, random));
    this.#lineDetails = Array.from({ length: KINDS }, () => detailedLine({} as LineRow, random));
  }

  /** Registers the schemas. */
  async open(): Promise<void> {
    for (const table of [this.#payments, this.#lines]) {
      await table.create(this.#sink);
      table.snapshot(() => "last");
    }
  }

  /** Changes that were written: records without the tombstones. */
  get events(): number {
    return this.#connectors[0].records + this.#connectors[1].records - this.#tombstones;
  }

  /** Event time of the last ones, in epoch ms. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Writes four changes and two tombstones, once it has gone on for long enough. */
  step(): void {
    this.#timeMs = START_MS + this.#step * STEP_MS;
    this.#pay(this.#step, "captured");
    this.#expect(this.#step);
    this.#settleDue();
    this.#purge(this.#step - PURGE_STEPS);
    this.#step++;
  }

  /** Brings the lines that are still to come; then time goes on by days, and nothing happens. */
  close(): void {
    const paid = this.#step;
    for (const end = paid + LEAST_STEPS + KINDS * MOST_ROUNDS; this.#step < end; this.#step++) {
      this.#timeMs = START_MS + this.#step * STEP_MS;
      this.#settleDue(paid);
    }
    this.#timeMs += days(3);
    for (let i = 0; i < CLOSING; i++, this.#step++) {
      this.#pay(this.#step, "authorized");
      this.#book(this.#step, "C", 0);
    }
  }

  #pay(number: number, status: PaymentRow["status"]): void {
    this.#maria.begin(this.#timeMs);
    this.#payments.insert(this.#payment(number, status), this.#timeMs);
  }

  /** Each step it is the turn of one. */
  #settleDue(paid = Number.POSITIVE_INFINITY): void {
    const at = this.#step - LEAST_STEPS;
    if (at < 0) return;
    const number = at - KINDS * this.#rounds[at % KINDS]!;
    if (number < 0 || number >= paid || kindOf(number) === MISSING) return;
    this.#book(number, "S", kindOf(number) === DIFFERENT ? MORE : 0);
    if (kindOf(number) === TWICE) this.#book(number, "T", 0);
  }

  #book(number: number, batch: string, more: number): void {
    this.#postgres.begin(this.#timeMs);
    this.#lines.insert(this.#line(number, batch, more), this.#timeMs);
  }

  #purge(number: number): void {
    if (number < 0 || kindOf(number) <= TWICE) return;
    this.#maria.begin(this.#timeMs);
    this.#payments.delete(this.#payment(number, "captured"), this.#timeMs);
    this.#postgres.begin(this.#timeMs);
    this.#lines.delete(this.#line(number, "S", 0), this.#timeMs);
    this.#tombstones += 2;
  }

  #expect(number: number): void {
    const payment = FIRST_PAYMENT + BigInt(number);
    if (kindOf(number) === MISSING) this.expected.add("missing", payment, centsOf(number));
    if (kindOf(number) === DIFFERENT) this.expected.add("over-charge", payment, MORE);
    if (kindOf(number) === TWICE) this.expected.add("over-charge", payment, centsOf(number));
  }

  #payment(number: number, status: PaymentRow["status"]): DetailedPaymentRow {
    const timeMs = START_MS + number * STEP_MS;
    return {
      ...this.#paymentDetails[number % KINDS]!,
      ...{ id: number + 1, payment_id: FIRST_PAYMENT + BigInt(number), merchant_id: 1 + (number % 900) },
      ...{ amount: centsOf(number) * 10, currency: "EUR", status, captured_at: timeMs, created_at: timeMs - 1_000 },
      risk_score: null,
    };
  }

  #line(number: number, batch: string, more: number): DetailedLineRow {
    return {
      ...this.#lineDetails[number % KINDS]!,
      ...{ batch_id: `${batch}-${Math.floor(number / 500)}`, line_no: 1 + (number % 500) },
      ...{ payment_id: FIRST_PAYMENT + BigInt(number), kind: "sale", currency: "EUR" },
      ...{ net: (centsOf(number) - FEE + more) * 100, fee: FEE * 100, booked_at: new Date(this.#timeMs).toISOString() },
    };
  }
}

function centsOf(number: number): number {
  return 200 + (mixed(number) % 20_000);
}

/** From 0 to 9,999. */
function kindOf(number: number): number {
  return (mixed(number) >>> 15) % 10_000;
}

function mixed(number: number): number {
  const once = Math.imul(number ^ (number >>> 16), 0x45d9f3b);
  const twice = Math.imul(once ^ (once >>> 16), 0x45d9f3b);
  return (twice ^ (twice >>> 16)) >>> 0;
}
