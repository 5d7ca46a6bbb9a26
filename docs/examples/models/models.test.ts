import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Model } from "countercheck";
import { testJob } from "countercheck/testing";
import { describe, expect, it } from "vitest";
import { unpackCurrency } from "../../../base/money.ts";
import { modelsOf } from "../../../dataflow/graph.ts";
import { stagelessIn } from "../../../dataflow/whole-rows.ts";
import { FolderRegistry } from "../../../schemas/folder-registry.ts";
import { InventedTable, readAll, sampleSource, TemporaryLog } from "../../../test/support/debezium-harness.ts";
import collected, { Payment as Collected, Line as CollectedLine } from "./collect.ts";
import derived, { Booking, Invoice } from "./derive.ts";
import { Line } from "./money.ts";
import { Payment as Several } from "./tables.ts";
import { Order } from "./times.ts";
import { Payment } from "./values.ts";
import settled, { Line as SettledLine, Payment as Whole } from "./whole-rows.ts";

const decimal = (scale: number) => ({ type: "bytes", logicalType: "decimal", scale, precision: 18 });
const timestamp = { type: "long", "connect.name": "io.debezium.time.Timestamp" };

/** What a model makes of rows of a table, by the table's own columns; what cannot be read comes as its fault. */
async function read(model: Model, name: string, columns: object, rows: readonly Record<string, unknown>[]) {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const [source] = model.from.flatMap(({ source, table }) => (table === name ? [source] : []));
  const invented = new InventedTable(registry, name, { id: "int", ...columns });
  const messages = [];
  for (const [id, row] of rows.entries()) messages.push(await invented.message("c", { id, ...row }));
  log.write(messages);
  const tables = { [name]: { topic: name } };
  const reader = log.reader(sampleSource("mariadb", { name: source!, tables }), [model], registry);
  const output = await readAll(reader);
  reader.close();
  const all: unknown[] = [];
  for (const row of output.rows(model)) all[row.$offset as number] = fieldsOf(model, row);
  for (const { offset, message } of output.faults) all[offset] = message;
  return all;
}

function fieldsOf({ fields }: Model, row: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { kind }]) => {
      if (kind !== "money") return [name, row[name]];
      return [name, `${row[name]} ${unpackCurrency(row[`${name}.currency`] as number)}`];
    }),
  );
}

