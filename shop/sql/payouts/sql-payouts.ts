import { setTimeout as sleep } from "node:timers/promises";
import { keyOf } from "../../../base/key.ts";
import { days } from "../../../base/time.ts";
import { terms } from "../../terms.ts";
import type { SqlDatabase } from "../sql-database.ts";
import { insertPayments, insertRefund } from "../sql-world.ts";
import { SqlBatch } from "./sql-batch.ts";
import { faults, last, lookAlikes, type PayoutStory, type PlannedPayoutFault } from "./sql-stories.ts";

/** Batches begin so far apart. */
const EACH = 250;

/** What a run of the department is told. */
export interface SqlPayoutsOptions {
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
  /** The deadline of all that is booked before it: the cutoff of the job that is run. */
  readonly dueAt: number;
}

/** One thing that was made to go wrong. */
export interface SqlPayoutFault {
  readonly class: string;
  /** In canonical text. */
  readonly key: string;
  readonly currency: string;
  /** In currency units. */
  readonly atRisk: string;
  /** The point of event time from which it fails lies between these. */
  readonly failsFrom: number;
  readonly failsBy: number;
  readonly resolves: boolean;
  readonly note: string;
}

/** What really happened to the payouts. */
export interface SqlPayoutTruth {
  readonly faults: readonly SqlPayoutFault[];
  /** What was overdue when the connectors took their snapshots. */
  readonly baseline: readonly { readonly key: string; readonly currency: string; readonly class: string }[];
  /** Batches that this machine was too slow for. */
  readonly doubtful: readonly string[];
  /** The key of the fault that is due last of all. */
  readonly lastKey: string;
  readonly judgedBy: number;
}

/**
 * Payouts in real time, as SQL transactions of the ledger: every fault and look-alike once, around a deadline that lies
 * some seconds ahead.
 */
export class SqlPayouts {
  readonly #options: SqlPayoutsOptions;
  readonly #faults: SqlPayoutFault[] = [];
  readonly #baseline: { key: string; currency: string; class: string }[] = [];
  readonly #doubtful: string[] = [];

  constructor(options: SqlPayoutsOptions) {
    this.#options = options;
  }

  /** Fills the tables before the connectors take their snapshots: batches that are over, right and wrong ones, and one that is due. */
  async seed(): Promise<void> {
    const { shop, dueAt } = this.#options;
    // A table without rows would have no topic.
    const payment = {
      paymentId: 1n,
      merchant: 1,
      amount: "1",
      currency: "EUR",
      status: "created",
      capturedAt: null,
    } as const;
    await shop.commit((on) => insertPayments(on, [payment]));
    await shop.commit((on) => insertRefund(on, { paymentId: 1n, kind: "refund", amount: "1", currency: "EUR" }));
    const longAgo = dueAt - days(3);
    const right = this.#batch("seed-right");
    await right.book(["10.00 EUR"], longAgo);
    await right.pay("10.00 EUR");
    const short = this.#batch("seed-short");
    await short.book(["10.00 EUR"], longAgo);
    await short.pay("9.00 EUR");
    const missing = this.#batch("seed-missing");
    await missing.book(["10.00 EUR", "3.00 USD"], longAgo);
    await missing.pay("3.00 USD");
    this.#baseline.push({ key: keyOf(short.id), currency: "EUR", class: "under-paid" });
    this.#baseline.push({ key: keyOf(missing.id), currency: "EUR", class: "missing" });
    const due = this.#batch("seed-due");
    await due.book(["10.00 EUR"]);
    this.#tell(due, { class: "missing", atRisk: "10.00", currency: "EUR" }, "of the snapshot, due later, never paid");
  }

  /** Runs the traffic; ends when the last batch is through. */
  async run(): Promise<SqlPayoutTruth> {
    const stories = Object.entries({ ...lookAlikes, ...faults });
    const playing = stories.map(async ([name, story], index) => {
      await sleep(index * EACH);
      await this.#play(name, story);
    });
    await Promise.all([...playing, this.#play("last", last)]);
    return {
      faults: this.#faults,
      baseline: this.#baseline,
      doubtful: this.#doubtful,
      lastKey: keyOf("P-last"),
      judgedBy: Date.now() + terms.skew,
    };
  }

  async #play(name: string, story: PayoutStory): Promise<void> {
    const batch = this.#batch(name);
    const planned = await story(batch);
    if (batch.isDoubtful) this.#doubtful.push(keyOf(batch.id));
    if (planned !== undefined) this.#tell(batch, planned, name);
  }

  #tell({ id, dueAt }: SqlBatch, planned: PlannedPayoutFault, note: string): void {
    const { class: cause, atRisk, currency, from, resolves = false } = planned;
    const { after, by } = from ?? { after: dueAt, by: dueAt };
    const fails = { failsFrom: after + terms.skew, failsBy: by + terms.skew };
    this.#faults.push({ class: cause, key: keyOf(id), currency, atRisk, ...fails, resolves, note });
  }

  #batch(name: string): SqlBatch {
    return new SqlBatch(this.#options.ledger, `P-${name}`, this.#options.dueAt);
  }
}
