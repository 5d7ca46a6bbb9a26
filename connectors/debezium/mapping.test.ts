import { describe, expect, it } from "vitest";
import { fitsInt64, formatDecimal, type RoundingMode, rescale } from "../../base/money.ts";
import { seededRandom } from "../../base/random.ts";
import { type Field, flag, id, instant, integer, model, money, number, table, text } from "../../dataflow/model.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import {
  InventedTable,
  type Recorder,
  readAll,
  sampleSource,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";

/** Reads one field from a column `value` of an Avro type; what becomes of each value. */
async function read(...[field, type, values, more]: Parameters<typeof record>): Promise<unknown[]> {
  return results(await record(field, type, values, more), values.length);
}

/** What the faults say that come of it. */
async function messages(...[field, type, values, more]: Parameters<typeof record>): Promise<string[]> {
  return (await record(field, type, values, more)).faults.map(({ message }) => message);
}

/** All that comes of it. `more` are columns of text with the same value in every row. */
async function record(field: Field, type: unknown, values: readonly unknown[], more: Record<string, unknown> = {}) {
  using log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const columns = { id: "int", value: type, ...Object.fromEntries(Object.keys(more).map((name) => [name, "string"])) };
  const invented = new InventedTable(registry, "things", columns);
  const messages = [];
  for (const [i, value] of values.entries()) messages.push(await invented.message("c", { id: i, value, ...more }));
  log.write(messages);
  const thing = model("Thing", { from: table("db", "things"), fields: { value: field } });
  const reader = log.reader(
    sampleSource("mariadb", { name: "db", tables: { things: { topic: "things" } } }),
    [thing],
    registry,
  );
  try {
    return await readAll(reader);
  } finally {
    reader.close();
  }
}

/** The value of each row, or the code of its fault, in order. */
function results(output: Recorder, count: number): unknown[] {
  const all: unknown[] = new Array(count);
  for (const event of output.events) {
    if (event.type === "changes") for (const row of event.rows) all[row.$offset as number] = row.value;
    if (event.type === "fault") all[event.fault.offset] = event.fault.code;
  }
  return all;
}

const decimal = (scale: number, precision = 38) => ({ type: "bytes", logicalType: "decimal", scale, precision });
const connect = (type: string, name: string) => ({ type, "connect.name": name });

/** An integer as big-endian two's complement, in as few bytes as hold it. */
function bytesOf(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(8 * length, value) !== value) length++;
  return Buffer.from(
    BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, "0"),
    "hex",
  );
}

const BIG = 2n ** 63n;

describe("an id", () => {
  it.each([
    ["int", [-1, 0, 2147483647], ["-1", "0", "2147483647"]],
    [
      "long",
      [-(2n ** 63n), 2n ** 53n, 9_007_199_254_740_991n, 1_000_000_000n, 999_999_999n],
      ["-9223372036854775808", "9007199254740992", "9007199254740991", "1000000000", "999999999"],
    ],
    [
      decimal(0),
      [bytesOf(7n), bytesOf(-(10n ** 30n)), bytesOf(10n ** 15n)],
      ["7", `-1${"0".repeat(30)}`, `1${"0".repeat(15)}`],
    ],
    ["string", ["42", "", "a|b\\c", "ü"], ["'42", "'", "'a\\|b\\\\c", "'ü"]],
    [
      { type: "string", logicalType: "uuid" },
      ["00000000-0000-0000-0000-000000000001"],
      ["'00000000-0000-0000-0000-000000000001"],
    ],
    [{ type: "enum", name: "E", symbols: ["A", "B"] }, ["B"], ["'B"]],
  ])("from %j is canonical key text", async (type, values, wanted) => {
    expect(await read(id(), type, values)).toEqual(wanted);
  });

  it.each(["double", "float", "boolean", "bytes", decimal(2)])("is never read from %j", async (type) => {
    await expect(
      read(
        id(),
        type,
        [Buffer.of(0)].map(() => sampleValue(type)),
      ),
    ).rejects.toMatchObject({ code: "MODEL_TYPE_MISMATCH" });
  });
});

function sampleValue(type: unknown): unknown {
  return type === "boolean" ? true : type === "double" || type === "float" ? 1.5 : Buffer.of(1);
}