describe("docs/reference/models.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../reference/models.md"), "utf8");
  const shown = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);

  it.each(["values", "money", "times", "tables", "derive", "collect", "whole-rows"])("shows %s.ts", (name) => {
    expect(shown).toContain(readFileSync(resolve(import.meta.dirname, `${name}.ts`), "utf8"));
  });

  it("values: what the table calls them, what all others are, and what stands for null", async () => {
    const columns = { payment_id: "string", state: "int", method: "string", channel: ["null", "string"] };
    const rows = await read(Payment, "payments", columns, [
      { payment_id: "P1", state: 2, method: "CC", channel: { string: "app" } },
      { payment_id: "P2", state: 1, method: "PP", channel: null },
      { payment_id: "P3", state: 9, method: "CC", channel: null },
    ]);
    expect(rows).toEqual([
      { paymentId: "'P1", status: "captured", method: "card", channel: "app" },
      { paymentId: "'P2", status: "created", method: "other", channel: "web" },
      expect.stringContaining("Column state holds 9, which the mapping has no name for."),
    ]);
  });

  it("money: decimals, integers of minor units, a currency of all rows or of a column", async () => {
    const columns = {
      payment_no: "long",
      gross: decimal(2),
      currency: "string",
      fee_cents: "int",
      share: "long",
      net: decimal(4),
      payout_currency: "string",
    };
    const row = { payment_no: 7n, gross: Buffer.of(0x04, 0xd2), currency: "USD", fee_cents: 35, share: 12_345_678n };
    const rows = await read(Line, "lines", columns, [{ ...row, net: Buffer.of(0x30, 0x39), payout_currency: "CHF" }]);
    expect(rows).toEqual([{ paymentId: "7", gross: "1234 USD", fee: "35 EUR", share: "1235 EUR", net: "12345 CHF" }]);
  });

  it("times: by the type of their column, or by the unit that is said", async () => {
    const columns = { order_id: "int", ordered_at: timestamp, gmt_modified: "long" };
    const rows = await read(Order, "orders", columns, [
      { order_id: 1, ordered_at: 1_700_000_000_123n, gmt_modified: 1_700_000_000n },
    ]);
    expect(rows).toEqual([{ orderId: "1", orderedAt: 1_700_000_000_123, paidAt: 1_700_000_000_000 }]);
  });

  it("tables: two databases that call the same things otherwise", async () => {
    const now = {
      payment_id: "string",
      amount: decimal(2),
      currency: "string",
      status: "string",
      captured_at: timestamp,
    };
    const old = { order_no: "string", amt_cents: "long", state: "int", gmt_paid: "long" };
    const payment = { paymentId: "'P1", amount: "1999 EUR", status: "captured", capturedAt: 1_700_000_000_000 };
    const amount = Buffer.of(0x07, 0xcf);
    expect(
      await read(Several, "payments", now, [
        { payment_id: "P1", amount, currency: "EUR", status: "CAPTURED", captured_at: 1_700_000_000_000n },
      ]),
    ).toEqual([payment]);
    expect(
      await read(Several, "pay_order", old, [{ order_no: "P1", amt_cents: 1999n, state: 1, gmt_paid: 1_700_000_000n }]),
    ).toEqual([payment]);
  });

  it("derive: a function makes what the table does not say", () => {
    const H = 3_600_000;
    const driver = testJob(derived)
      .upsert(Invoice, 1, { at: H }, { reference: "INV-7", net: "10.00 EUR", vat: "1.90 EUR", issuedAt: H })
      .upsert(Invoice, 2, { at: H }, { reference: "INV-8", net: "5.00 EUR", vat: null, issuedAt: H })
      .upsert(Booking, 1, { at: 2 * H }, { orderId: 7, amount: "11.90 EUR" })
      .advance(30 * H);
    expect(driver.alerts()).toMatchObject([{ key: "8", class: "missing", atRisk: "5.00" }]);
  });

  it("collect: conditions first, then the sample, then the function", () => {
    const H = 3_600_000;
    const driver = testJob(collected);
    const row = { status: "captured", channel: "web", amount: "10.00 EUR", note: null } as const;
    for (let paymentId = 0; paymentId < 100; paymentId++) {
      driver.upsert(Collected, paymentId, { at: H }, { ...row, paymentId });
      if (paymentId >= 50) driver.upsert(CollectedLine, paymentId, { at: H }, { paymentId, net: "10.00 EUR" });
    }
    driver
      .upsert(Collected, 200, { at: H }, { ...row, paymentId: 200, status: "created" })
      .upsert(Collected, 201, { at: H }, { ...row, paymentId: 201, channel: "test" })
      .upsert(Collected, 202, { at: H }, { ...row, paymentId: 202, amount: "9.99 EUR" })
      .upsert(Collected, 203, { at: H }, { ...row, paymentId: 203, note: "Test of the till" })
      .advance(30 * H);
    const alerted = driver.alerts().map(({ key }) => Number(key));
    expect(alerted.every((key) => key < 50)).toBe(true);
    expect(alerted.length).toBeGreaterThan(15);
    expect(alerted.length).toBeLessThan(35);
  });

  it("whole rows: no row is kept, and a line that is booked for another payment is taken from its first", () => {
    const H = 3_600_000;
    const graph = settled.graph();
    expect(modelsOf(graph).map((model) => [...stagelessIn(graph)(model)])).toEqual([[0, 1], [0]]);
    const paid = { status: "captured", amount: "10.00 EUR" } as const;
    const driver = testJob(settled)
      .upsert(Whole, 1, { at: H }, { ...paid, paymentId: 1 })
      .upsert(Whole, 2, { at: H }, { ...paid, paymentId: 2 })
      .upsert(SettledLine, 1, { at: 2 * H }, { paymentId: 1, net: "10.00 EUR" })
      .upsert(SettledLine, 1, { at: 3 * H }, { paymentId: 2, net: "10.00 EUR" })
      .advance(30 * H);
    expect(driver.alerts()).toMatchObject([{ key: "1", class: "missing", atRisk: "10.00" }]);
  });
});
