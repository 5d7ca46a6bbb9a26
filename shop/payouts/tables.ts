import type { TableSpec } from "../captured-table.ts";
import { bigInt, decimal, nullable, text, zonedTimestamp } from "../column-types.ts";
import { LINE_SCALE } from "../tables.ts";

/** PostgreSQL, one row per payment of a settlement batch to the bank. Amounts are unscaled, as those of lines. */
export interface PayoutRow {
  id: number;
  batch_id: string;
  amount: number;
  currency: string;
  status: "sent" | "paid" | "failed" | "cancelled";
  paid_at: string | null;
}

/** The table has PostgreSQL's default replica identity: updates come without the row's former image. */
export const payoutsTable: TableSpec = {
  topic: "pg.public.payouts",
  name: "payouts",
  partitions: 2,
  columns: [
    bigInt("id"),
    text("batch_id"),
    decimal("amount", 18, LINE_SCALE),
    text("currency"),
    text("status"),
    nullable(zonedTimestamp("paid_at")),
  ],
  key: ["id"],
  hasBefore: false,
};
