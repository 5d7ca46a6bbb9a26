import type { SqlDatabase, SqlRow, SqlTransaction } from "./sql-database.ts";

/** Ids of payments begin here: far past 2^53, where doubles are 128 apart. */
const FIRST_PAYMENT_ID = 800_000_000_000_000_000n;
/** Ids that no payment has. */
const FIRST_UNKNOWN_ID = 900_000_000_000_000_000n;

/** A payments row as it is written; the rest is the database's. Amounts, here and below, are decimal text. */
export interface NewPayment {
  readonly paymentId: bigint;
  readonly merchant: number;
  readonly amount: string;
  readonly currency: string;
  readonly status: "created" | "authorized" | "captured";
  readonly capturedAt: string | null;
}

/** A refunds row as it is written. */
export interface NewRefund {
  readonly paymentId: bigint;
  readonly kind: "refund" | "reversal";
  readonly amount: string;
  readonly currency: string;
}

/** A settlement_lines row as it is written. */
export interface NewLine {
  readonly batch: string;
  readonly number: number;
  readonly paymentId: bigint;
  readonly kind: "sale" | "clawback" | "fee" | "adjustment";
  readonly net: string;
  readonly fee: string;
  readonly currency: string;
  readonly bookedAt: string;
}

/** The shop's two databases, and the statements that are run on them. */
export class SqlWorld {
  readonly shop: SqlDatabase;
  readonly ledger: SqlDatabase;
  readonly #firstOrder: number;
  /** Rows of captured payments whose unread columns any department may touch. */
  readonly touchable: bigint[] = [];

  /** `firstOrder` sets the orders of one run apart from those of another on the same tables. */
  constructor(shop: SqlDatabase, ledger: SqlDatabase, firstOrder: number) {
    this.shop = shop;
    this.ledger = ledger;
    this.#firstOrder = firstOrder;
  }

  paymentId(order: number): bigint {
    return FIRST_PAYMENT_ID + BigInt(this.#firstOrder + order);
  }

  unknownId(order: number): bigint {
    return FIRST_UNKNOWN_ID + BigInt(this.#firstOrder + order);
  }

  /** Name of a batch that one order has for itself. */
  batch(order: number, name: string): string {
    return `X-${this.#firstOrder + order}-${name}`;
  }

  /** Name of a batch that orders share. */
  sharedBatch(run: number): string {
    return `B-${this.#firstOrder}-${run}`;
  }
}

/** Inserts payments with one statement. Gives their ids, in order. */
export async function insertPayments(on: SqlTransaction, rows: readonly NewPayment[]): Promise<readonly bigint[]> {
  const places = rows.map(() => "(?, ?, ?, ?, ?, ?)").join(", ");
  const values = rows.flatMap((row) => {
    return [row.paymentId, row.merchant, row.amount, row.currency, row.status, row.capturedAt];
  });
  const into = "payments (payment_id, merchant_id, amount, currency, status, captured_at)";
  return idsOf(await on.run(`INSERT INTO ${into} VALUES ${places} RETURNING id`, values));
}

export async function insertRefund(on: SqlTransaction, row: NewRefund): Promise<bigint> {
  const { paymentId, kind, amount, currency } = row;
  const into = "refunds (payment_id, kind, amount, currency, status)";
  const rows = await on.run(`INSERT INTO ${into} VALUES (?, ?, ?, ?, 'requested') RETURNING id`, [
    paymentId,
    kind,
    amount,
    currency,
  ]);
  return idsOf(rows)[0]!;
}

/** Inserts lines with one statement. */
export async function insertLines(on: SqlTransaction, rows: readonly NewLine[]): Promise<void> {
  const places = rows.map((_, i) => `(${Array.from({ length: 8 }, (_, j) => `$${i * 8 + j + 1}`).join(", ")})`);
  const values = rows.flatMap((row) => {
    return [row.batch, row.number, row.paymentId, row.kind, row.net, row.fee, row.currency, row.bookedAt];
  });
  const into = "settlement_lines (batch_id, line_no, payment_id, kind, net, fee, currency, booked_at)";
  await on.run(`INSERT INTO ${into} VALUES ${places.join(", ")}`, values);
}

/** `2026-03-02 14:20:00.123`: a time as MariaDB's DATETIME has it, in UTC. */
export function dateTimeText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace("T", " ").slice(0, -1);
}

function idsOf(rows: readonly SqlRow[]): bigint[] {
  return rows.map(({ id }) => BigInt(id as bigint | number | string));
}
