import type { SqlDatabase, SqlRow, SqlTransaction, SqlValue } from "../sql-database.ts";

/** A finding that must come: which check finds it, of which row, under what name. */
export interface SqlFinding {
  readonly check: string;
  readonly class: string;
  /** The first row that it is about. */
  readonly row: number;
}

/** What the books are written through. */
export interface SqlBooksOptions {
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
  /** Runs DDL on MariaDB's table while its transactions are under way. */
  alterShop(statement: string): Promise<void>;
}

/** Rows of each table; deeds are done to the first of them, each to one of its own. */
const ROWS = 30;
/** Rows that a bulk change is about, from the number `BULK_FROM` on. */
const BULK = 12;
const BULK_FROM = 15;

/** Plays what happens to the books, in both databases: each row has a story of its own. */
export class SqlBooks {
  readonly #books: readonly Book[];

  constructor({ shop, ledger, alterShop }: SqlBooksOptions) {
    const alter = () => alterShop("ALTER TABLE credit_limits ADD COLUMN reviewed_by VARCHAR(32) NULL");
    this.#books = [
      new Book("credit-limit-changes", "credit_limits", "limits_context", shop, ledger, alter),
      new Book(
        "ledger-changes",
        "ledger_entries",
        "ledger_context",
        withDollars(ledger),
        ledger,
        async () => undefined,
      ),
    ];
  }

  /** Writes rows and tickets, which the connectors' snapshots hold. */
  async seed(): Promise<void> {
    for (const book of this.#books) await book.seed();
  }

  /** Does all that is to be done, and gives what must be found. */
  async run(): Promise<readonly SqlFinding[]> {
    const found: SqlFinding[] = [];
    for (const book of this.#books) found.push(...(await book.run()));
    return found;
  }
}

type Work = (transaction: SqlTransaction) => Promise<unknown>;

class Book {
  readonly #check: string;
  readonly #table: string;
  readonly #context: string;
  readonly #database: SqlDatabase;
  readonly #approvals: SqlDatabase;
  readonly #alter: () => Promise<void>;
  readonly #found: SqlFinding[] = [];

  constructor(
    check: string,
    table: string,
    context: string,
    database: SqlDatabase,
    approvals: SqlDatabase,
    alter: () => Promise<void>,
  ) {
    this.#check = check;
    this.#table = table;
    this.#context = context;
    this.#database = database;
    this.#approvals = approvals;
    this.#alter = alter;
  }

  async seed(): Promise<void> {
    await this.#database.commit(async (transaction) => {
      for (let row = 1; row <= ROWS; row++) {
        const values = [row, "A1", "100.00", "EUR", row === 7 ? "settled" : "posted"];
        const columns = "id, account, amount, currency, status, version, updated_at";
        const insert = `INSERT INTO ${this.#table} (${columns}) VALUES (?, ?, ?, ?, ?, 1, CURRENT_TIMESTAMP)`;
        await transaction.run(insert, values);
      }
    });
    await this.#approve(4, "amount, version, updated_at", 1);
    await this.#approve(5, "*", -1);
    await this.#approve(6, "account", 1);
  }

  async run(): Promise<readonly SqlFinding[]> {
    await this.#database.commit(this.#accounted(this.#dearer(1), "first"));
    await this.#database.commit(this.#accounted(this.#dearer(2), "last"));
    await this.#database.commit(this.#dearer(3));
    this.#finds("unauthorised", 3);
    await this.#database.commit(this.#dearer(4));
    await this.#database.commit(this.#dearer(5));
    this.#finds("outside-ticket", 5);
    await this.#database.commit(this.#dearer(6));
    this.#finds("outside-ticket", 6);
    await this.#database.commit(this.#accounted(this.#set(7, "status = 'posted', version = version + 1"), "last"));
    this.#finds("terminal-left", 7, ".rows");
    await this.#database.commit(this.#accounted(this.#delete(8), "first"));
    this.#finds("deleted-row", 8, ".rows");
    await this.#database.commit(this.#accounted(this.#set(9, "amount = amount + 1"), "first"));
    this.#finds("unguarded-change", 9, ".rows");
    await this.#database.commit(this.#accounted(this.#bulk, "first"));
    this.#finds("bulk-change", BULK_FROM);
    await this.#database.rollback(async (transaction) => void (await this.#dearer(10)(transaction)));
    await this.#database.commit(async () => undefined);
    await this.#alter();
    await this.#database.commit(this.#accounted(this.#savepoint, "last"));
    // What was found stays, though the value is what it was.
    await this.#database.commit(
      this.#accounted(this.#set(3, "amount = amount - 1, version = 3, updated_at = CURRENT_TIMESTAMP(3)"), "first"),
    );
    return this.#found;
  }

  /** `minutes`: how long from now it is good; negative for one that is not any more. */
  async #approve(row: number, columns: string, minutes: number): Promise<void> {
    const insert = `INSERT INTO approvals (ticket, table_name, row_keys, columns, valid_from, valid_to, max_rows)
      VALUES ($1, $2, $3, $4, now() - interval '1 hour', now() + $5 * interval '10 minutes', 1)`;
    const values = [`${this.#table}-${row}`, this.#table, String(row), columns, minutes];
    await this.#approvals.commit((transaction) => transaction.run(insert, values));
  }

  #accounted(work: Work, context: "first" | "last"): (transaction: SqlTransaction) => Promise<void> {
    return async (transaction) => {
      const account = () =>
        transaction.run(`INSERT INTO ${this.#context} (who, why) VALUES ('book-service', 'a change of the day')`);
      if (context === "first") await account();
      await work(transaction);
      if (context === "last") await account();
    };
  }

  #dearer(row: number): (transaction: SqlTransaction) => Promise<readonly SqlRow[]> {
    return this.#set(row, "amount = amount + 1, version = version + 1, updated_at = CURRENT_TIMESTAMP(3)");
  }

  #set(row: number, changes: string): (transaction: SqlTransaction) => Promise<readonly SqlRow[]> {
    return (transaction) => transaction.run(`UPDATE ${this.#table} SET ${changes} WHERE id = ?`, [row]);
  }

  #delete(row: number): Work {
    return (transaction) => transaction.run(`DELETE FROM ${this.#table} WHERE id = ?`, [row]);
  }

  readonly #bulk: Work = (transaction) => {
    const where = `id >= ${BULK_FROM} AND id < ${BULK_FROM + BULK}`;
    return transaction.run(`UPDATE ${this.#table} SET account = 'A2', version = version + 1 WHERE ${where}`);
  };

  /** What is taken back to the savepoint never happened. */
  readonly #savepoint: Work = async (transaction) => {
    await this.#dearer(11)(transaction);
    await transaction.run("SAVEPOINT before_it");
    await this.#delete(12)(transaction);
    await transaction.run("ROLLBACK TO SAVEPOINT before_it");
  };

  #finds(cause: string, row: number, part = ""): void {
    this.#found.push({ check: this.#check + part, class: cause, row });
  }
}

/** PostgreSQL numbers the values of a statement. */
function withDollars(database: SqlDatabase): SqlDatabase {
  const numbered = (transaction: SqlTransaction): SqlTransaction => ({
    run: (statement: string, values?: readonly SqlValue[]) => {
      let number = 0;
      return transaction.run(
        statement.replace(/\?/g, () => `$${++number}`),
        values,
      );
    },
  });
  return {
    commit: (work) => database.commit((transaction) => work(numbered(transaction))),
    rollback: (work) => database.rollback((transaction) => work(numbered(transaction))),
  };
}
