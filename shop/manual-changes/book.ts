import { keyOf } from "../../base/key.ts";
import { minutes, seconds } from "../../base/time.ts";
import type { CapturedTable } from "../captured-table.ts";
import type { DepartmentFault } from "../department.ts";
import { terms } from "../terms.ts";
import type { World } from "../world.ts";
import {
  type ApprovalRow,
  approvalsTable,
  type BookRow,
  type ContextRow,
  entriesTable,
  ledgerContextTable,
  limitsContextTable,
  limitsTable,
} from "./tables.ts";

/** When a transaction's context row is written, if at all. */
export type Context = "first" | "last" | "none";

/** What may be said of a ticket instead of that it approves one change of one row's amount around a time. */
export type TicketTerms = Partial<Pick<ApprovalRow, "row_keys" | "columns" | "max_rows">> & {
  readonly untilMs?: number;
};

/** One of the audited tables with what is written beside it, and all that went wrong in it. */
export class Book {
  /** uid of the audit that watches it; `.rows` behind it is that of its check of rows. */
  readonly check: string;
  readonly rows: CapturedTable<BookRow>;
  readonly faults: DepartmentFault[] = [];
  /** Rows that no deed was cast for, the oldest first. */
  readonly plain: BookRow[] = [];
  readonly #world: World;
  readonly #isMaria: boolean;
  readonly #contexts: CapturedTable<ContextRow>;
  readonly #approvals: CapturedTable<ApprovalRow>;
  #contextId = 0;
  #ticket = 0;

  constructor(world: World, database: "maria" | "postgres", approvals: CapturedTable<ApprovalRow>) {
    this.#world = world;
    this.#isMaria = database === "maria";
    this.check = this.#isMaria ? "credit-limit-changes" : "ledger-changes";
    this.rows = world.open(this.#isMaria ? limitsTable : entriesTable, database);
    this.#contexts = world.open(this.#isMaria ? limitsContextTable : ledgerContextTable, database);
    this.#approvals = approvals;
  }

  static approvalsOf(world: World): CapturedTable<ApprovalRow> {
    return world.open(approvalsTable, "postgres");
  }

  /** Does something at a time. */
  at(timeMs: number, task: () => void): void {
    this.#world.schedule.at(timeMs, task);
  }

  /**
   * One transaction, committed at a time, with its context row before the others, behind them, or without one. Statements run
   * 3 s before the commit and later.
   */
  write(timeMs: number, context: Context, work: (statementMs: number) => void): void {
    this.#database.begin(timeMs);
    if (context === "first") this.#account(timeMs - seconds(3));
    work(timeMs - seconds(3));
    if (context === "last") this.#account(timeMs);
  }

  /** A transaction that writes nothing but a context row. */
  accountOnly(timeMs: number): void {
    this.#database.begin(timeMs);
    this.#account(timeMs);
  }

  /** A transaction without a change. */
  writeNothing(timeMs: number): void {
    this.#database.begin(timeMs);
  }

  /** DDL that touches none of these tables' columns. PostgreSQL's leaves no trace. */
  alter(timeMs: number): void {
    if (this.#isMaria) this.#world.maria.alter(timeMs);
  }

  /** Changes a row as the application does: its version and the time of the change with it. */
  update(row: BookRow, changes: Partial<BookRow>, statementMs: number): void {
    this.rows.update(row, { ...this.stamp(row, statementMs), ...changes }, statementMs);
  }

  /** What changes with every change of a row. */
  stamp(row: BookRow, timeMs: number): Pick<BookRow, "version" | "updated_at"> {
    return { version: row.version + 1, updated_at: this.timestamp(timeMs) };
  }

  timestamp(timeMs: number): number | string {
    return this.#isMaria ? timeMs : new Date(timeMs).toISOString();
  }

  /** A ticket is approved half an hour before a change, and is good until a minute behind it. */
  approve(row: BookRow, changeMs: number, terms: TicketTerms = {}): void {
    const { untilMs = changeMs + minutes(1), ...other } = terms;
    const approvedMs = changeMs - minutes(30);
    this.at(approvedMs, () => {
      this.#world.postgres.begin(approvedMs);
      const ticket: ApprovalRow = {
        ticket: `${this.#isMaria ? "LIM" : "LED"}-${++this.#ticket}`,
        table_name: this.rows.spec.name,
        row_keys: String(row.id),
        columns: "amount,version,updated_at",
        valid_from: new Date(approvedMs).toISOString(),
        valid_to: new Date(untilMs).toISOString(),
        max_rows: 1,
        ...other,
      };
      this.#approvals.insert(ticket, approvedMs);
    });
  }

  /** Notes what is wrong with the transaction that is open: it is due at its end. */
  fault(what: Pick<DepartmentFault, "class" | "currency" | "atRisk" | "note"> & { readonly ofRows?: true }): void {
    const { ofRows, ...fault } = what;
    const { commitMs, transactionId } = this.#database;
    const endMs = this.#isMaria ? Math.floor(commitMs / 1000) * 1000 : commitMs;
    this.faults.push({
      ...fault,
      check: ofRows ? `${this.check}.rows` : this.check,
      key: keyOf(transactionId.split(":")[0]!),
      dueAt: endMs + terms.skew,
    });
  }

  #account(statementMs: number): void {
    this.#contexts.insert({ id: ++this.#contextId, who: "book-service", why: "a change of the day" }, statementMs);
  }

  get #database() {
    return this.#isMaria ? this.#world.maria : this.#world.postgres;
  }
}
