import type { TableSpec } from "../captured-table.ts";
import { bigInt, dateTime, decimal, enumeration, int, text, zonedTimestamp } from "../column-types.ts";

/** What both audited tables hold. Amounts are in hundredths. */
export interface BookRow {
  id: number;
  account: string;
  amount: number;
  currency: string;
  status: "open" | "posted" | "settled";
  version: number;
  /** As the table's database has it. */
  updated_at: number | string;
}

/** Who writes, and why: in the transaction that it is about. */
export interface ContextRow {
  id: number;
  who: string;
  why: string;
}

/** An approved ticket: which rows and columns may be written, when, how many at once. `*` stands for all. */
export interface ApprovalRow {
  ticket: string;
  table_name: string;
  row_keys: string;
  columns: string;
  valid_from: string;
  valid_to: string;
  max_rows: number;
}

const context = [bigInt("id"), text("who"), text("why")];

/** The ledger, in PostgreSQL under the default replica identity: updates come without the former row. */
export const entriesTable: TableSpec = {
  topic: "pg.public.ledger_entries",
  name: "ledger_entries",
  partitions: 2,
  columns: [
    bigInt("id"),
    text("account"),
    decimal("amount", 14, 2),
    text("currency"),
    text("status"),
    int("version"),
    zonedTimestamp("updated_at"),
  ],
  key: ["id"],
  hasBefore: false,
};

/** What merchants may owe, in MariaDB. */
export const limitsTable: TableSpec = {
  topic: "maria.shop.credit_limits",
  name: "credit_limits",
  partitions: 2,
  columns: [
    bigInt("id"),
    text("account"),
    decimal("amount", 14, 2),
    text("currency"),
    enumeration("status", "open", "posted", "settled"),
    int("version"),
    dateTime("updated_at"),
  ],
  key: ["id"],
  hasBefore: true,
};

export const ledgerContextTable: TableSpec = {
  topic: "pg.public.ledger_context",
  name: "ledger_context",
  partitions: 2,
  columns: context,
  key: ["id"],
  hasBefore: true,
};

export const limitsContextTable: TableSpec = {
  topic: "maria.shop.limits_context",
  name: "limits_context",
  partitions: 2,
  columns: context,
  key: ["id"],
  hasBefore: true,
};

export const approvalsTable: TableSpec = {
  topic: "pg.public.approvals",
  name: "approvals",
  partitions: 1,
  columns: [
    text("ticket"),
    text("table_name"),
    text("row_keys"),
    text("columns"),
    zonedTimestamp("valid_from"),
    zonedTimestamp("valid_to"),
    int("max_rows"),
  ],
  key: ["ticket"],
  hasBefore: true,
};
