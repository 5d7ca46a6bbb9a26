import { join } from "node:path";
import { seededRandom } from "../../base/random.ts";
import { hours } from "../../base/time.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { CapturedTable } from "../../shop/captured-table.ts";
import { Connector } from "../../shop/connector.ts";
import { MariaDb } from "../../shop/mariadb.ts";
import { Postgres } from "../../shop/postgres.ts";
import type { ShopSink } from "../../shop/sink.ts";
import { type LineRow, linesTable, type PaymentRow, paymentsTable } from "../../shop/tables.ts";
import { START_MS } from "../../shop/terms.ts";
import { type Width, widened } from "./wide-tables.ts";

/** What is to be measured. */
export interface TrafficOptions {
  readonly seed: number;
  /** Payments that wait for their settlement all the time: so many come first. */
  readonly open: number;
  /** Events behind them. */
  readonly events: number;
  readonly width: Width;
  /** Part of these events that is updates of lines of one payment. */
  readonly hot: number;
}

/** What was written. */
export interface Traffic {
  /** Records in all, and those that come before what is to be measured. */
  readonly records: number;
  readonly before: number;
  /** Payments that were settled twice, which a check must find, and nothing else. */
  readonly overcharged: readonly string[];
}

/**
 * Writes payments and lines into a file log that is new, as Debezium records: first those that stay open, then a payment and the
 * line of one that is open, in turn; every 50th line comes twice. All of it is of the same half a day, so that nothing falls
 * due, and an hour later records follow that only say what time it is. `told`: now and then, how many records there are.
 */
export async function writeTraffic(
  dir: string,
  options: TrafficOptions,
  told: (written: number) => void,
): Promise<Traffic> {
  const writer = new FileLogWriter(dir);
  const registry = new FolderRegistry(join(dir, "schemas"));
  const shop = new Shop(options, {
    createTopic: (topic, partitions) => writer.createTopic(topic, partitions),
    append: (topic, partition, record) => void writer.append(topic, partition, record),
    flush: () => writer.flush(),
    end: () => undefined,
    register: (subject, schema) => registry.register(subject, schema as AvroSchema),
  });
  await shop.create();
  const traffic = shop.write(told);
  writer.close();
  return traffic;
}

const LASTS_MS = hours(12);
/** Past 2^53. */
const FIRST_PAYMENT = 9_100_000_000_000_000n;
const AMOUNT = 10_000;
const FEE = 50;
const LINES_OF_HOT = 100;
const TWICE_EVERY = 50;
/** So many that each partition gets some. */
const CLOSING = 64;
const TELL_EVERY = 100_000;

/** Amounts in cents. */
class Shop {
  readonly #options: TrafficOptions;
  readonly #sink: ShopSink;
  readonly #maria = new MariaDb();
  readonly #postgres = new Postgres();
  readonly #connectors: readonly [Connector, Connector];
  readonly #payments: CapturedTable<PaymentRow>;
  readonly #lines: CapturedTable<LineRow>;
  readonly #rest: readonly [object, object];
  #timeMs = START_MS;
  #paid = 0;
  #booked = 0;

  constructor(options: TrafficOptions, sink: ShopSink) {
    this.#options = options;
    this.#sink = sink;
    this.#connectors = [new Connector(sink), new Connector(sink)];
    const [payments, lines] = [widened(paymentsTable, options.width), widened(linesTable, options.width)];
    this.#rest = [payments.rest, lines.rest];
    this.#payments = new CapturedTable(payments.spec, this.#maria, this.#connectors[0]);
    this.#lines = new CapturedTable(lines.spec, this.#postgres, this.#connectors[1]);
  }

  async create(): Promise<void> {
    for (const table of [this.#payments, this.#lines]) {
      await table.create(this.#sink);
      table.snapshot(() => "last");
    }
  }

  write(told: (written: number) => void): Traffic {
    const { seed, open, events, hot } = this.#options;
    const random = seededRandom(seed);
    const stepMs = LASTS_MS / (open + events);
    const waiting = new Uint32Array(open);
    for (let i = 0; i < open; i++) {
      waiting[i] = this.#pay(i * stepMs, AMOUNT);
      if (i % TELL_EVERY === 0) told(i);
    }
    const hotLines = hot === 0 ? [] : this.#payHot(open * stepMs);
    const before = this.#records;
    const overcharged: string[] = [];
    // Of two records at a time otherwise.
    const chance = (2 * hot) / (1 + hot);
    for (let event = 0, settled = 0; event < events; event++) {
      const at = (open + event) * stepMs;
      if (random.chance(chance)) {
        this.#move(random.pick(hotLines), at);
        continue;
      }
      // The payment that is settled, and another that takes its place.
      const place = random.below(open);
      const payment = waiting[place]!;
      this.#book(payment, at);
      if (++settled % TWICE_EVERY === 0) {
        this.#book(payment, at);
        overcharged.push(String(idOf(payment)));
      }
      waiting[place] = this.#pay(at, AMOUNT);
      event++;
    }
    this.#close();
    return { records: this.#records, before, overcharged };
  }

  get #records(): number {
    return this.#connectors[0].records + this.#connectors[1].records;
  }

  /** Gives the payment's number. */
  #pay(afterMs: number, cents: number, status: PaymentRow["status"] = "captured"): number {
    const number = this.#paid++;
    const timeMs = this.#at(afterMs);
    this.#maria.begin(timeMs);
    const row: PaymentRow = {
      ...{ id: number + 1, payment_id: idOf(number), merchant_id: 1 + (number % 900), amount: cents * 10 },
      ...{ currency: "EUR", status, captured_at: timeMs, created_at: timeMs - 1_000, risk_score: null },
    };
    this.#payments.insert(Object.assign(row, this.#rest[0]), timeMs);
    return number;
  }

  #book(payment: number, afterMs: number): LineRow {
    const number = this.#booked++;
    const timeMs = this.#at(afterMs);
    this.#postgres.begin(timeMs);
    const row: LineRow = {
      ...{ batch_id: `S-${1_000 + Math.floor(number / 500)}`, line_no: 1 + (number % 500), payment_id: idOf(payment) },
      ...{ kind: "sale", net: (AMOUNT - FEE) * 100, fee: FEE * 100, currency: "EUR" },
      booked_at: new Date(timeMs).toISOString(),
    };
    this.#lines.insert(Object.assign(row, this.#rest[1]), timeMs);
    return row;
  }

  /** A payment of many lines. */
  #payHot(afterMs: number): LineRow[] {
    const payment = this.#pay(afterMs, LINES_OF_HOT * AMOUNT);
    return Array.from({ length: LINES_OF_HOT }, () => this.#book(payment, afterMs));
  }

  /** A line's sum stays what it is. */
  #move(row: LineRow, afterMs: number): void {
    const timeMs = this.#at(afterMs);
    this.#postgres.begin(timeMs);
    this.#lines.update(row, { net: row.net + 100, fee: row.fee - 100 }, timeMs);
  }

  #close(): void {
    for (let i = 0; i < CLOSING; i++) {
      const payment = this.#pay(LASTS_MS + hours(1), AMOUNT, "authorized");
      this.#book(payment, LASTS_MS + hours(1));
    }
  }

  /** Time never goes back. */
  #at(afterMs: number): number {
    this.#timeMs = Math.max(this.#timeMs, START_MS + Math.floor(afterMs));
    return this.#timeMs;
  }
}

function idOf(number: number): bigint {
  return FIRST_PAYMENT + BigInt(number);
}