describe("an integer", () => {
  it("is exact over 64 bits, and a fault beyond", async () => {
    expect(await read(integer(), "int", [-5])).toEqual([-5n]);
    expect(await read(integer(), "long", [-BIG, BIG - 1n])).toEqual([-BIG, BIG - 1n]);
    const digits = [BIG - 1n, -BIG, BIG, 2n ** 47n - 1n, -(2n ** 47n)].map(bytesOf);
    expect(await read(integer(), decimal(0), digits)).toEqual([
      BIG - 1n,
      -BIG,
      "INTEGER_OUT_OF_RANGE",
      2n ** 47n - 1n,
      -(2n ** 47n),
    ]);
  });
});

describe("a number", () => {
  it("is a double; a long past 2^53 becomes the nearest", async () => {
    const doubles = [0.1, -0, 1e300, Number.NaN, Number.NEGATIVE_INFINITY];
    expect(await read(number(), "double", doubles)).toEqual(doubles);
    expect(await read(number(), ["null", "double"], [{ double: 2.5 }, null])).toEqual([2.5, null]);
    expect(await read(number(), "float", [1.5, Math.fround(0.1)])).toEqual([1.5, Math.fround(0.1)]);
    expect(await read(number(), "int", [-7, 2 ** 31 - 1])).toEqual([-7, 2 ** 31 - 1]);
    expect(await read(number(), "long", [-3n, 2n ** 53n + 1n])).toEqual([-3, 2 ** 53]);
  });

  it.each([
    [decimal(2), Buffer.of(1)],
    ["string", "1.5"],
    ["boolean", true],
    [connect("long", "io.debezium.time.Timestamp"), 1n],
  ])("is never read from %j", async (type, value) => {
    await expect(read(number(), type, [value])).rejects.toMatchObject({ code: "MODEL_TYPE_MISMATCH" });
  });
});

describe("a flag", () => {
  it("is a boolean or a small integer", async () => {
    expect(await read(flag(), "boolean", [true, false])).toEqual([true, false]);
    expect(await read(flag(), { type: "int", "connect.type": "int16" }, [0, 1])).toEqual([false, true]);
  });
});

describe("a text", () => {
  it("that Debezium left out is absent, and nothing else that looks like it", async () => {
    using log = new TemporaryLog();
    const registry = new FolderRegistry(`${log.dir}/schemas`);
    const invented = new InventedTable(registry, "things", { id: "int", first: "string", second: ["null", "string"] });
    const out = "__debezium_unavailable_value";
    log.write([
      await invented.message("u", { id: 1, first: out, second: { string: out } }),
      await invented.message("u", { id: 1, first: `${out}!`, second: null }),
    ]);
    const fields = { id: id(), first: text(), second: id() };
    const thing = model("Thing", { from: table("db", "things"), fields });
    const reader = log.reader(
      sampleSource("mariadb", { name: "db", tables: { things: { topic: "things" } } }),
      [thing],
      registry,
    );
    const output = await readAll(reader);
    reader.close();
    expect(output.rows(thing)).toMatchObject([
      { first: null, second: null, $absent: 0b110 },
      { first: `${out}!`, second: null, $absent: 0 },
    ]);
  });
});

