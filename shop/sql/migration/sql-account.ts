import { formatDecimal } from "../../../base/money.ts";
import type { Random } from "../../../base/random.ts";
import { shownAt } from "../../migration/terms.ts";
import { digitsOf, drawCurrency, drawPrice } from "../../prices.ts";
import type { SqlDatabase, SqlTransaction, SqlValue } from "../sql-database.ts";

/** What both tables must say of an account, each in its own way. Amounts are minor units. */
export interface SqlContent {
  readonly owner: string | null;
  /** 1 active, 2 frozen, 3 closed. */
  readonly state: 1 | 2 | 3;
  readonly balance: number;
  readonly limit: number | null;
  /** Whole seconds, in epoch ms. */
  readonly openedAt: number;
}

const STATES = ["active", "frozen", "closed"] as const;

/** The two databases that accounts live in. */
export interface SqlAccountTables {
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
}

/** One account, and the statements on its row of either table. What is written is on its way when a verb resolves. */
export class SqlAccount {
  readonly id: number;
  readonly random: Random;
  readonly first: SqlContent;
  readonly #tables: SqlAccountTables;
  readonly #currency: string;

  constructor(tables: SqlAccountTables, random: Random, id: number) {
    this.#tables = tables;
    this.random = random;
    this.id = id;
    this.#currency = drawCurrency(random);
    const openedAt = Math.floor(Date.now() / 1000 - random.below(300 * 86_400)) * 1000;
    this.first = { owner: "Ann Müller", state: 1, balance: drawPrice(random), limit: null, openedAt };
  }

  /** The old table's row is there from now on. */
  async insertOld(content: SqlContent = this.first): Promise<void> {
    const cells = { id: this.id, currency: this.#currency, ...this.#oldCells(content) };
    await this.#tables.shop.commit((on) => insert(on, "accounts", cells, () => "?"));
  }

  async insertNew(content: SqlContent = this.first): Promise<void> {
    const own = { account_id: `acc-${this.id}`, legacy_id: this.id, currency: this.#currency };
    const cells = { ...own, ...this.#newCells(content) };
    await this.#tables.ledger.commit((on) => insert(on, "accounts_v2", cells, (i) => `$${i}`));
  }

  async updateOld(changes: Partial<SqlContent>): Promise<void> {
    const cells = this.#oldCells(changes);
    const set = Object.keys(cells).map((name) => `${name} = ?`);
    const statement = `UPDATE accounts SET ${set.join(", ")} WHERE id = ?`;
    await this.#tables.shop.commit((on) => on.run(statement, [...Object.values(cells), this.id]));
  }

  async updateNew(changes: Partial<SqlContent>): Promise<void> {
    const cells = this.#newCells(changes);
    const set = Object.keys(cells).map((name, i) => `${name} = $${i + 1}`);
    const statement = `UPDATE accounts_v2 SET ${set.join(", ")}, synced_at = now() WHERE account_id = $${set.length + 1}`;
    await this.#tables.ledger.commit((on) => on.run(statement, [...Object.values(cells), `acc-${this.id}`]));
  }

  async deleteOld(): Promise<void> {
    await this.#tables.shop.commit((on) => on.run("DELETE FROM accounts WHERE id = ?", [this.id]));
  }

  async deleteNew(): Promise<void> {
    const statement = "DELETE FROM accounts_v2 WHERE account_id = $1";
    await this.#tables.ledger.commit((on) => on.run(statement, [`acc-${this.id}`]));
  }

  /** Columns that nobody compares change on both sides. */
  async touch(): Promise<void> {
    await this.#tables.shop.commit((on) => on.run("UPDATE accounts SET branch = branch + 1 WHERE id = ?", [this.id]));
    const statement = "UPDATE accounts_v2 SET tier = 'gold' WHERE account_id = $1";
    await this.#tables.ledger.commit((on) => on.run(statement, [`acc-${this.id}`]));
  }

  #oldCells({ owner, state, balance, limit, openedAt }: Partial<SqlContent>): Record<string, SqlValue> {
    return {
      ...(owner !== undefined && { owner_name: owner }),
      ...(state !== undefined && { state }),
      ...(balance !== undefined && { balance: this.#decimal(balance) }),
      ...(limit !== undefined && { credit_limit: limit === null ? null : this.#decimal(limit) }),
      ...(openedAt !== undefined && { opened_at: wallText(shownAt(openedAt)) }),
    };
  }

  #newCells({ owner, state, balance, limit, openedAt }: Partial<SqlContent>): Record<string, SqlValue> {
    return {
      ...(owner !== undefined && { owner_name: owner ?? "" }),
      ...(state !== undefined && { state: STATES[state - 1]! }),
      ...(balance !== undefined && { balance: this.#decimal(balance) }),
      ...(limit !== undefined && { credit_limit: this.#decimal(limit ?? 0) }),
      ...(openedAt !== undefined && { opened_at: new Date(openedAt).toISOString() }),
    };
  }

  #decimal(minor: number): string {
    return formatDecimal(BigInt(minor), digitsOf(this.#currency));
  }
}

async function insert(
  on: SqlTransaction,
  table: string,
  cells: Readonly<Record<string, SqlValue>>,
  place: (number: number) => string,
): Promise<void> {
  const names = Object.keys(cells);
  const places = names.map((_, i) => place(i + 1)).join(", ");
  await on.run(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`, Object.values(cells));
}

/** `2026-03-02 14:20:00`: what clocks showed. */
function wallText(shownMs: number): string {
  return new Date(shownMs).toISOString().slice(0, 19).replace("T", " ");
}
