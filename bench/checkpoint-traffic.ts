import { seededRandom } from "../base/random.ts";
import { hours } from "../base/time.ts";
import { idOf, type Model } from "../dataflow/model.ts";
import type { SourceOutput, SourceReader } from "../dataflow/source.ts";
import { CreatedRows, WrittenRows } from "./written-rows.ts";

/** A time that passed, by the clock and of this thread's CPU, in ms. */
export interface Passed {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Times at which rows were waiting and none was taken in. */
export class Gaps {
  /** The longest by either measure since it was taken last. */
  #longest: Passed = { wallMs: 0, cpuMs: 0 };
  #since: { readonly wall: number; readonly cpu: number } | undefined;

  /** No row is taken in from now on; others wait if `isWaiting`. */
  begin(isWaiting: boolean): void {
    this.#since = isWaiting ? { wall: performance.now(), cpu: threadCpuMs() } : undefined;
  }

  /** Rows are taken in. */
  end(): void {
    if (this.#since === undefined) return;
    const { wallMs, cpuMs } = this.#longest;
    this.#longest = {
      wallMs: Math.max(wallMs, performance.now() - this.#since.wall),
      cpuMs: Math.max(cpuMs, threadCpuMs() - this.#since.cpu),
    };
  }

  takeLongest(): Passed {
    const longest = this.#longest;
    this.#longest = { wallMs: 0, cpuMs: 0 };
    return longest;
  }
}

/** CPU of this thread alone. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * Payments that wait for the line that settles them, and such lines: when so many wait as are wanted, a line comes for one
 * of them, any of them, and another payment takes its place. Their event time is a millisecond for each; the first ones are
 * due so long before all others that time can be moved on to where these alone are overdue.
 */
export class CheckpointTraffic {
  readonly gaps = new Gaps();
  readonly readers: readonly SourceReader[];
  /** Payments so far, and lines. */
  paid = 0;
  settled = 0;
  /** Numbers of payments that wait. */
  readonly waiting: number[] = [];
  /** Payments that a line is to come for. */
  readonly due: number[] = [];
  /** Event time through which all is read when nothing is wanted. */
  through = START;
  readonly #early: number;
  readonly #random = seededRandom(7);
  #toOpen = 0;
  #toSettle = 0;

  constructor(models: readonly Model[], early: number) {
    const named = (name: string) => models.find((model) => model.name === name)!;
    this.#early = early;
    this.readers = [new Payments(this, named("Payment")), new Lines(this, named("SettlementLine"))];
  }

  /** So many payments come, and none is settled. */
  open(payments: number): void {
    this.#toOpen = payments;
  }

  /** So many payments are settled. */
  settle(payments: number): void {
    this.#toSettle = payments;
  }

  /** Rows that are still to come. */
  get toCome(): number {
    return this.#toOpen + 2 * this.#toSettle + this.due.length;
  }

  /** Time goes on to where the first payments are overdue. */
  passDeadlines(): void {
    this.through = START + EARLIER_MS + hours(24) - hours(1);
  }

  /** The next payment's number; undefined where none is to come now. */
  nextPayment(): number | undefined {
    if (this.#toOpen > 0) {
      this.#toOpen--;
      this.waiting.push(this.paid);
    } else if (this.#toSettle > 0 && this.due.length < ROWS) {
      this.#toSettle--;
      const place = this.#early + this.#random.below(this.waiting.length - this.#early);
      this.due.push(this.waiting[place]!);
      this.waiting[place] = this.paid;
    } else return undefined;
    this.through++;
    return this.paid++;
  }

  /** From when on a payment is due a day later. */
  capturedAt(payment: number): number {
    return START + (payment < this.#early ? 0 : EARLIER_MS) + payment;
  }
}

/** One of both sources. */
abstract class Side extends WrittenRows {
  protected readonly traffic: CheckpointTraffic;
  protected readonly rows: CreatedRows;
  readonly #model: Model;
  #through = Number.NEGATIVE_INFINITY;

  constructor(traffic: CheckpointTraffic, model: Model) {
    super();
    this.traffic = traffic;
    this.#model = model;
    this.rows = new CreatedRows(model, ROWS);
  }

  /** Fills a batch. */
  protected abstract fill(): void;

  read(_split: number, _maxBytes: number, output: SourceOutput): boolean {
    const { gaps } = this.traffic;
    const { batch } = this.rows;
    batch.clear();
    this.fill();
    const { through } = this.traffic;
    if (batch.count === 0 && this.#through === through) return false;
    gaps.end();
    if (batch.count > 0) output.changes(this.#model, 0, batch);
    output.progress(0, through);
    this.#through = through;
    gaps.begin(this.traffic.toCome > 0);
    return true;
  }
}

class Payments extends Side {
  readonly source = "shop";

  protected fill(): void {
    const { traffic, rows } = this;
    while (rows.batch.count < ROWS) {
      const number = traffic.nextPayment();
      if (number === undefined) return;
      const capturedAt = traffic.capturedAt(number);
      rows.create(number, traffic.through, {
        ...paymentOf(number),
        status: "captured",
        amount: euros(AMOUNT),
        capturedAt,
      });
    }
  }
}

class Lines extends Side {
  readonly source = "ledger";

  protected fill(): void {
    const { traffic, rows } = this;
    for (const payment of traffic.due.splice(0)) {
      const { through } = traffic;
      const values = { ...paymentOf(payment), net: euros(AMOUNT - FEE), fee: euros(FEE), bookedAt: through };
      rows.create(traffic.settled++, through, values);
    }
  }
}

const START = Date.UTC(2026, 0, 1);
const EARLIER_MS = hours(12);
/** Of a batch. */
const ROWS = 500;
const AMOUNT = 10_000;
const FEE = 50;
const FIRST_PAYMENT = 9_100_000_000_000_000n;

function paymentOf(number: number) {
  return { paymentId: idOf(FIRST_PAYMENT + BigInt(number)) };
}

function euros(cents: number) {
  return { minor: BigInt(cents), currency: "EUR" };
}