describe("an instant", () => {
  const noon = Date.UTC(2026, 10, 22, 12);

  it.each([
    [connect("long", "io.debezium.time.Timestamp"), [BigInt(noon), -1n], [noon, -1]],
    [
      connect("long", "io.debezium.time.MicroTimestamp"),
      [1_999n, -1n, 9_007_199_254_739_999n, -9_007_199_254_739_001n],
      [1, -1, 9_007_199_254_739, -9_007_199_254_740],
    ],
    [
      connect("long", "io.debezium.time.NanoTimestamp"),
      [BigInt(noon) * 1_000_000n + 999_999n, -1n, -1_000_000n],
      [noon, -1, -1],
    ],
    [connect("int", "io.debezium.time.Date"), [20_000, -1], [20_000 * 86_400_000, -86_400_000]],
    [{ type: "long", logicalType: "timestamp-millis" }, [5n], [5]],
    [{ type: "long", logicalType: "timestamp-micros" }, [5_999n], [5]],
    [{ type: "int", logicalType: "date" }, [1], [86_400_000]],
    [{ ...connect("long", "org.apache.kafka.connect.data.Timestamp"), logicalType: "timestamp-millis" }, [7n], [7]],
  ])("from %j is milliseconds, cut off towards the past", async (type, values, wanted) => {
    expect(await read(instant(), type, values)).toEqual(wanted);
  });

  it("is read from text with any fraction and offset, as the platform reads it", async () => {
    const random = seededRandom("instants");
    const two = (below: number) => String(random.below(below)).padStart(2, "0");
    const texts = Array.from({ length: 500 }, () => {
      const date = new Date(Math.floor((random.next() - 0.3) * 4e12)).toISOString().slice(0, 19);
      const fraction = random.chance(0.2)
        ? ""
        : `.${String(random.below(1e9))
            .padStart(9, "0")
            .slice(0, 1 + random.below(9))}`;
      const zone = random.chance(0.5) ? "Z" : `${random.pick(["+", "-"])}${two(15)}:${two(60)}`;
      return `${date}${fraction}${zone}`;
    });
    const wanted = texts.map((each) => Date.parse(each.replace(/(\.\d{3})\d+/, "$1")));
    expect(await read(instant(), connect("string", "io.debezium.time.ZonedTimestamp"), texts)).toEqual(wanted);
  });

  it.each([
    "",
    "now",
    "2026-11-22",
    "2026-11-22T12:00:00",
    "2026-02-30T12:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T12:00:00.Z",
    "2026-11-22T12:00:00+0100",
    "2026-11-22T12:00:00Zx",
    "2026-11-22 12:00:00Z",
    "2O26-11-22T12:00:00Z",
  ])("is a fault where the text is %j", async (each) => {
    const type = connect("string", "io.debezium.time.ZonedTimestamp");
    expect(await read(instant(), type, ["2026-11-22T12:00:00Z", each])).toEqual([noon, "INSTANT_UNREADABLE"]);
  });

  it.each(["long", "int", "string", connect("long", "io.debezium.time.MicroTime")])(
    "is never read from %j",
    async (type) => {
      const value = type === "string" ? "x" : type === "int" ? 1 : 1n;
      await expect(read(instant(), type, [value])).rejects.toMatchObject({ code: "MODEL_TYPE_MISMATCH" });
    },
  );
});

