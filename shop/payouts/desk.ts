import type { Random } from "../../base/random.ts";
import { minutes, seconds } from "../../base/time.ts";
import type { CapturedTable } from "../captured-table.ts";
import { END_MS, START_MS } from "../terms.ts";
import type { World } from "../world.ts";
import type { Account, AccountFault, PayoutBatch } from "./account.ts";
import { type PayoutRow, payoutsTable } from "./tables.ts";

/** Nothing of the department's own happens so close to the snapshots or to the log's end. */
const CLEAR = minutes(10);

/** Pays batches out: what people and programs of the department do, each in a transaction of the ledger. */
export class Desk {
  readonly #world: World;
  readonly #table: CapturedTable<PayoutRow>;
  #last = 3_000;

  constructor(world: World) {
    this.#world = world;
    this.#table = world.open(payoutsTable, "postgres");
  }

  /** Does something for a batch in a transaction of its own at a time, or a little later. Gives that time. */
  at(batch: PayoutBatch, wanted: number, run: (now: number) => void): number {
    const time = batch.reserve(clear(wanted));
    this.#world.schedule.at(time, () => {
      this.#world.postgres.begin(time);
      run(time);
    });
    return time;
  }

  /** Sends an amount to the bank, which has it some time later: both at times before the batch's deadline. */
  pay(account: Account, amount: number, now: number, random: Random, then: (now: number) => void = () => {}): void {
    const row = this.#insert(account.batch.id, account.currency, amount, "sent", now);
    account.sent += amount;
    const wanted = Math.min(now + seconds(15) + random.below(minutes(20)), account.batch.closesAt);
    this.at(account.batch, wanted, (paidAt) => {
      this.#arrive(account, row, paidAt);
      then(paidAt);
    });
  }

  /** Sends an amount that the bank rejects. */
  fail(account: Account, amount: number, now: number, then: (now: number) => void): void {
    const row = this.#insert(account.batch.id, account.currency, amount, "sent", now);
    this.at(account.batch, now + minutes(2), (failedAt) => {
      this.#table.update(row, { status: "failed" }, failedAt);
      then(failedAt);
    });
  }

  /** Pays in the transaction that is going on. */
  payNow(account: Account, amount: number, now: number): PayoutRow {
    const row = this.#insert(account.batch.id, account.currency, amount, "paid", now);
    account.payouts.push(row);
    return row;
  }

  /** Pays for a batch that may not be known, in the transaction that is going on. */
  payUnknown(batchId: string, currency: string, amount: number, now: number): PayoutRow {
    return this.#insert(batchId, currency, amount, "paid", now);
  }

  cancel(row: PayoutRow, now: number): void {
    this.#table.update(row, { status: "cancelled" }, now);
  }

  /** Corrects a payout. */
  change(row: PayoutRow, changes: Partial<PayoutRow>, now: number): void {
    this.#table.update(row, changes, now);
  }

  /** Makes an account right in the transaction that is going on: an adjustment, or without lines the end of its payouts. */
  balance(account: Account, now: number): void {
    endFault(account.fault, now);
    if (account.lines === 0) {
      for (const row of account.payouts.splice(0)) this.cancel(row, now);
      return;
    }
    if (account.open !== 0) this.payNow(account, account.open, now);
  }

  /** The bank has a payout that was sent; if its lines are gone meanwhile, it never left. */
  #arrive(account: Account, row: PayoutRow, now: number): void {
    account.sent -= row.amount;
    if (account.lines === 0) return this.cancel(row, now);
    this.#table.update(row, { status: "paid", paid_at: timestamp(now) }, now);
    account.payouts.push(row);
  }

  #insert(batchId: string, currency: string, amount: number, status: PayoutRow["status"], now: number): PayoutRow {
    const paid_at = status === "paid" ? timestamp(now) : null;
    const row: PayoutRow = { id: ++this.#last, batch_id: batchId, amount, currency, status, paid_at };
    this.#table.insert(row, now);
    return row;
  }
}

/** Ends a fault, because its account is right again from a time on. */
export function endFault(fault: AccountFault | undefined, now: number): void {
  if (fault === undefined || fault.isCancelled || fault.resolvedAt !== undefined) return;
  // What is right again before the point of judgement, or before the log begins, was never seen to be wrong.
  if (now <= fault.dueAt || now <= START_MS) fault.isCancelled = true;
  else fault.resolvedAt = now;
}

function clear(time: number): number {
  if (Math.abs(time - START_MS) < CLEAR) return time + 2 * CLEAR;
  return Math.abs(time - END_MS) < CLEAR ? time - 2 * CLEAR : time;
}

/** The bank books a moment before the ledger knows. */
function timestamp(now: number): string {
  return `${new Date(now - 35).toISOString().slice(0, -1)}000Z`;
}
