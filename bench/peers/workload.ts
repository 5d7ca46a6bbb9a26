import { type Random, seededRandom } from "../../base/random.ts";
import { days } from "../../base/time.ts";
import { CapturedTable } from "../../shop/captured-table.ts";
import { Connector } from "../../shop/connector.ts";
import type { Database } from "../../shop/database.ts";
import { MariaDb } from "../../shop/mariadb.ts";
import { Postgres } from "../../shop/postgres.ts";
import type { ShopSink } from "../../shop/sink.ts";
import type { LineRow, PaymentRow } from "../../shop/tables.ts";
import { START_MS } from "../../shop/terms.ts";
import type { Finding } from "./findings.ts";
import {
  type DetailedLineRow,
  type DetailedPaymentRow,
  detailedLine,
  detailedLines,
  detailedPayment,
  detailedPayments,
} from "./tables.ts";

/** What the workload consists of. */
export interface Workload {
  /** Records, those included that only let time pass at the end. */
  readonly events: number;
  /** Event time of the last one, in epoch ms. */
  readonly endsAtMs: number;
  /** What a job must find, and nothing else. */
  readonly findings: readonly Finding[];
}

/** Where the tables are. */
export interface Databases {
  readonly payments: Database;
  readonly lines: Database;
}

/**
 * Writes captured payments and their settlement lines as Debezium records: of the payments 0.5 % have no line, 0.5 % one of
 * another amount (half of them less, half of them more), 0.2 % two. A line comes 1 to 60 thousand events after its payment.
 * Records without consequence follow, so late that everything before has fallen due. The same for the same seed.
 */
export async function writeWorkload(
  sink: ShopSink & { drain(): Promise<void> },
  options: { readonly seed: number; readonly events: number; readonly databases?: Databases | undefined },
): Promise<Workload> {
  const writer = new Writer(
    sink,
    options.seed,
    options.databases ?? { payments: new MariaDb(), lines: new Postgres() },
  );
  await writer.open();
  for (let step = 0; writer.promised < options.events || writer.isWaiting; step++) {
    writer.step(step, writer.promised < options.events);
    if (step % STEPS_TO_DRAIN === 0) await sink.drain();
  }
  writer.close();
  return { events: writer.events, endsAtMs: writer.endsAtMs, findings: writer.findings };
}

/** Of event time. A payment comes with each, and on average a line: 60 thousand events last 17 hours. */
const STEP_MS = 2_000;
const STEPS_TO_DRAIN = 1_000;
const LEAST_STEPS = 500;
const MOST_STEPS = 30_000;
const SHARES = { missing: 0.005, different: 0.005, duplicated: 0.002 };
const CURRENCIES = ["EUR", "USD", "GBP"];
/** Past 2^53. */
const FIRST_PAYMENT = 9_100_000_000_000_000n;
/** Lines of a batch of the acquirer. */
const BATCH = 500;
/** So many that each partition gets some. */
const CLOSING = 64;

/** A line that is to come; amounts in cents. */
interface PlannedLine {
  readonly payment: bigint;
  readonly net: number;
  readonly fee: number;
  readonly currency: string;
}

class Writer {
  readonly findings: Finding[] = [];
  /** Records that are written, and lines that are still to come. */
  promised = 0;
  readonly #databases: Databases;
  readonly #payments: CapturedTable<DetailedPaymentRow>;
  readonly #lines: CapturedTable<DetailedLineRow>;
  readonly #connectors: readonly [Connector, Connector];
  readonly #sink: ShopSink;
  readonly #random: Random;
  /** Of what no check reads. */
  readonly #details: Random;
  /** By step, a ring: what is to come there. */
  readonly #waiting: PlannedLine[][] = Array.from({ length: MOST_STEPS + 1 }, () => []);
  #waits = 0;
  #paid = 0;
  #booked = 0;
  #timeMs = START_MS;

