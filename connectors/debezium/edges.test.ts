import { describe, expect, it } from "vitest";
import { type Field, id, instant, integer, model, money, table } from "../../dataflow/model.ts";
import type { RecordFault } from "../../dataflow/source.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { InventedTable, readAll, sampleSource, TemporaryLog } from "../../test/support/debezium-harness.ts";

type Columns = Readonly<Record<string, unknown>>;

/** Reads rows of a table `things`, whose key is `id`, through real Avro records. */
async function read(fields: Record<string, Field>, columns: Columns, rows: readonly Columns[]) {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const invented = new InventedTable(registry, "things", columns);
  const messages = [];
  for (const row of rows) messages.push(await invented.message("c", row));
  log.write(messages);
  const thing = model("Thing", { from: table("db", "things"), fields });
  const source = sampleSource("mariadb", { name: "db", tables: { things: { topic: "things" } } });
  const reader = log.reader(source, [thing], registry);
  try {
    const output = await readAll(reader);
    return { rows: output.rows(thing), faults: output.faults };
  } finally {
    reader.close();
  }
}

const codes = (faults: readonly RecordFault[]) => faults.map(({ offset, code }) => [offset, code]);
const decimal = (scale: number) => ({ type: "bytes", logicalType: "decimal", scale, precision: 38 });
const connect = (type: string, name: string) => ({ type, "connect.name": name });

describe("a currency", () => {
  const fields = { id: id(), amount: money() };
  const columns = { id: "long", amount: decimal(2), currency: ["null", "string"] };
  const amount = Buffer.of(100);

  it.each(["eur", "Eur", "EUR ", " EUR", "EU", "EURO", "", "   ", "XXQ", "978", "ΕUR", "E\u0000R", null])(
    "that is %j is the fault of its record alone, which still tells its row",
    async (code) => {
      const bad = { id: 2n, amount, currency: code === null ? null : { string: code } };
      const good = { id: 1n, amount, currency: { string: "EUR" } };
      const { rows, faults } = await read(fields, columns, [good, bad, { ...good, id: 3n }]);
      expect(faults).toMatchObject([
        {
          offset: 1,
          code: "CURRENCY_UNKNOWN",
          row: "2",
          fields: { Thing: { id: "2" } },
          message: expect.stringContaining(`the currency ${code}, which`),
        },
      ]);
      expect(rows.map((row) => [row.id, row.amount])).toEqual([
        ["1", 100n],
        ["3", 100n],
      ]);
    },
  );
});

describe("a floating amount", () => {
  it.each(["double", "float"])("that is a %s without a value is a fault", async (type) => {
    const amount = money({ currency: "EUR", scale: 2, rounding: "halfEven" });
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.5];
    const rows = values.map((value, i) => ({ id: i, amount: value }));
    const output = await read({ amount }, { id: "int", amount: type }, rows);
    expect(codes(output.faults)).toEqual([0, 1, 2].map((offset) => [offset, "MONEY_UNREADABLE"]));
    expect(output.faults.map(({ row }) => row)).toEqual(["0", "1", "2"]);
    expect(output.rows.map((row) => row.amount)).toEqual([0n, 50n]);
  });

  it.each([
    [1e308, "MONEY_OUT_OF_RANGE"],
    [-1e308, "MONEY_OUT_OF_RANGE"],
    [5e-324, 0n],
    [92233720368547760, "MONEY_OUT_OF_RANGE"],
  ])("of %d is exact or a fault", async (value, wanted) => {
    const amount = money({ currency: "EUR", scale: 2, rounding: "halfEven" });
    const output = await read({ amount }, { id: "int", amount: "double" }, [{ id: 1, amount: value }]);
    expect(output.faults[0]?.code ?? output.rows[0]!.amount).toBe(wanted);
  });
});

describe("an id at the edges of 64 bits", () => {
  const MAX = 2n ** 63n - 1n;

  it("is exact as a row's key, an id and an integer", async () => {
    const values = [MAX, MAX - 1n, -MAX - 1n, -MAX, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 53n) - 1n, -1n];
    const rows = values.map((value) => ({ id: value, other: value }));
    const output = await read({ id: id(), other: integer() }, { id: "long", other: "long" }, rows);
    expect(output.faults).toEqual([]);
    expect(output.rows.map((row) => [row.$row, row.id, row.other])).toEqual(
      values.map((value) => [String(value), String(value), value]),
    );
  });

  it("is the same for an unsigned integer, which is captured as a decimal", async () => {
    const unsigned = 2n ** 64n - 1n;
    const bytes = (value: bigint) => Buffer.from(`00${value.toString(16).padStart(16, "0")}`, "hex");
    const values = [unsigned, MAX + 1n, MAX, 0n];
    const rows = values.map((value) => ({ id: bytes(value) }));
    const output = await read({ id: id() }, { id: decimal(0) }, rows);
    expect(output.faults).toEqual([]);
    expect(output.rows.map((row) => [row.$row, row.id])).toEqual(values.map((value) => [String(value), String(value)]));
  });
});

