import type { TableSpec } from "./captured-table.ts";
import { bigInt, dateTime, decimal, enumeration, int, nullable, text, zonedTimestamp } from "./column-types.ts";

/** MariaDB, one row per capture of a payment. Amounts are unscaled, see `PAYMENT_SCALE`. */
export interface PaymentRow {
  id: number;
  /** The business key: past 2^53, and neighbours differ by one, so that a double cannot tell them apart. */
  payment_id: bigint;
  merchant_id: number;
  amount: number;
  currency: string;
  status: "created" | "authorized" | "captured" | "failed";
  captured_at: number | null;
  created_at: number;
  /** Not in the log before the column is added. */
  risk_score: number | null;
}

/** MariaDB, one row per refund or reversal. */
export interface RefundRow {
  id: number;
  payment_id: bigint;
  kind: "refund" | "reversal";
  amount: number;
  currency: string;
  status: "requested" | "succeeded" | "failed";
  refunded_at: number | null;
}

/** PostgreSQL, what the acquirer settled. Amounts are unscaled, see `LINE_SCALE`. */
export interface LineRow {
  batch_id: string;
  line_no: number;
  payment_id: bigint;
  kind: "sale" | "clawback" | "fee" | "adjustment";
  net: number;
  fee: number;
  currency: string;
  booked_at: string;
}

/** The row that proves that time passes. */
export interface HeartbeatRow {
  id: number;
  beat: number;
}

/** Digits after the point in the columns of payments and refunds; minor units are coarser. */
export const PAYMENT_SCALE = 3;
/** Digits after the point in the columns of lines. */
export const LINE_SCALE = 4;

export const paymentsTable: TableSpec = {
  topic: "maria.shop.payments",
  name: "payments",
  partitions: 4,
  columns: [
    bigInt("id"),
    bigInt("payment_id"),
    int("merchant_id"),
    decimal("amount", 14, PAYMENT_SCALE),
    text("currency"),
    enumeration("status", "created", "authorized", "captured", "failed"),
    nullable(dateTime("captured_at")),
    dateTime("created_at"),
  ],
  key: ["id"],
  hasBefore: true,
};

/** What payments get mid-stream. */
export const riskScore = nullable(int("risk_score"));

export const refundsTable: TableSpec = {
  topic: "maria.shop.refunds",
  name: "refunds",
  partitions: 2,
  columns: [
    bigInt("id"),
    bigInt("payment_id"),
    text("kind"),
    decimal("amount", 14, PAYMENT_SCALE),
    text("currency"),
    enumeration("status", "requested", "succeeded", "failed"),
    nullable(dateTime("refunded_at")),
  ],
  key: ["id"],
  hasBefore: true,
};

export const linesTable: TableSpec = {
  topic: "pg.public.settlement_lines",
  name: "settlement_lines",
  partitions: 4,
  columns: [
    text("batch_id"),
    int("line_no"),
    bigInt("payment_id"),
    text("kind"),
    decimal("net", 18, LINE_SCALE),
    decimal("fee", 18, LINE_SCALE),
    text("currency"),
    zonedTimestamp("booked_at"),
  ],
  key: ["batch_id", "line_no"],
  hasBefore: true,
};

/** The heartbeat table of either database. Debezium updates its row by `heartbeat.action.query`. */
export function heartbeatTable(topic: string, hasBefore: boolean): TableSpec {
  return { topic, name: "heartbeat", partitions: 1, columns: [int("id"), bigInt("beat")], key: ["id"], hasBefore };
}
