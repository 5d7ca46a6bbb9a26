import { describe, expect, it } from "vitest";
import { compositeKey, keyOf } from "../../base/key.ts";
import { flag, id, instant, integer, type Model, model, money, table, text } from "../../dataflow/model.ts";
import {
  type Decoded,
  decodedOf,
  type Recorder,
  readAll,
  replay,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";
import type { DatabaseKind } from "./config.ts";

const KINDS: DatabaseKind[] = ["mariadb", "postgresql"];

function modelsOf(kind: DatabaseKind) {
  const payment = model("Payment", {
    from: table(kind, "payments"),
    fields: {
      id: id(),
      merchantId: integer(),
      amount: money({ scale: 2 }),
      status: text(),
      description: text(),
      isTest: flag(),
      meta: text(),
      createdAt: instant(),
      updatedAt: instant(),
    },
  });
  const refund = model("Refund", {
    from: table(kind, "refunds"),
    fields: { paymentId: id(), amount: money({ currency: "EUR" }), reason: text(), requestedAt: instant() },
  });
  const line = model("SettlementLine", {
    from: table(kind, "settlements"),
    fields: {
      settlementId: id(),
      lineNo: integer(),
      paymentId: id(),
      net: money({ column: "net_amount", currency: "EUR", scale: 4 }),
      fee: money({ currency: "EUR", scale: 2, rounding: "halfEven" }),
      settledOn: instant(),
    },
  });
  return { payment, refund, line };
}

type Columns = Readonly<Record<string, unknown>>;

/** What each model's fields must be, straight from the decoded row. */
const TRUTH: Record<string, (row: Columns) => Record<string, unknown>> = {
  payments: (row) => ({
    id: `${row.id}`,
    merchantId: BigInt(row.merchant_id as number),
    amount: unscaled(row.amount),
    "amount.currency": packed(row.currency as string),
    status: row.status,
    description: row.description,
    isTest: row.is_test === 1 || row.is_test === true,
    meta: row.meta,
    createdAt: Number(row.created_at),
    updatedAt: Date.parse((row.updated_at as string).replace(/(\.\d{3})\d+/, "$1")),
  }),
  refunds: (row) => ({
    paymentId: `${row.payment_id}`,
    amount: unscaled(row.amount),
    "amount.currency": packed("EUR"),
    reason: row.reason === "__debezium_unavailable_value" ? null : row.reason,
    requestedAt: Number(row.requested_at),
  }),
  settlements: (row) => ({
    settlementId: `'${row.settlement_id}`,
    lineNo: BigInt(row.line_no as number),
    paymentId: `${row.payment_id}`,
    net: unscaled(row.net_amount),
    "net.currency": packed("EUR"),
    fee: row.fee === null ? null : BigInt(Math.round((row.fee as number) * 100)),
    "fee.currency": row.fee === null ? null : packed("EUR"),
    settledOn: (row.settled_on as number) * 86_400_000,
  }),
};

function unscaled(hex: unknown): bigint {
  const digits = (hex as string).slice(2);
  return BigInt.asIntN(digits.length * 4, BigInt(`0x${digits}`));
}

function packed(code: string): number {
  return code.charCodeAt(0) | (code.charCodeAt(1) << 8) | (code.charCodeAt(2) << 16);
}

/** The rows that a table's messages must become. */
function expected(kind: DatabaseKind, name: string, only: (message: Decoded) => boolean): Record<string, unknown>[] {
  const messages = decodedOf(kind).filter(
    ({ topic, value }) => topic.endsWith(name) && value !== null && value.op !== "t",
  );
  const nothing = Object.fromEntries(
    Object.keys(TRUTH[name]!(messages[0]!.value!.after!)).map((field) => [field, null]),
  );
  return messages.filter(only).map((message) => {
    const { op, after, source } = message.value!;
    const time = Number(source.ts_ms);
    const keys = Object.entries(message.key!).map(([field, part]) =>
      keyOf(field.endsWith("id") && /^\d+$/.test(`${part}`) ? BigInt(part as string) : (part as string | number)),
    );
    const lsn = BigInt((source.lsn as string | undefined) ?? 0);
    return {
      $kind: op.charCodeAt(0),
      $time: op === "r" ? Number.NEGATIVE_INFINITY : time,
      $seed: op === "r" ? time : null,
      $row: compositeKey(keys),
      $major: kind === "mariadb" ? 1 : Number(lsn >> 32n),
      $minor: kind === "mariadb" ? Number(source.pos) : Number(lsn & 0xffffffffn),
      $sub: kind === "mariadb" ? source.row : 0,
      $table: 0,
      $absent: after?.reason === "__debezium_unavailable_value" ? 4 : 0,
      $offset: message.offset,
      ...(after === null ? nothing : TRUTH[name]!(after)),
    };
  });
}

describe.each(KINDS)("the captured messages of %s", (kind) => {
  const { payment, refund, line } = modelsOf(kind);

  async function all(maxBytes?: number): Promise<Recorder> {
    using log = new TemporaryLog();
    log.write(samplesOf(kind), 1_800_000_000_000);
    const reader = log.reader(sampleSource(kind), [payment, refund, line]);
    const output = await readAll(reader, maxBytes);
    reader.close();
    return output;
  }

  it("become exactly the rows that avsc reads", async () => {
    const output = await all();
    expect(output.rows(payment)).toEqual(expected(kind, "payments", () => true));
    expect(output.rows(refund)).toEqual(expected(kind, "refunds", () => true));
    expect(output.faults).toEqual([]);
  });

  it("are handed out in chunks as in one go", async () => {
    const [whole, parts] = [await all(), await all(500)];
    for (const each of [payment, refund, line]) expect(parts.rows(each)).toEqual(whole.rows(each));
  });

  it("break the settlement line where its fee becomes text, and only from there on", async () => {
    const output = await all();
    const messages = decodedOf(kind).filter(({ topic }) => topic.endsWith("settlements"));
    const broken = messages.find(({ value }) => typeof value?.after?.fee === "string")!;
    expect(output.rows(line)).toEqual(expected(kind, "settlements", ({ offset }) => offset < broken.offset));
    const [change] = output.suspensions.filter(({ cause }) => cause === "breaking-change");
    expect(change).toMatchObject({
      id: `${broken.topic}/0/${broken.offset}/SettlementLine`,
      source: kind,
      table: "settlements",
      models: ["SettlementLine"],
      time: Number(broken.value!.source.ts_ms),
    });
    expect(change!.message).toContain("fee of table settlements is string");
  });

  it("keep a model going that does not read the column which broke", async () => {
    const net = model("Net", { from: table(kind, "settlements"), fields: { paymentId: id() } });
    const messages = samplesOf(kind).filter(({ topic }) => topic.endsWith("settlements"));
    const output = await replay(sampleSource(kind), [line, net], messages);
    expect(output.rows(net).length).toBe(messages.filter(({ value }) => value !== null).length);
    expect(output.suspensions).toMatchObject([{ models: ["SettlementLine"] }]);
  });

  it("say how far each split was read, after what was read", async () => {
    const { events } = await all();
    const proofs = events.filter(
      (event) => event.type === "progress" || event.type === "seeded" || event.type === "ended",
    );
    const times = (name: string, isSeed: boolean) =>
      decodedOf(kind)
        .filter(({ topic, value }) => topic.endsWith(name) && value !== null && (value.op === "r") === isSeed)
        .map(({ value }) => Number(value!.source.ts_ms));
    const wanted = ["payments", "refunds", "settlements"].flatMap((name, split) => [
      { type: "seeded", split, time: Math.max(...times(name, true)) },
      { type: "progress", split, time: Math.max(...times(name, false)) },
      { type: "ended", split, time: 1_800_000_000_000 },
    ]);
    expect(proofs).toEqual(wanted);
    expect(events.findIndex((event) => event.type === "seeded")).toBeGreaterThan(0);
  });

  it("make amounts faults that are finer than their currency, and let the others pass", async () => {
    const strict = model("Strict", { from: table(kind, "payments"), fields: { id: id(), amount: money() } });
    const messages = samplesOf(kind).filter(({ topic }) => topic.endsWith("payments"));
    const output = await replay(sampleSource(kind), [strict], messages);
    const fine = (row: Columns) => row.currency === "JPY" && unscaled(row.amount) % 100n !== 0n;
    const changes = decodedOf(kind).filter(({ topic, value }) => topic.endsWith("payments") && value !== null);
    const bad = changes.filter(({ value }) => value!.after !== null && fine(value!.after));
    expect(bad.length).toBeGreaterThan(0);
    expect(output.faults.map(({ offset }) => offset)).toEqual(bad.map(({ offset }) => offset));
    expect(new Set(output.faults.map(({ code }) => code))).toEqual(new Set(["MONEY_OUT_OF_SCALE"]));
    expect(output.faults[0]!.fields).toEqual({ Strict: { id: `${bad[0]!.key!.id}` } });
    expect(output.rows(strict).map((row) => row.$offset)).toEqual(
      changes.filter((change) => !bad.includes(change)).map(({ offset }) => offset),
    );
  });
});

describe("a TRUNCATE", () => {
  it("suspends every model of the table and retracts nothing", async () => {
    const { refund } = modelsOf("postgresql");
    const other: Model = model("Other", { from: table("postgresql", "refunds"), fields: { id: id() } });
    const messages = samplesOf("postgresql").filter(({ topic }) => topic === "pg.public.refunds");
    const output = await replay(sampleSource("postgresql"), [refund, other], messages);
    const truncate = decodedOf("postgresql").find(({ value }) => value?.op === "t")!;
    expect(output.suspensions).toMatchObject([
      {
        id: `pg.public.refunds/0/${truncate.offset}`,
        cause: "truncate",
        models: ["Refund", "Other"],
        time: Number(truncate.value!.source.ts_ms),
      },
    ]);
    const types = output.events.map(({ type }) => type);
    expect(types).toEqual(["schema", "changes", "changes", "suspend", "seeded", "progress"]);
  });
});

describe("a change of a primary key", () => {
  it("is a delete of one row and a create of another, at one time and position", async () => {
    const { payment } = modelsOf("mariadb");
    const messages = samplesOf("mariadb").filter(({ topic }) => topic === "maria.shop.payments");
    const rows = (await replay(sampleSource("mariadb"), [payment], messages)).rows(payment);
    const old = rows.findIndex(({ $row, $kind }) => $row === "2002" && $kind === 100);
    expect(rows[old]).toMatchObject({ id: null, amount: null, "amount.currency": null });
    expect(rows[old + 1]).toMatchObject({
      $kind: 99,
      $row: "3002",
      $time: rows[old]!.$time,
      $minor: rows[old]!.$minor,
    });
  });
});
