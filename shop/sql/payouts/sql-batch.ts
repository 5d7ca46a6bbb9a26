import { setTimeout as sleep } from "node:timers/promises";
import type { SqlDatabase, SqlTransaction } from "../sql-database.ts";

/** When something was committed: between these. */
export interface Moment {
  readonly after: number;
  readonly by: number;
}

/** One settlement batch in the ledger: its lines and payouts, each change in a transaction of its own. Amounts are `10.00 EUR`. */
export class SqlBatch {
  readonly id: string;
  /** When its payouts must be there. */
  readonly dueAt: number;
  /** What was meant to be through before the deadline was not, or only just. */
  isDoubtful = false;
  readonly #ledger: SqlDatabase;
  #lines = 0;

  constructor(ledger: SqlDatabase, id: string, dueAt: number) {
    this.#ledger = ledger;
    this.id = id;
    this.dueAt = dueAt;
  }

  /** Books lines with one statement, `bookedAt` being their business time. */
  book(amounts: readonly string[], bookedAt = Date.now()): Promise<Moment> {
    return this.#commit((on) => this.#insertLines(on, amounts, bookedAt));
  }

  /** Pays an amount. */
  pay(amount: string): Promise<Moment> {
    return this.#commit((on) => this.insertPayout(on, amount, "paid"));
  }

  /** Sends an amount to the bank; gives what is told of it later. */
  async send(amount: string): Promise<(status: "paid" | "failed") => Promise<Moment>> {
    let id: unknown;
    await this.#commit(async (on) => {
      id = await this.insertPayout(on, amount, "sent");
    });
    const update = "UPDATE payouts SET status = $1, paid_at = $2 WHERE id = $3";
    return (status) =>
      this.#commit((on) => on.run(update, [status, status === "paid" ? iso(Date.now()) : null, String(id)]));
  }

  /** Changes a line's net, with or without what is paid for it in the same transaction. */
  changeLine(line: number, net: string, paid?: string): Promise<Moment> {
    return this.#commit(async (on) => {
      const update = "UPDATE settlement_lines SET net = $1 WHERE batch_id = $2 AND line_no = $3";
      await on.run(update, [net, this.id, line]);
      if (paid !== undefined) await this.insertPayout(on, paid, "paid");
    });
  }

  /** Changes payouts of the batch. */
  changePayouts(amount: string, currency: string): Promise<Moment> {
    const update = "UPDATE payouts SET amount = $1, currency = $2 WHERE batch_id = $3";
    return this.#commit((on) => on.run(update, [amount, currency, this.id]));
  }

  /** Waits so many seconds: longer than the skew, so that each change is judged by itself. */
  async wait(seconds: number): Promise<void> {
    await sleep(seconds * 1000);
  }

  /** Waits until so many seconds behind the deadline. */
  async untilDue(seconds: number): Promise<void> {
    await sleep(Math.max(0, this.dueAt + seconds * 1000 - Date.now()));
  }

  /** Inserts a payout, and gives its id. */
  async insertPayout(on: SqlTransaction, text: string, status: string): Promise<unknown> {
    const [amount, currency] = parts(text);
    const paidAt = status === "paid" ? iso(Date.now()) : null;
    const into = "payouts (batch_id, amount, currency, status, paid_at)";
    const insert = `INSERT INTO ${into} VALUES ($1, $2, $3, $4, $5) RETURNING id`;
    return (await on.run(insert, [this.id, amount, currency, status, paidAt]))[0]!.id;
  }

  async #insertLines(on: SqlTransaction, amounts: readonly string[], bookedAt: number): Promise<void> {
    const into = "settlement_lines (batch_id, line_no, payment_id, kind, net, fee, currency, booked_at)";
    for (const text of amounts) {
      const [net, currency] = parts(text);
      const values = [this.id, ++this.#lines, 1, "sale", net, "0", currency, iso(bookedAt)];
      await on.run(`INSERT INTO ${into} VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, values);
    }
  }

  async #commit(work: (on: SqlTransaction) => Promise<unknown>): Promise<Moment> {
    const after = Date.now();
    await this.#ledger.commit(work);
    const by = Date.now();
    // A change that took the skew or straddles the deadline cannot be told from another one.
    if (by - after > 1_500 || (after < this.dueAt + 3_000 && by > this.dueAt - 3_000)) this.isDoubtful = true;
    return { after, by };
  }
}

function parts(text: string): [amount: string, currency: string] {
  return text.split(" ") as [string, string];
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
