import { describe, expect, it } from "vitest";
import { type Field, flag, id, instant, integer, model, money, number, table, text } from "../../dataflow/model.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import {
  InventedTable,
  type Recorder,
  readAll,
  sampleSource,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";

const PLACEHOLDER = "__debezium_unavailable_value";
const optional = (type: unknown) => ["null", type];
const connect = (type: string, name: string) => ({ type, "connect.name": name });

/** Reads one field from a column `value` of an Avro type; the value of each row, or what its fault says. */
async function read(
  field: Field,
  type: unknown,
  values: readonly unknown[],
  currencies: { readonly type: unknown; readonly codes: readonly unknown[] } = { type: "string", codes: [] },
): Promise<unknown[]> {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const things = new InventedTable(registry, "things", { id: "int", value: type, currency: currencies.type });
  const messages = [];
  for (const [id, value] of values.entries()) {
    const currency = id < currencies.codes.length ? currencies.codes[id] : "EUR";
    messages.push(await things.message("c", { id, value, currency }));
  }
  log.write(messages);
  const thing = model("Thing", { from: table("db", "things"), fields: { value: field } });
  const source = sampleSource("mariadb", { name: "db", tables: { things: { topic: "things" } } });
  const reader = log.reader(source, [thing], registry);
  try {
    return results(await readAll(reader), values.length);
  } finally {
    reader.close();
  }
}

function results(output: Recorder, count: number): unknown[] {
  const all: unknown[] = new Array(count);
  for (const event of output.events) {
    if (event.type === "changes") for (const row of event.rows) all[row.$offset as number] = row.value;
    if (event.type === "fault") all[event.fault.offset] = event.fault.message;
  }
  return all;
}

const status = text({ values: { 1: "captured", 2: "failed", "-1": "void" } });
const fault = (value: string) =>
  `Column value holds ${value}, which the mapping has no name for. Add it to the field's \`values\`, or say with \`otherwise\` what all others are called.`;

describe("text by the values of its column", () => {
  it("names integers of any width; one without a name is a fault of its record", async () => {
    expect(await read(status, "int", [1, 2, -1, 3])).toEqual(["captured", "failed", "void", fault("3")]);
    expect(await read(status, "long", [2n, 1n, 2n ** 63n - 1n])).toEqual([
      "failed",
      "captured",
      fault("9223372036854775807"),
    ]);
    const farApart = text({ values: { "9007199254740992": "even", "9007199254740993": "odd" } });
    expect(await read(farApart, "long", [2n ** 53n + 1n, 2n ** 53n])).toEqual(["odd", "even"]);
  });

  it("names strings and enums", async () => {
    const state = text({ values: { PAID: "captured", ERR: "failed", "": "none" } });
    expect(await read(state, "string", ["PAID", "PAID", "ERR", "", "paid"])).toEqual([
      "captured",
      "captured",
      "failed",
      "none",
      fault('"paid"'),
    ]);
    const kind = { type: "enum", name: "E", symbols: ["PAID", "ERR", "NEW"] };
    expect(await read(state, kind, ["ERR", "NEW"])).toEqual(["failed", fault('"NEW"')]);
  });

  it("calls all others what `otherwise` says, and leaves null null", async () => {
    const coarse = text({ values: { 1: "captured" }, otherwise: "open" });
    expect(await read(coarse, optional("int"), [{ int: 1 }, { int: 9 }, null])).toEqual(["captured", "open", null]);
    const state = text({ values: { PAID: "captured" }, otherwise: "open" });
    expect(await read(state, "string", ["NEW", "PAID", "NEW"])).toEqual(["open", "captured", "open"]);
  });

  it("leaves to the row stage what Debezium left out", async () => {
    const state = text({ values: { PAID: "captured" }, otherwise: "open", default: "none" });
    expect(await read(state, optional("string"), [{ string: PLACEHOLDER }, null])).toEqual([null, "none"]);
  });

  it.each([
    ["double", 1.5],
    ["boolean", true],
    [connect("int", "io.debezium.time.Date"), 5],
  ])("is not read from %j", async (type, value) => {
    await expect(read(status, type, [value])).rejects.toMatchObject({
      code: "MODEL_TYPE_MISMATCH",
      message: expect.stringContaining("string, enum, int or long, as it has `values`"),
    });
  });
});

describe("a default", () => {
  it.each<[string, Field, unknown, unknown, unknown]>([
    ["text", text({ default: "web" }), "string", "app", "web"],
    ["an integer", integer({ default: -(2n ** 63n) }), "long", 5n, -(2n ** 63n)],
    ["a number", number({ default: 0.5 }), "double", 2.5, 0.5],
    ["a flag", flag({ default: true }), "boolean", false, true],
    ["a name", text({ values: { 1: "captured" }, default: "new" }), "int", 1, "new"],
  ])("stands for null in %s, and for nothing else", async (_, field, type, value, wanted) => {
    const branch = { [type as string]: value };
    const kept = type === "int" ? "captured" : type === "boolean" ? 0 : value;
    const stands = wanted === true ? 1 : wanted;
    expect(await read(field, optional(type), [branch, null, branch])).toEqual([kept, stands, kept].map(asRead));
    function asRead(each: unknown) {
      return type === "boolean" ? each === 1 : each;
    }
  });
});

