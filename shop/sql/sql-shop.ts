import { setTimeout as sleep } from "node:timers/promises";
import { type Random, seededRandom } from "../../base/random.ts";
import { days, seconds } from "../../base/time.ts";
import { terms } from "../terms.ts";
import { SettlementRuns } from "./settlement-runs.ts";
import { dealRoles, type SqlRole } from "./sql-casting.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { type SqlFaultName, type SqlPlannedFault, sqlFaults } from "./sql-faults.ts";
import { type SqlLookAlikeName, sqlLookAlikes } from "./sql-look-alikes.ts";
import { APART, DUE, SqlOrder } from "./sql-order.ts";
import { faultOf, type SqlFault, type SqlTruth } from "./sql-truth.ts";
import { SqlWorld } from "./sql-world.ts";

/** What a run of the shop is told. */
export interface SqlShopOptions {
  readonly seed: number;
  /** From 62 on, every kind of fault and of look-alike occurs. */
  readonly orders: number;
  /** The time in which they arrive, in ms; the last is through some 35 s later. */
  readonly arriveWithin: number;
  /** MariaDB with payments and refunds, PostgreSQL with settlement_lines. Four connections each are plenty. */
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
  /** Sets the keys of this run apart from those of others on the same tables; default 0. */
  readonly firstOrder?: number;
  /** Roles that are not wanted. */
  readonly without?: readonly SqlRole[];
}

/** How much traffic, in how much time. */
export type Traffic = Pick<SqlShopOptions, "orders" | "arriveWithin">;

/** Traffic of about a minute and a half, with everything in it. */
export const shortTraffic: Traffic = { orders: 62, arriveWithin: seconds(25) };
/** Traffic of ten minutes. */
export const longTraffic: Traffic = { orders: 1500, arriveWithin: seconds(560) };

/** A step that is through later than this was too late. */
const LATEST = 1500;
/** Shared settlement runs have more room. */
const LATEST_RUN = APART;
const TOUCHED_AT_ONCE = 8;
const SEED_ORDERS = 10_000_000;

/**
 * The shop in real time, as SQL transactions in two real databases. An order is its own small timeline of some 30 s:
 * business times are set back by the terms, so that deadlines of days fall seconds ahead. One seed gives the same orders;
 * their times are the clock's.
 */
export class SqlShop {
  readonly #options: SqlShopOptions;
  readonly #world: SqlWorld;
  readonly #random: Random;
  readonly #faults: SqlFault[] = [];
  readonly #baseline: { key: string; currency: string; class: SqlFault["class"] }[] = [];
  readonly #doubtful: string[] = [];
  readonly #counts: Record<string, number> = {};
  #judgedBy = 0;

  constructor(options: SqlShopOptions) {
    this.#options = options;
    this.#world = new SqlWorld(options.shop, options.ledger, options.firstOrder ?? 0);
    this.#random = seededRandom(options.seed);
  }