describe("money", () => {
  it("has the scale of the row's own currency", async () => {
    const hundred = [bytesOf(100_000n)];
    for (const [currency, minor] of [
      ["EUR", 10_000n],
      ["JPY", 100n],
      ["KWD", 100_000n],
    ] as const) {
      expect(await read(money(), decimal(3), hundred, { currency })).toEqual([minor]);
    }
    expect(await read(money(), decimal(3), hundred, { currency: "eur" })).toEqual(["CURRENCY_UNKNOWN"]);
    expect(await read(money(), decimal(3), hundred, { currency: "" })).toEqual(["CURRENCY_UNKNOWN"]);
  });

  it("of nothing is nothing, whatever the currency", async () => {
    expect(await read(money(), ["null", decimal(2)], [null], { currency: "???" })).toEqual([null]);
  });

  it("is whole units of an integer, or minor units where the mapping says so", async () => {
    expect(await read(money({ currency: "EUR" }), "int", [-12])).toEqual([-1_200n]);
    expect(await read(money({ currency: "EUR" }), "long", [BIG - 1n, 9_007_199_254_740_993n])).toEqual([
      "MONEY_OUT_OF_RANGE",
      900_719_925_474_099_300n,
    ]);
    expect(await read(money({ currency: "EUR", minorUnits: true }), "int", [-12])).toEqual([-12n]);
    expect(await read(money({ currency: "JPY", minorUnits: true }), "long", [BIG - 1n])).toEqual([BIG - 1n]);
  });

  it("is read from a string of digits", async () => {
    const values = [
      "12.34",
      "-0.10",
      "12.345",
      "1e3",
      "NaN",
      "0.10 EUR",
      "92233720368547758.08",
      "-92233720368547758.08",
    ];
    const wanted = [
      1_234n,
      -10n,
      "MONEY_OUT_OF_SCALE",
      100_000n,
      "MONEY_UNREADABLE",
      "MONEY_UNREADABLE",
      "MONEY_OUT_OF_RANGE",
      -BIG,
    ];
    expect(await read(money({ currency: "EUR" }), "string", values)).toEqual(wanted);
  });

  it("of too many digits is a fault at once, whose message shows the first of them", async () => {
    const digits = "9".repeat(4_000_000);
    const bytes = Buffer.alloc(4_000_000, 0x7f);
    const longest = `${"0".repeat(97)}.12`;
    for (const [type, values, wanted] of [
      ["string", [longest, `0${longest}`, digits], [12n, "MONEY_UNREADABLE", "MONEY_UNREADABLE"]],
      ["string", ["1e999", "1e9999", "1e-999"], ["MONEY_OUT_OF_RANGE", "MONEY_UNREADABLE", "MONEY_OUT_OF_SCALE"]],
      [decimal(2), [bytes, bytes.subarray(0, 512)], ["MONEY_OUT_OF_RANGE", "MONEY_OUT_OF_RANGE"]],
    ] as const) {
      expect(await read(money({ currency: "EUR" }), type, values)).toEqual(wanted);
      for (const message of await messages(money({ currency: "EUR" }), type, values))
        expect(message.length).toBeLessThan(400);
    }
    expect(await messages(money({ currency: "EUR" }), "string", [`1${digits}`])).toEqual([
      expect.stringContaining(`holds 1${"9".repeat(99)}…, which is no amount`),
    ]);
    expect(await messages(integer(), decimal(0), [bytes])).toEqual([expect.stringContaining("holds 0x7f7f")]);
    expect(await messages(money(), "int", [1], { currency: "€".repeat(1_000_000) })).toEqual([
      expect.stringContaining(`the currency ${"€".repeat(100)}…, which`),
    ]);
  });

  it("is never read from a decimal whose scale no database has", async () => {
    for (const scale of [-1, 0.5, 1e9]) {
      await expect(read(money({ currency: "EUR" }), decimal(scale), [bytesOf(1n)])).rejects.toMatchObject({
        code: "MODEL_TYPE_MISMATCH",
      });
    }
  });

  it("is read from a float as its database shows it, never as its binary expansion", async () => {
    const rule = money({ currency: "EUR", scale: 2, rounding: "halfEven" });
    expect(await read(rule, "double", [0.1, 1.005, 2.675, -0.005, 1e21, Number.NaN])).toEqual([
      10n,
      100n,
      268n,
      0n,
      "MONEY_OUT_OF_RANGE",
      "MONEY_UNREADABLE",
    ]);
    expect(await read(rule, "float", [0.1, 16777216, 1.005, 0.015].map(Math.fround))).toEqual([
      10n,
      1_677_721_600n,
      100n,
      2n,
    ]);
  });

  it("is exactly what big integers say, for any scale, rounding and size", async () => {
    const modes: (RoundingMode | undefined)[] = [
      "halfEven",
      "halfUp",
      "halfDown",
      "up",
      "down",
      "ceiling",
      "floor",
      undefined,
    ];
    for (let seed = 0; seed < 24; seed++) {
      const random = seededRandom(`money ${seed}`);
      const [from, to, rounding] = [random.below(20), random.below(19), modes[seed % modes.length]];
      const values = Array.from({ length: 200 }, () => amount(random));
      const rule = rounding === undefined ? { currency: "EUR", scale: to } : { currency: "EUR", scale: to, rounding };
      const wanted = values.map((value) => {
        const minor = rescale(value, from, to, rounding);
        return minor === null ? "MONEY_OUT_OF_SCALE" : fitsInt64(minor) ? minor : "MONEY_OUT_OF_RANGE";
      });
      expect(await read(money(rule), decimal(from), values.map(bytesOf)), `seed ${seed}`).toEqual(wanted);
      const texts = values.map((value) => formatDecimal(value, from));
      expect(await read(money(rule), "string", texts), `seed ${seed}`).toEqual(wanted);
    }
  });
});

/** Amounts of every length, many of them round, some at the very edge of what numbers and 64 bits hold. */
function amount(random: ReturnType<typeof seededRandom>): bigint {
  const edges = [2n ** 53n, 2n ** 47n, 2n ** 31n, BIG, 0n];
  const size = BigInt(10 ** random.below(15)) * BigInt(10 ** random.below(6));
  const any = BigInt(Math.floor(random.next() * 1e15)) % (size + 1n);
  const value = random.chance(0.2)
    ? random.pick(edges) + BigInt(random.below(5) - 2)
    : any * 10n ** BigInt(random.below(10));
  return random.chance(0.4) ? -value : value;
}
