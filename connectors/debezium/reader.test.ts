import { describe, expect, it } from "vitest";
import { EPOCH_UNIT } from "../../dataflow/change-layout.ts";
import { flag, id, model, money, table, text } from "../../dataflow/model.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import {
  edited,
  InventedTable,
  Recorder,
  readAll,
  replay,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";

const source = sampleSource("mariadb");
const samples = samplesOf("mariadb").filter(({ topic }) => topic === "maria.shop.payments");
const payment = model("Payment", {
  from: table("mariadb", "payments"),
  fields: { id: id(), amount: money({ scale: 2 }) },
});

/** A log with tables of one's own. */
function invent(tables: Record<string, Record<string, unknown>>, heartbeatTable?: string) {
  const log = new TemporaryLog();
  const registry = new FolderRegistry(`${log.dir}/schemas`);
  const config = sampleSource("mariadb", {
    name: "db",
    tables: Object.fromEntries(Object.keys(tables).map((name) => [name, { topic: name }])),
    ...(heartbeatTable === undefined ? {} : { heartbeatTable }),
  });
  const invented = Object.fromEntries(
    Object.entries(tables).map(([name, columns]) => [name, new InventedTable(registry, name, columns)]),
  );
  return { log, registry, config, invented, [Symbol.dispose]: () => log[Symbol.dispose]() };
}

describe("a row that a snapshot read", () => {
  it("is a seed before the first change of its split, and an ordinary upsert after it", async () => {
    const late = await edited(samples[3]!, (envelope) => Object.assign(envelope, { op: "r" }));
    const output = await replay(source, [payment], [samples[0]!, samples[4]!, late]);
    const [seed, change, upsert] = output.rows(payment);
    expect(seed).toMatchObject({ $kind: 114, $time: Number.NEGATIVE_INFINITY, $seed: 1795360278000 });
    expect(change).toMatchObject({ $kind: 117, $time: 1795360443000, $seed: null });
    expect(upsert).toMatchObject({ $kind: 114, $time: 1795360443000, $seed: null });
  });

  it("proves no time, since its own time may be the connector's clock", async () => {
    const later = await edited(samples[3]!, (envelope) => {
      envelope.op = "r";
      envelope.source.ts_ms = 1_800_000_000_000n;
    });
    const { events } = await replay(source, [payment], [samples[4]!, later]);
    expect(events.filter(({ type }) => type === "progress")).toEqual([
      { type: "progress", split: 0, time: 1795360443000 },
    ]);
    expect(events.filter(({ type }) => type === "seeded")).toEqual([]);
  });
});

describe("a record that is no change", () => {
  it("is passed over, and the split goes on behind it: tombstones and logical messages", async () => {
    using log = new TemporaryLog();
    const message = await edited(samples[3]!, (envelope) => Object.assign(envelope, { op: "m", after: null }));
    log.write([
      { ...message, key: null },
      { ...samples[3]!, value: null },
    ]);
    const reader = log.reader({ ...source, tables: { payments: source.tables.payments! } }, [payment]);
    const { events } = await readAll(reader);
    expect(events).toEqual([]);
    expect(reader.position(0)).toBe(2);
    reader.close();
  });
});

describe("a heartbeat table", () => {
  it("proves time by what the database says of its changes, never by what is in its rows", async () => {
    using db = invent({ beats: { id: "int", beat: "long" } }, "beats");
    const { beats } = db.invented;
    const rows = [
      await beats!.message("r", { id: 1, beat: 9_000n }, 5_000),
      await beats!.message("u", { id: 1, beat: 8_000n }, 2_000),
      await beats!.message("u", { id: 1, beat: 7_000n }, 3_000),
    ];
    db.log.write(rows);
    const reader = db.log.reader(db.config, [], db.registry);
    const { events } = await readAll(reader);
    reader.close();
    expect(reader.splits).toMatchObject([{ table: "beats", heartbeat: true }]);
    expect(events).toEqual([
      { type: "seeded", split: 0, time: 5_000 },
      { type: "progress", split: 0, time: 3_000 },
      { type: "heartbeat", time: 3_000 },
    ]);
  });
});

describe("models over one table", () => {
  it("get the columns that each asks for, also those that both do", async () => {
    const status = model("Status", {
      from: table("mariadb", "payments"),
      fields: { status: text(), test: flag("is_test"), id: id() },
    });
    const output = await replay(source, [payment, status], samples.slice(0, 2));
    expect(output.rows(payment)).toMatchObject([
      { id: "1001", amount: 12050n },
      { id: "1002", amount: 1n },
    ]);
    expect(output.rows(status)).toMatchObject([
      { status: "captured", test: false, id: "1001" },
      { status: "created", test: false, id: "1002" },
    ]);
  });

  it("tell rows of their several tables apart", async () => {
    using db = invent({ cards: { id: "int" }, transfers: { id: "long" } });
    const both = model("Both", {
      from: [table("other", "x"), table("db", "cards"), table("db", "transfers")],
      fields: { id: id() },
    });
    const { cards, transfers } = db.invented;
    db.log.write([await cards!.message("c", { id: 1 }), await transfers!.message("c", { id: 1n })]);
    const reader = db.log.reader(db.config, [both], db.registry);
    const output = await readAll(reader);
    reader.close();
    expect(output.rows(both)).toMatchObject([
      { $table: 1, id: "1", $row: "1" },
      { $table: 2, id: "1", $row: "1" },
    ]);
  });
});