  /**
   * Fills the tables before the connectors take their snapshots: orders that are long settled, some that are overdue,
   * and some that fall due at a time, which must lie behind the snapshots.
   */
  async seed(dueAt: number): Promise<void> {
    const past = Date.now() - days(1);
    const order = (i: number) => new SqlOrder(this.#world, this.#random.fork(`seed/${i}`), SEED_ORDERS + i, Date.now());
    for (let i = 0; i < 6; i++) {
      const settled = order(i);
      settled.payAtOnce([settled.amount]);
      settled.settle(settled.amount, settled.arrival);
      if (i === 0) takeBack(settled);
      await runNow(settled);
    }
    const overdue = [order(6), order(7), order(8)] as const;
    overdue[0].pay({ due: past });
    overdue[1].pay({ due: past });
    overdue[1].settle(overdue[1].amount - 1, overdue[1].arrival, { due: past });
    overdue[2].settle(overdue[2].amount, overdue[2].arrival, { due: past });
    for (const [i, cause] of (["missing", "under-charge", "unknown-payment"] as const).entries()) {
      await runNow(overdue[i]!);
      this.#baseline.push({ key: String(overdue[i]!.paymentId), currency: overdue[i]!.currency, class: cause });
    }
    const missing = order(9);
    missing.pay({ due: dueAt });
    await runNow(missing);
    const note = "of the snapshot, due later, never settled";
    this.#faults.push(faultOf(missing, { class: "missing", atRisk: missing.amount, from: dueAt, note }));
    const lateButDue = order(10);
    lateButDue.pay({ due: dueAt });
    lateButDue.settle(lateButDue.amount, lateButDue.arrival);
    await runNow(lateButDue);
    await payOut(this.#world);
    this.#judgedBy = dueAt + terms.skew;
  }

  /** Runs the traffic. Ends when the last order is through, though its deadlines may lie ahead; see `judgedBy`. */
  async run(): Promise<SqlTruth> {
    const { orders, arriveWithin, without = [] } = this.#options;
    const start = Date.now() + 500;
    const runs = new SettlementRuns(this.#world, start);
    const roles = dealRoles(orders, this.#random.fork("roles"), without);
    const playing = roles.map((role, i) => {
      const random = this.#random.fork(`order/${i}`);
      const arrival = start + Math.floor(((i + random.next()) / orders) * arriveWithin);
      return this.#play(role, new SqlOrder(this.#world, random, i, arrival), runs);
    });
    const end = new AbortController();
    // The background ends with the orders, however they end.
    const played = Promise.all(playing).finally(() => end.abort());
    await Promise.all([played, this.#background(runs, end.signal)]);
    return this.#truth(await this.#last());
  }

  /** A last order, which is due behind everything else: once it fails, all that went before was judged. */
  async #last(): Promise<string> {
    const order = new SqlOrder(this.#world, this.#random.fork("last"), this.#options.orders, Date.now());
    const due = Math.max(this.#judgedBy, Date.now()) + APART;
    const { amount } = order;
    order.pay({ due });
    await runNow(order);
    this.#faults.push(faultOf(order, { class: "missing", atRisk: amount, from: due, note: "the last of all" }));
    this.#judgedBy = due + terms.skew;
    return String(order.paymentId);
  }

  async #play(role: SqlRole, order: SqlOrder, runs: SettlementRuns): Promise<void> {
    let planned: SqlPlannedFault | undefined;
    let settledAt: number | undefined;
    if (role in sqlFaults) planned = sqlFaults[role as SqlFaultName](order);
    else {
      this.#counts[role] = (this.#counts[role] ?? 0) + 1;
      if (role === "usual") settledAt = payAndSettle(order, runs, this.#world);
      else sqlLookAlikes[role as SqlLookAlikeName](order);
    }
    const isPunctual = await runSteps(order);
    if (settledAt !== undefined) await until(settledAt + LATEST_RUN);
    const isSettled = settledAt === undefined || runs.lateness(settledAt) <= LATEST_RUN;
    this.#judgedBy = Math.max(this.#judgedBy, Date.now() + terms.skew);
    if (!isPunctual || !isSettled) {
      this.#doubtful.push(String(order.paymentId), String(order.unknownId));
    } else if (planned !== undefined) {
      const fault = faultOf(order, planned);
      this.#faults.push(fault);
      this.#judgedBy = Math.max(this.#judgedBy, fault.failsBy);
    }
  }

  /** Settlement runs, and statements that touch what no check reads. */
  async #background(runs: SettlementRuns, end: AbortSignal): Promise<void> {
    for (let turn = 1; !end.aborted; turn++) {
      await sleep(250, undefined, { signal: end }).catch(() => undefined);
      await runs.book(Date.now());
      if (turn % 16 === 0) await this.#touch();
    }
  }

  /** One statement that updates several payments of different orders. */
  async #touch(): Promise<void> {
    const ids = this.#world.touchable.splice(0, TOUCHED_AT_ONCE);
    if (ids.length === 0) return;
    const places = ids.map(() => "?").join(", ");
    const set = `UPDATE payments SET merchant_id = 600 WHERE id IN (${places})`;
    await this.#world.shop.commit((on) => on.run(set, ids));
  }

  #truth(lastKey: string): SqlTruth {
    const byKey = (left: SqlFault, right: SqlFault) => (BigInt(left.key) < BigInt(right.key) ? -1 : 1);
    return {
      seed: this.#options.seed,
      orders: this.#options.orders,
      faults: this.#faults.toSorted(byKey),
      baseline: this.#baseline,
      doubtful: this.#doubtful,
      lookAlikes: this.#counts,
      lastKey,
      judgedBy: this.#judgedBy,
    };
  }
}

/** A payout of some batch, for the same reason as a refund: the batches of these orders are not what is looked at. */
async function payOut({ ledger }: SqlWorld): Promise<void> {
  const statement = "INSERT INTO payouts (batch_id, amount, currency, status) VALUES ($1, 1, 'EUR', 'sent')";
  await ledger.commit((on) => on.run(statement, ["B-of-none"]));
}

/** A refund that is taken back: a table without rows would have no topic. */
function takeBack(order: SqlOrder): void {
  const { done } = order.refund(order.amount, order.arrival);
  order.settle(-order.amount, done);
}

/** A usual order: captured, settled by a shared run, its row touched by others. Gives the time of its run. */
function payAndSettle(order: SqlOrder, runs: SettlementRuns, world: SqlWorld): number {
  const capture = order.pay();
  order.shop(capture.at + 300, async () => void world.touchable.push(...capture.ids));
  return runs.add(order, order.amount, capture.at + DUE / 4 + order.random.below(APART));
}

/** Runs an order's steps one after the other at their times. False when one of them was too late. */
async function runSteps(order: SqlOrder): Promise<boolean> {
  const steps = order.steps.toSorted((left, right) => left.at - right.at);
  let isPunctual = true;
  for (const { at, takes, moment, run } of steps) {
    await until(at);
    moment.after = Date.now();
    await run();
    moment.by = Date.now();
    if (moment.by > at + takes + LATEST) isPunctual = false;
  }
  return isPunctual;
}

async function runNow(order: SqlOrder): Promise<void> {
  for (const step of order.steps.toSorted((left, right) => left.at - right.at)) await step.run();
}

async function until(timeMs: number): Promise<void> {
  const rest = timeMs - Date.now();
  if (rest > 0) await sleep(rest);
}
