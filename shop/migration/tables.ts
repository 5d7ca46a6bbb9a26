import type { TableSpec } from "../captured-table.ts";
import { bigInt, dateTime, decimal, int, nullable, text, zonedTimestamp } from "../column-types.ts";

/** MariaDB, where accounts come from. Balances are unscaled, see `OLD_SCALE`; times are those of local clocks. */
export interface OldAccountRow {
  id: number;
  owner_name: string | null;
  /** 1 active, 2 frozen, 3 closed. */
  state: number;
  balance: number;
  currency: string;
  credit_limit: number | null;
  opened_at: number;
  branch: number;
  gmt_create: number;
  gmt_modified: number;
}

/** PostgreSQL, where they go to. Balances are unscaled, see `NEW_SCALE`. */
export interface NewAccountRow {
  /** `acc-<id>`. */
  account_id: string;
  legacy_id: number;
  owner_name: string;
  state: string;
  balance: number;
  currency: string;
  credit_limit: number;
  opened_at: string;
  /** What the old table never had. */
  tier: string;
  synced_at: string;
}

/** Digits after the point of amounts in the old table. */
export const OLD_SCALE = 3;
/** Digits after the point of amounts in the new table. */
export const NEW_SCALE = 4;

export const oldAccountsTable: TableSpec = {
  topic: "maria.shop.accounts",
  name: "accounts",
  partitions: 3,
  columns: [
    bigInt("id"),
    nullable(text("owner_name")),
    int("state"),
    decimal("balance", 14, OLD_SCALE),
    text("currency"),
    nullable(decimal("credit_limit", 14, OLD_SCALE)),
    dateTime("opened_at"),
    int("branch"),
    dateTime("gmt_create"),
    dateTime("gmt_modified"),
  ],
  key: ["id"],
  hasBefore: true,
};

export const newAccountsTable: TableSpec = {
  topic: "pg.public.accounts_v2",
  name: "accounts_v2",
  partitions: 3,
  columns: [
    text("account_id"),
    bigInt("legacy_id"),
    text("owner_name"),
    text("state"),
    decimal("balance", 18, NEW_SCALE),
    text("currency"),
    decimal("credit_limit", 18, NEW_SCALE),
    zonedTimestamp("opened_at"),
    text("tier"),
    zonedTimestamp("synced_at"),
  ],
  key: ["account_id"],
  hasBefore: true,
};
