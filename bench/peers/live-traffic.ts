import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../../base/random.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { CapturedTable } from "../../shop/captured-table.ts";
import { Connector } from "../../shop/connector.ts";
import type { ShopSink } from "../../shop/sink.ts";
import type { LineRow, PaymentRow } from "../../shop/tables.ts";
import {
  type DetailedLineRow,
  type DetailedPaymentRow,
  detailedLine,
  detailedLines,
  detailedPayment,
  detailedPayments,
} from "./tables.ts";
import type { TopicSet } from "./topic-set.ts";
import { topicSink } from "./topic-sink.ts";
import type { Databases } from "./workload.ts";

/**
 * Traffic at a steady rate: half of it payments, half of it the lines of payments a second before. Its time goes on from where
 * that of the workload ended: were it the clock's, the lives of all keys would end at once.
 */
export interface LiveTraffic {
  /** By payment that was settled too high, when the record of that was handed to Kafka, in epoch ms. */
  readonly overCharged: ReadonlyMap<string, number>;
  /** The furthest that it has fallen behind its rate, in ms. */
  readonly behindMs: number;
}

const TICK_MS = 10;
const LINE_AFTER_MS = 1_000;
/** Of lines: each is a verdict at once. */
const OVER_CHARGED = 0.05;
const CLOSING = 64;
/** Beyond those of the workload. */
const FIRST_PAYMENT = 9_200_000_000_000_000n;

/** Writes so many events a second for so long. KAFKA_ errors. */
export async function writeTraffic(
  set: TopicSet,
  { rate, seconds, databases }: { readonly rate: number; readonly seconds: number; readonly databases: Databases },
  overCharged: Map<string, number>,
): Promise<LiveTraffic> {
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers: set.brokers });
  try {
    const producer = await IdempotentProducer.open(cluster, { maxBatchBytes: 64_000 });
    const registry = new FolderRegistry(set.schemas);
    const writer = await Writer.open(topicSink(producer, registry, set.prefix), databases, overCharged);
    const began = Date.now();
    let behindMs = 0;
    for (let written = 0; written < rate * seconds; ) {
      const due = Math.floor((rate * (Date.now() - began)) / 1000);
      behindMs = Math.max(behindMs, ((due - written) / rate) * 1000);
      if (due > written) written += writer.write(due - written, set.endsAtMs + Date.now() - began);
      await producer.flush();
      await sleep(Math.max(0, TICK_MS - ((Date.now() - began) % TICK_MS)));
    }
    // What comes later proves that all before was read.
    writer.close(set.endsAtMs + Date.now() - began + TICK_MS);
    await producer.flush();
    return { overCharged, behindMs };
  } finally {
    await cluster.close();
  }
}

interface Captured {
  readonly payment: bigint;
  readonly cents: number;
  readonly at: number;
}

class Writer {
  readonly #random = seededRandom(1);
  readonly #databases: Databases;
  readonly #payments: CapturedTable<DetailedPaymentRow>;
  readonly #lines: CapturedTable<DetailedLineRow>;
  readonly #overCharged: Map<string, number>;
  /** In the order of their payments. */
  readonly #waiting: Captured[] = [];
  #settled = 0;
  #paid = 0;

  private constructor(sink: ShopSink, databases: Databases, overCharged: Map<string, number>) {
    this.#databases = databases;
    this.#payments = new CapturedTable(detailedPayments, databases.payments, new Connector(sink));
    this.#lines = new CapturedTable(detailedLines, databases.lines, new Connector(sink));
    this.#overCharged = overCharged;
  }

  static async open(sink: ShopSink, databases: Databases, overCharged: Map<string, number>): Promise<Writer> {
    const writer = new Writer(sink, databases, overCharged);
    for (const table of [writer.#payments, writer.#lines]) {
      await table.create(sink);
      table.snapshot(() => "last");
    }
    return writer;
  }

  /** Gives how many it has written, which is what was asked for. */
  write(events: number, now: number): number {
    for (let i = 0; i < events; i++) {
      const line = this.#waiting[this.#settled];
      if (i % 2 === 0 || line === undefined || line.at + LINE_AFTER_MS > now) this.#pay(now);
      else this.#settle(line, this.#random.chance(OVER_CHARGED) ? 50 : 0, now);
    }
    return events;
  }

  /** So many that each partition gets some, without consequence. */
  close(now: number): void {
    for (let i = 0; i < CLOSING; i++) {
      this.#pay(now);
      this.#settle(this.#waiting[this.#settled]!, 0, now);
    }
  }

  #pay(now: number): void {
    const payment = FIRST_PAYMENT + BigInt(this.#paid++);
    const cents = 200 + this.#random.below(20_000);
    this.#databases.payments.begin(now);
    const row: PaymentRow = {
      ...{ id: 1_000_000_000 + this.#paid, payment_id: payment, merchant_id: 1 + (this.#paid % 900) },
      ...{ amount: cents * 10, currency: "EUR", status: "captured", captured_at: now, created_at: now - 500 },
      risk_score: null,
    };
    this.#payments.insert(detailedPayment(row, this.#random), now);
    this.#waiting.push({ payment, cents, at: now });
  }

  /** `more`: cents too much. */
  #settle({ payment, cents }: Captured, more: number, now: number): void {
    const number = this.#settled++;
    if (more > 0) this.#overCharged.set(String(payment), Date.now());
    this.#databases.lines.begin(now);
    const row: LineRow = {
      ...{ batch_id: `L-${Math.floor(number / 500)}`, line_no: 1 + (number % 500), payment_id: payment, kind: "sale" },
      ...{ net: (cents + more - 20) * 100, fee: 2_000, currency: "EUR", booked_at: new Date(now).toISOString() },
    };
    this.#lines.insert(detailedLine(row, this.#random), now);
  }
}