describe("a change of a column's type", () => {
  it.each([
    ["int", "long", "id", 1, 1n, false],
    ["long", "string", "id", 1n, "1", true],
    ["string", "long", "id", "1", 1n, true],
    ["int", "long", "integer", 1, 1n, false],
    ["long", "double", "integer", 1n, 1, true],
    ["long", "string", "money", 1n, "1", true],
    ["string", "long", "money", "1", 1n, true],
  ] as const)("from %s to %s under %s", async (before, after, kind, first, second, isBreaking) => {
    using log = new TemporaryLog();
    const registry = new FolderRegistry(`${log.dir}/schemas`);
    const fields = { value: kind === "money" ? money({ currency: "EUR" }) : { kind } };
    const thing = model("Thing", { from: table("db", "things"), fields });
    const old = new InventedTable(registry, "things", { id: "int", value: before });
    const next = new InventedTable(registry, "things", { id: "int", value: after });
    log.write([
      await old.message("c", { id: 1, value: first }),
      await next.message("c", { id: 2, value: second }, 2_000),
      await next.message("c", { id: 3, value: second }, 3_000),
    ]);
    const config = sampleSource("mariadb", { name: "db", tables: { things: { topic: "things" } } });
    const reader = log.reader(config, [thing], registry);
    const output = await readAll(reader);
    reader.close();
    expect(output.rows(thing).length).toBe(isBreaking ? 1 : 3);
    expect(output.suspensions.map(({ id, time }) => [id, time])).toEqual(
      isBreaking ? [["things/0/1/Thing", 2_000]] : [],
    );
    expect([...reader.dropped]).toEqual(isBreaking ? [["Thing", 2]] : []);
    expect(output.events.at(-1)).toEqual({ type: "progress", split: 0, time: 3_000 });
  });
});

describe("a large value", () => {
  it("that no model reads costs nothing, and one that is read arrives whole", async () => {
    using db = invent({ notes: { id: "int", body: "string", small: "string" } });
    const small = model("Small", { from: table("db", "notes"), fields: { small: text() } });
    const large = model("Large", { from: table("db", "notes"), fields: { body: text() } });
    const body = "0123456789".repeat(1_000_000);
    db.log.write([
      await db.invented.notes!.message("c", { id: 1, body, small: "a" }),
      await db.invented.notes!.message("c", { id: 2, body: "", small: "b" }),
    ]);
    for (const [each, column, first] of [
      [small, "small", "a"],
      [large, "body", body],
    ] as const) {
      const reader = db.log.reader(db.config, [each], db.registry);
      const output = await readAll(reader);
      reader.close();
      expect(output.rows(each)[0]![column] === first).toBe(true);
      expect(output.rows(each).length).toBe(2);
    }
  });
});

describe("a log that ends", () => {
  it("says so once", async () => {
    using log = new TemporaryLog();
    log.write(samples.slice(0, 1), 42);
    const reader = log.reader({ ...source, tables: { payments: source.tables.payments! } }, [payment]);
    const output = await readAll(reader, 1 << 20, new Recorder());
    expect(reader.read(0, 1 << 20, output)).toBe(false);
    expect(output.events.filter(({ type }) => type === "ended")).toEqual([{ type: "ended", split: 0, time: 42 }]);
    reader.close();
  });
});

describe("a position", () => {
  it("is shown as its database shows it", () => {
    using log = new TemporaryLog();
    log.write(samples.slice(0, 1));
    const tables = { payments: source.tables.payments! };
    expect(log.reader({ ...source, tables }, []).formatPosition(7, 4280, 2)).toBe("binlog 000007:4280 row 2");
    expect(log.reader({ ...source, kind: "postgresql", tables }, []).formatPosition(1, 0x19a6d40, 0)).toBe("1/19A6D40");
  });

  it("of a log sequence number is exact over 64 bits", async () => {
    const postgres = samplesOf("postgresql").filter(({ topic }) => topic === "pg.public.payments");
    const far = await edited(postgres[3]!, (envelope) => {
      envelope.source.lsn = { long: 0x7fffffff_fffffffen };
    });
    const pay = model("Payment", { from: table("postgresql", "payments"), fields: { id: id() } });
    const rows = (await replay(sampleSource("postgresql"), [pay], [far])).rows(pay);
    expect(rows).toMatchObject([{ $major: 0x7fffffff, $minor: 0xfffffffe, $sub: 0 }]);
  });

  it("is greater in a later epoch, which begins at the time that configuration names", async () => {
    const pay = model("Payment", { from: table("mariadb", "payments"), fields: { id: id() } });
    const before = samples[5]!;
    const failover = 1795360443000 + 60_000;
    const after = await edited(before, (envelope) => {
      Object.assign(envelope.source, { ts_ms: BigInt(failover), file: "mysql-bin.000001", pos: 4n });
    });
    const rows = (await replay({ ...source, epochs: [failover] }, [pay], [before, after])).rows(pay);
    expect(rows.map((row) => row.$major)).toEqual([1, 1 + EPOCH_UNIT]);
    using log = new TemporaryLog();
    log.write([before]);
    const reader = log.reader({ ...source, tables: { payments: source.tables.payments! } }, []);
    expect(reader.formatPosition(1 + EPOCH_UNIT, 4, 0)).toBe("epoch 1, binlog 000001:4 row 0");
  });
});