describe("an instant from an integer", () => {
  it("counts in the unit that the mapping says", async () => {
    expect(await read(instant({ unit: "s" }), "long", [1_700_000_000n, -1n])).toEqual([1_700_000_000_000, -1_000]);
    expect(await read(instant({ unit: "ms" }), "long", [1_700_000_000_123n])).toEqual([1_700_000_000_123]);
    expect(await read(instant({ unit: "us" }), "long", [1_700_000_000_123_999n, -1n])).toEqual([1_700_000_000_123, -1]);
    expect(await read(instant({ unit: "s" }), "int", [1_700_000_000])).toEqual([1_700_000_000_000]);
    expect(await read(instant({ unit: "s" }), optional("int"), [null])).toEqual([null]);
    expect(await read(instant({ unit: "s" }), "long", [2n ** 62n])).toEqual([
      expect.stringContaining("which lies past the year 275760"),
    ]);
  });

  it("is refused without a unit, and with one where the type has its own", async () => {
    await expect(read(instant(), "long", [1n])).rejects.toMatchObject({
      message: expect.stringContaining('int or long with a unit, as in instant({ unit: "ms" })'),
    });
    const timestamp = connect("long", "io.debezium.time.MicroTimestamp");
    await expect(read(instant({ unit: "ms" }), timestamp, [1n])).rejects.toMatchObject({
      message: expect.stringContaining("times and dates have their own"),
    });
  });
});

describe("money from integers of so many digits", () => {
  it("is brought to the scale, and rounded only where the mapping says how", async () => {
    expect(await read(money({ minorUnits: 2, scale: 4 }), "long", [1999n])).toEqual([199_900n]);
    expect(await read(money({ minorUnits: 6 }), "long", [19_990_000n, 1n])).toEqual([
      1999n,
      expect.stringContaining("scale"),
    ]);
    expect(await read(money({ minorUnits: 6, rounding: "halfEven" }), "int", [5_001])).toEqual([1n]);
  });
});

describe("currencies that a column calls otherwise", () => {
  const amount = money({ minorUnits: true, currencies: { 978: "EUR", 392: "JPY" } });
  const unknown = (code: string) => expect.stringContaining(`has the currency ${code}, which is not in ISO 4217`);

  it.each(["int", "long"])("are told by %s", async (type) => {
    const codes = [978, 392, 840].map((code) => (type === "long" ? BigInt(code) : code));
    expect(await read(amount, "int", [5, 7, 9], { type, codes })).toEqual([5n, 7n, unknown("840")]);
  });

  it("are told by text and enum, null is none", async () => {
    const named = money({ currencies: { eur: "EUR", "": "USD" } });
    const text = { type: optional("string"), codes: [{ string: "eur" }, { string: "" }, { string: "EUR" }, null] };
    expect(await read(named, "int", [5, 7, 9, 1], text)).toEqual([500n, 700n, unknown("EUR"), unknown("null")]);
  });

  it("are not told by numbers without names, nor by others", async () => {
    await expect(read(money(), "int", [1], { type: "int", codes: [978] })).rejects.toMatchObject({
      code: "MODEL_TYPE_MISMATCH",
      message: expect.stringContaining("string or enum"),
    });
    await expect(read(amount, "int", [1], { type: "double", codes: [978] })).rejects.toMatchObject({
      message: expect.stringContaining("string, enum, int or long"),
    });
  });
});

describe("one model from tables of several databases", () => {
  it("is told of each table by that table's names", async () => {
    using log = new TemporaryLog();
    const registry = new FolderRegistry(`${log.dir}/schemas`);
    const old = { order_no: "string", id: "int", amt_cents: "long", state: "int", gmt_modified: "long" };
    const now = {
      id: "int",
      payment_id: "string",
      amount: { type: "bytes", logicalType: "decimal", scale: 2, precision: 12 },
      currency: "string",
      status: "string",
      captured_at: connect("long", "io.debezium.time.Timestamp"),
    };
    const legacy = new InventedTable(registry, "legacy.orders", old);
    const shop = new InventedTable(registry, "shop.payments", now);
    log.write([
      await legacy.message("c", { id: 1, order_no: "P1", amt_cents: 1999n, state: 2, gmt_modified: 1_700_000_000n }),
      await shop.message("c", {
        id: 1,
        payment_id: "P2",
        amount: Buffer.from([0x07, 0xcf]),
        currency: "USD",
        status: "captured",
        captured_at: 1_700_000_000_000n,
      }),
    ]);
    const Payment = model("Payment", {
      from: [
        table("db", "payments"),
        table("db", "orders", {
          paymentId: id("order_no"),
          amount: money({ column: "amt_cents", minorUnits: true, currency: "EUR" }),
          status: text({ column: "state", values: { 1: "failed", 2: "captured" } }),
          capturedAt: instant({ column: "gmt_modified", unit: "s" }),
        }),
      ],
      fields: { paymentId: id(), amount: money(), status: text(), capturedAt: instant() },
      businessTime: "capturedAt",
    });
    const tables = { payments: { topic: "shop.payments" }, orders: { topic: "legacy.orders" } };
    const reader = log.reader(sampleSource("mariadb", { name: "db", tables }), [Payment], registry);
    const output = await readAll(reader);
    reader.close();
    expect(output.faults).toEqual([]);
    expect(output.rows(Payment)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ $table: 0, paymentId: "'P2", amount: 1999n, status: "captured" }),
        expect.objectContaining({ $table: 1, paymentId: "'P1", amount: 1999n, status: "captured" }),
      ]),
    );
    expect(output.rows(Payment).map((row) => row.capturedAt)).toEqual([1_700_000_000_000, 1_700_000_000_000]);
  });
});
