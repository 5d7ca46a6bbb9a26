import { setTimeout as sleep } from "node:timers/promises";
import type { RealShop } from "./real-shop.ts";

/** What the models do not mind, in MariaDB: one statement after the other. */
const HARMLESS_IN_SHOP = [
  "ALTER TABLE payments ADD COLUMN risk_score INT NULL",
  // Wider: a column that no model reads, and two that one reads.
  "ALTER TABLE payments MODIFY merchant_id BIGINT NOT NULL",
  "ALTER TABLE payments MODIFY amount DECIMAL(18, 3) NOT NULL",
  "ALTER TABLE payments MODIFY currency VARCHAR(8) NOT NULL",
  // Another type altogether, of a column that no model reads.
  "ALTER TABLE payments MODIFY merchant_id VARCHAR(24) NOT NULL",
  "ALTER TABLE payments DROP COLUMN created_at",
  // Another type of a key that is read: an integer all the same.
  "ALTER TABLE payments MODIFY payment_id DECIMAL(20, 0) NOT NULL",
  // Another scale of an amount that is read.
  "ALTER TABLE refunds MODIFY amount DECIMAL(17, 5) NOT NULL",
] as const;

/** The same in PostgreSQL. */
const HARMLESS_IN_LEDGER = [
  "ALTER TABLE settlement_lines ADD COLUMN note text NOT NULL DEFAULT 'none'",
  "ALTER TABLE settlement_lines ALTER COLUMN kind TYPE varchar(40)",
  "ALTER TABLE settlement_lines ALTER COLUMN currency TYPE varchar(8)",
  "ALTER TABLE settlement_lines ALTER COLUMN net TYPE numeric(20, 6)",
  "ALTER TABLE settlement_lines ALTER COLUMN note DROP DEFAULT, ALTER COLUMN note DROP NOT NULL, ALTER COLUMN note TYPE int USING 7",
  "ALTER TABLE settlement_lines DROP COLUMN note",
  "ALTER TABLE settlement_lines ALTER COLUMN payment_id TYPE numeric(20, 0)",
  // A column of the primary key: rows come by other partitions than before.
  "ALTER TABLE settlement_lines ALTER COLUMN line_no TYPE bigint",
] as const;

/** Alters the tables of both databases again and again, while orders come in. */
export async function alterHarmlessly(real: RealShop, everyMs: number): Promise<void> {
  for (let i = 0; i < HARMLESS_IN_SHOP.length; i++) {
    await sleep(everyMs);
    await real.alterShop(HARMLESS_IN_SHOP[i]!);
    if (i < HARMLESS_IN_LEDGER.length) await real.alterLedger(HARMLESS_IN_LEDGER[i]!);
  }
}