  constructor(sink: ShopSink, seed: number, databases: Databases) {
    this.#sink = sink;
    this.#databases = databases;
    this.#random = seededRandom(seed);
    this.#details = this.#random.fork("details");
    this.#connectors = [new Connector(sink), new Connector(sink)];
    this.#payments = new CapturedTable(detailedPayments, databases.payments, this.#connectors[0]);
    this.#lines = new CapturedTable(detailedLines, databases.lines, this.#connectors[1]);
  }

  get isWaiting(): boolean {
    return this.#waits > 0;
  }

  get events(): number {
    return this.#connectors[0].records + this.#connectors[1].records;
  }

  get endsAtMs(): number {
    return this.#timeMs;
  }

  async open(): Promise<void> {
    for (const table of [this.#payments, this.#lines]) {
      await table.create(this.#sink);
      table.snapshot(() => "last");
    }
  }

  step(step: number, pays: boolean): void {
    this.#timeMs = START_MS + step * STEP_MS;
    if (pays) this.#pay(step);
    const due = this.#waiting[step % this.#waiting.length]!;
    for (const line of due) this.#book(line, this.#timeMs + STEP_MS / 2);
    this.#waits -= due.length;
    due.length = 0;
  }

  /** Time goes on for two days, and nothing happens. */
  close(): void {
    this.#timeMs += days(2);
    for (let i = 0; i < CLOSING; i++) {
      const payment = this.#nextPayment();
      this.#insertPayment(payment, 100, "EUR", "authorized");
      this.#book({ payment, net: 1, fee: 0, currency: "EUR" }, this.#timeMs);
    }
  }

  #pay(step: number): void {
    const random = this.#random;
    const payment = this.#nextPayment();
    const currency = random.pick(CURRENCIES);
    const amount = 200 + random.below(20_000);
    const fee = 10 + random.below(90);
    this.#insertPayment(payment, amount, currency, "captured");
    this.promised++;
    const net = amount - fee;
    const found = (name: string, difference: number) =>
      this.findings.push({ payment: String(payment), currency, class: name, amount: difference });
    const draw = random.next();
    let lines = [net];
    if (draw < SHARES.missing) {
      lines = [];
      found("missing", amount);
    } else if (draw < SHARES.missing + SHARES.different) {
      const difference = 1 + random.below(100);
      const isLess = random.chance(0.5);
      lines = [isLess ? net - difference : net + difference];
      found(isLess ? "under-charge" : "over-charge", difference);
    } else if (draw < SHARES.missing + SHARES.different + SHARES.duplicated) {
      lines = [net, net];
      found("over-charge", amount);
    }
    for (const each of lines) {
      const at = step + LEAST_STEPS + random.below(MOST_STEPS - LEAST_STEPS);
      this.#waiting[at % this.#waiting.length]!.push({ payment, net: each, fee, currency });
      this.#waits++;
      this.promised++;
    }
  }

  #nextPayment(): bigint {
    return FIRST_PAYMENT + BigInt(this.#paid++);
  }

  #insertPayment(payment: bigint, cents: number, currency: string, status: PaymentRow["status"]): void {
    const timeMs = this.#timeMs;
    this.#databases.payments.begin(timeMs);
    const row: PaymentRow = {
      ...{ id: this.#paid, payment_id: payment, merchant_id: 1 + (this.#paid % 900), amount: cents * 10, currency },
      ...{ status, captured_at: timeMs, created_at: timeMs - 1_000, risk_score: null },
    };
    this.#payments.insert(detailedPayment(row, this.#details), timeMs);
  }

  #book({ payment, net, fee, currency }: PlannedLine, timeMs: number): void {
    const number = this.#booked++;
    this.#databases.lines.begin(timeMs);
    const row: LineRow = {
      ...{ batch_id: `S-${1_000 + Math.floor(number / BATCH)}`, line_no: 1 + (number % BATCH), payment_id: payment },
      ...{ kind: "sale", net: net * 100, fee: fee * 100, currency, booked_at: new Date(timeMs).toISOString() },
    };
    this.#lines.insert(detailedLine(row, this.#details), timeMs);
  }
}