describe("an instant at the edges of the calendar", () => {
  const YEAR_1 = Date.parse("0001-01-01T00:00:00Z");
  const YEAR_9999 = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

  it.each([
    ["io.debezium.time.Timestamp", 1n],
    ["io.debezium.time.MicroTimestamp", 1_000n],
  ])("is exact from %s", async (name, perMs) => {
    const wanted = [YEAR_1, YEAR_9999, -1, 0, -62_135_596_800_001];
    const rows = wanted.map((ms, i) => ({ id: i, at: BigInt(ms) * perMs }));
    const output = await read({ at: instant() }, { id: "int", at: connect("long", name) }, rows);
    expect([output.rows.map((row) => row.at), output.faults]).toEqual([wanted, []]);
  });

  it.each(["io.debezium.time.Timestamp", "io.debezium.time.MicroTimestamp", "io.debezium.time.NanoTimestamp"])(
    "of any 64 bits in %s is exact or a fault, never a guess",
    async (name) => {
      const perMs = { Timestamp: 1n, MicroTimestamp: 1_000n, NanoTimestamp: 1_000_000n }[name.split(".").at(-1)!]!;
      const values = [
        -(2n ** 63n),
        2n ** 63n - 1n,
        9_223_372_036_825_200_000n,
        2n ** 53n,
        -(2n ** 53n) - 1n,
        2n ** 53n + 1n,
      ];
      const rows = values.map((at, i) => ({ id: i, at }));
      const output = await read({ at: instant() }, { id: "int", at: connect("long", name) }, rows);
      for (const [i, value] of values.entries()) {
        const floored = (value - (((value % perMs) + perMs) % perMs)) / perMs;
        const row = output.rows.find((each) => each.$offset === i);
        if (row === undefined) {
          expect(output.faults.find(({ offset }) => offset === i)?.code).toBe("INSTANT_OUT_OF_RANGE");
          expect(floored > 8_640_000_000_000_000n || floored < -8_640_000_000_000_000n, `${value}`).toBe(true);
        } else expect(BigInt(row.at as number), `${value}`).toBe(floored);
      }
    },
  );

  it("is exact or a fault from dates and from text", async () => {
    const dates = [YEAR_1, Date.UTC(9999, 11, 31), -86_400_000].map((ms, i) => ({ id: i, at: ms / 86_400_000 }));
    const type = connect("int", "io.debezium.time.Date");
    const output = await read({ at: instant() }, { id: "int", at: type }, [
      ...dates,
      { id: 3, at: 2 ** 31 - 1 },
      { id: 4, at: -(2 ** 31) },
    ]);
    expect(output.rows.map((row) => row.at)).toEqual([YEAR_1, Date.UTC(9999, 11, 31), -86_400_000]);
    expect(codes(output.faults)).toEqual([
      [3, "INSTANT_OUT_OF_RANGE"],
      [4, "INSTANT_OUT_OF_RANGE"],
    ]);
    const texts = [
      "0001-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999999Z",
      "1969-12-31T23:59:59.999Z",
      "0000-02-29T00:00:00Z",
      "infinity",
      "+10000-01-01T00:00:00Z",
      "10000-01-01T00:00:00Z",
      "-0001-01-01T00:00:00Z",
      "0044-03-15T00:00:00Z BC",
    ].map((at, i) => ({ id: i, at }));
    const zoned = connect("string", "io.debezium.time.ZonedTimestamp");
    const ofTexts = await read({ at: instant() }, { id: "int", at: zoned }, texts);
    expect(ofTexts.rows.map((row) => row.at)).toEqual([YEAR_1, YEAR_9999, -1, Date.parse("0000-02-29T00:00:00Z")]);
    expect(codes(ofTexts.faults)).toEqual([4, 5, 6, 7, 8].map((offset) => [offset, "INSTANT_UNREADABLE"]));
  });
});
