import type { PlannedChange } from "../../refunds/purchase.ts";
import type { SqlTransaction, SqlValue } from "../sql-database.ts";
import { dateTimeText } from "../sql-world.ts";

const KEYS = { purchases: "purchase_no", charges: "charge_no", charge_refunds: "refund_no" } as const;

/** Runs the statement of a change. `times`: its columns that hold points in time, in epoch ms. */
export async function writeChange(
  on: SqlTransaction,
  { table, row, set }: PlannedChange,
  times: Readonly<Record<string, number>>,
): Promise<void> {
  if (table === "refund_bookings") {
    const { refund_no, amount, currency } = row as Record<string, SqlValue>;
    const values = [refund_no!, amount!, currency!, new Date(times.booked_at!).toISOString()];
    const into = "refund_bookings (refund_no, amount, currency, booked_at)";
    await on.run(`INSERT INTO ${into} VALUES ($1, $2, $3, $4)`, values);
    return;
  }
  const key = KEYS[table];
  const cells = { ...(set ?? row), ...textsOf(times, set ?? row) } as Record<string, SqlValue>;
  const names = Object.keys(cells);
  const values = Object.values(cells);
  if (set === null) {
    const places = names.map(() => "?").join(", ");
    await on.run(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`, values);
    return;
  }
  const assignments = names.map((name) => `${name} = ?`).join(", ");
  await on.run(`UPDATE ${table} SET ${assignments} WHERE ${key} = ?`, [
    ...values,
    (row as Record<string, string>)[key]!,
  ]);
}

/** Points in time as MariaDB takes them, of the columns that are written; `gmt_modified` always is. */
function textsOf(times: Readonly<Record<string, number>>, written: object): Record<string, string> {
  const own = Object.entries(times).filter(([name]) => name in written || name === "gmt_modified");
  return Object.fromEntries(own.map(([name, time]) => [name, dateTimeText(time)]));
}
