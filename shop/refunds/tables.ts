import type { TableSpec } from "../captured-table.ts";
import { bigInt, dateTime, int, nullable, text, zonedTimestamp } from "../column-types.ts";

/** States of a charge, as its column has them. */
export const CHARGE = { created: 0, captured: 1, failed: 2, reversed: 3 } as const;
/** States of a refund, as its column has them. */
export const REFUND = { requested: 0, inFlight: 1, succeeded: 2, failed: 3, reversed: 4 } as const;

/** The desk's tables: the bookings are PostgreSQL's, the others MariaDB's. */
export type DeskTableName = "purchases" | "charges" | "charge_refunds" | "refund_bookings";

/** MariaDB, what a buyer owes: an intent to pay. Amounts of this company are minor units. */
export interface PurchaseRow {
  purchase_no: string;
  buyer_no: string;
  due_amount: number;
  currency: string;
  gmt_create: number;
  gmt_modified: number;
}

/** MariaDB, an attempt to have a purchase paid; several may share it. */
export interface ChargeRow {
  charge_no: string;
  purchase_no: string;
  status: number;
  amount: number;
  currency: string;
  gmt_create: number;
  gmt_modified: number;
}

/** MariaDB, a request to give money of a charge back. */
export interface ChargeRefundRow {
  refund_no: string;
  charge_no: string;
  /** The caller's key: the same request has the same one, however often it is sent. */
  request_no: string;
  reason: string;
  /** What the channel was told that it is for. */
  channel_ref: string;
  /** What the channel calls it; unknown before it is done. */
  channel_no: string | null;
  status: number;
  amount: number;
  currency: string;
  gmt_create: number;
  /** When it succeeded or failed. */
  gmt_finish: number | null;
  gmt_modified: number;
}

/** PostgreSQL, the ledger's booking of a refund. */
export interface BookingRow {
  /** From a sequence, when it is inserted. */
  booking_id: number;
  refund_no: string;
  amount: number;
  currency: string;
  booked_at: string;
}

export const purchasesTable: TableSpec = {
  topic: "maria.shop.purchases",
  name: "purchases",
  partitions: 2,
  columns: [
    text("purchase_no"),
    text("buyer_no"),
    bigInt("due_amount"),
    text("currency"),
    dateTime("gmt_create"),
    dateTime("gmt_modified"),
  ],
  key: ["purchase_no"],
  hasBefore: true,
};

export const chargesTable: TableSpec = {
  topic: "maria.shop.charges",
  name: "charges",
  partitions: 3,
  columns: [
    text("charge_no"),
    text("purchase_no"),
    int("status"),
    bigInt("amount"),
    text("currency"),
    dateTime("gmt_create"),
    dateTime("gmt_modified"),
  ],
  key: ["charge_no"],
  hasBefore: true,
};

export const chargeRefundsTable: TableSpec = {
  topic: "maria.shop.charge_refunds",
  name: "charge_refunds",
  partitions: 2,
  columns: [
    text("refund_no"),
    text("charge_no"),
    text("request_no"),
    text("reason"),
    text("channel_ref"),
    nullable(text("channel_no")),
    int("status"),
    bigInt("amount"),
    text("currency"),
    dateTime("gmt_create"),
    nullable(dateTime("gmt_finish")),
    dateTime("gmt_modified"),
  ],
  key: ["refund_no"],
  hasBefore: true,
};

export const bookingsTable: TableSpec = {
  topic: "pg.public.refund_bookings",
  name: "refund_bookings",
  partitions: 2,
  columns: [bigInt("booking_id"), text("refund_no"), bigInt("amount"), text("currency"), zonedTimestamp("booked_at")],
  key: ["booking_id"],
  hasBefore: false,
};
