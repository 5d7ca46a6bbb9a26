import { formatDecimal } from "../../base/money.ts";
import { hours, minutes } from "../../base/time.ts";
import type { Book } from "./book.ts";
import type { BookRow } from "./tables.ts";

/** Something that is done to a row, and perhaps others, at a time. False where it cannot be, for want of rows. */
export type Deed = (book: Book, row: BookRow, timeMs: number) => boolean;

/** The most rows that may be written at once without a ticket. */
const BULK_LIMIT = 10;
/** Rows that bulk changes begin with: no ticket for others may approve them. */
const OF_APPROVED = 10;
const OF_BULKS = 22;
/** What amounts are changed by, in hundredths. */
const STEP = 1250;

/** What goes wrong, each on a row that is over and done with in everything else. */
export const faults: Readonly<Record<string, Deed>> = {
  /** Somebody changes an amount by hand. */
  withoutContext: (book, row, timeMs) => {
    change(book, row, timeMs, "changed by hand, without a context");
    return true;
  },

  /** The context is committed by itself, and the change after it. */
  contextElsewhere: (book, row, timeMs) => {
    const at = timeMs + minutes(1);
    book.accountOnly(timeMs);
    book.at(at, () => change(book, row, at, "its context is another transaction's"));
    return true;
  },

  ticketExpired: (book, row, timeMs) => {
    const at = timeMs + hours(1);
    book.approve(row, at, { untilMs: at - minutes(15) });
    book.at(at, () => change(book, row, at, "its ticket had expired", "outside-ticket"));
    return true;
  },

  otherColumn: (book, row, timeMs) => {
    const at = timeMs + hours(1);
    book.approve(row, at, { columns: "account,version,updated_at" });
    book.at(at, () => change(book, row, at, "its ticket is about the account", "outside-ticket"));
    return true;
  },

  moreRows: (book, row, timeMs) => {
    const at = timeMs + hours(1);
    const rows = someRows(book, 3);
    if (rows === undefined) return false;
    book.approve(row, at, { row_keys: keysOf(rows), columns: "*", max_rows: 2 });
    book.at(at, () => {
      book.write(at, "none", (statementMs) => rename(book, rows, statementMs));
      fault(book, "outside-ticket", "three rows by a ticket for two");
    });
    return true;
  },

  /** The application is used for more than it may be. */
  bulk: (book, _row, timeMs) => {
    const rows = someRows(book, BULK_LIMIT + 2, OF_BULKS);
    if (rows === undefined) return false;
    book.write(timeMs, "first", (statementMs) => rename(book, rows, statementMs));
    fault(book, "bulk-change", "more rows at once than may be");
    return true;
  },

  /** What is settled is opened, and settled again later: the finding stays. */
  reopened: (book, row, timeMs) => {
    book.write(timeMs, "first", (statementMs) => book.update(row, { status: "open" }, statementMs));
    book.fault({
      class: "terminal-left",
      currency: "XXX",
      atRisk: "0",
      note: "settled, and opened again",
      ofRows: true,
    });
    const later = timeMs + hours(1);
    book.at(later, () => {
      book.write(later, "first", (statementMs) => book.update(row, { status: "settled" }, statementMs));
    });
    return true;
  },

  deleted: (book, row, timeMs) => {
    const { currency, amount } = row;
    book.write(timeMs, "last", (statementMs) => book.rows.delete(row, statementMs));
    book.fault({ class: "deleted-row", currency, atRisk: money(amount), note: "a deleted row", ofRows: true });
    return true;
  },

  withoutVersion: (book, row, timeMs) => unguarded(book, row, timeMs, { version: row.version }),

  withoutTime: (book, row, timeMs) => unguarded(book, row, timeMs, { updated_at: row.updated_at }),
};

/** Like faults, and right. */
export const lookAlikes: Readonly<Record<string, Deed>> = {
  auditByTicket: (book, row, timeMs) => {
    const at = timeMs + hours(1);
    book.approve(row, at);
    book.at(at, () => book.write(at, "none", (ms) => book.update(row, { amount: row.amount + STEP }, ms)));
    return true;
  },

  auditBulkApproved: (book, row, timeMs) => {
    const at = timeMs + hours(1);
    const rows = someRows(book, BULK_LIMIT + 2, OF_APPROVED);
    if (rows === undefined) return false;
    const columns = "account,version,updated_at";
    book.approve(row, at, { row_keys: keysOf(rows), columns, max_rows: BULK_LIMIT + 5 });
    book.at(at, () => book.write(at, "none", (statementMs) => rename(book, rows, statementMs)));
    return true;
  },

  /** As many rows at once as may be. */
  auditUpToLimit: (book, _row, timeMs) => {
    const rows = someRows(book, BULK_LIMIT);
    if (rows === undefined) return false;
    book.write(timeMs, "last", (statementMs) => rename(book, rows, statementMs));
    return true;
  },

  auditDdlBetween: (book, row, timeMs) => {
    book.write(timeMs, "first", (ms) => book.update(row, { amount: row.amount + STEP }, ms));
    book.at(timeMs + 500, () => book.alter(timeMs + 500));
    const later = timeMs + minutes(1);
    book.at(later, () => book.write(later, "first", (ms) => book.update(row, { amount: row.amount - STEP }, ms)));
    return true;
  },

  auditEmpty: (book, _row, timeMs) => {
    book.writeNothing(timeMs);
    return true;
  },

  /** The amount by one statement, what changes with it by the next. */
  auditTwoStatements: (book, row, timeMs) => {
    book.write(timeMs, "last", (statementMs) => {
      book.rows.update(row, { amount: row.amount + STEP }, statementMs - 4_000);
      book.rows.update(row, book.stamp(row, statementMs), statementMs);
    });
    return true;
  },

  /** Opened and settled again by one transaction: nobody else ever saw it open. */
  auditTakenBack: (book, row, timeMs) => {
    book.write(timeMs, "first", (statementMs) => {
      book.update(row, { status: "open" }, statementMs);
      book.update(row, { status: "settled" }, statementMs);
    });
    return true;
  },
};

function change(book: Book, row: BookRow, timeMs: number, note: string, cause = "unauthorised"): void {
  book.write(timeMs, "none", (statementMs) => book.update(row, { amount: row.amount + STEP }, statementMs));
  book.fault({ class: cause, currency: row.currency, atRisk: money(STEP), note });
}

function unguarded(book: Book, row: BookRow, timeMs: number, kept: Partial<BookRow>): boolean {
  const amount = row.amount + STEP;
  book.write(timeMs, "first", (statementMs) => book.update(row, { ...kept, amount }, statementMs));
  const note = `the amount without ${Object.keys(kept).join()}`;
  book.fault({ class: "unguarded-change", currency: row.currency, atRisk: money(STEP), note, ofRows: true });
  return true;
}

function rename(book: Book, rows: readonly BookRow[], statementMs: number): void {
  for (const row of rows) book.update(row, { account: `${row.account}'` }, statementMs);
}

function fault(book: Book, cause: string, note: string): void {
  book.fault({ class: cause, currency: "XXX", atRisk: "0", note });
}

/** Old rows that nothing is done to any more, by their numbers; undefined where there are not so many. */
function someRows(book: Book, count: number, first = 0): BookRow[] | undefined {
  const rows = book.plain.filter((row) => row.status === "settled").slice(first, first + count);
  return rows.length < count ? undefined : rows;
}

function keysOf(rows: readonly BookRow[]): string {
  return rows.map(({ id }) => id).join(",");
}

function money(hundredths: number): string {
  return formatDecimal(BigInt(hundredths), 2);
}
