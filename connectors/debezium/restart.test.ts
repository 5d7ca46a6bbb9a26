import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { flag, id, instant, integer, type Model, model, money, table, text } from "../../dataflow/model.ts";
import { Payment, Refund, SettlementLine } from "../../jobs/payment-settlement/models.ts";
import type { AvroSchema } from "../../schemas/decoder.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { runShop } from "../../shop/shop.ts";
import {
  InventedTable,
  type Message,
  Recorder,
  sampleRegistry,
  sampleSource,
  samplesOf,
  TemporaryLog,
} from "../../test/support/debezium-harness.ts";
import { FileLog } from "../file/file-log.ts";
import { FileLogReader } from "../file/reader.ts";
import { FileLogWriter } from "../file/writer.ts";
import type { DebeziumSource } from "./config.ts";
import type { PartitionReader } from "./partition-reader.ts";
import { DebeziumReader } from "./reader.ts";

type Open = () => DebeziumReader;

/** A reader in the place of another that saved its splits and went. */
async function restarted(reader: DebeziumReader, open: Open): Promise<DebeziumReader> {
  const saved = [...reader.splits.keys()].map((split) => {
    const out = new ByteWriter();
    reader.save(split, out);
    return Buffer.from(out.bytes());
  });
  reader.close();
  const next = open();
  // Backwards: what splits of one table share must not hang on their order.
  for (const split of [...next.splits.keys()].reverse()) {
    const input = new ByteReader(saved[split]!);
    await next.restore(split, input);
    expect(input.isAtEnd).toBe(true);
  }
  return next;
}

/** Reads pieces of splits as they are drawn, then the rest of all; `restartAt` tells behind which pieces another reader goes on. */
async function readPieces(
  open: Open,
  pieces: readonly { readonly split: number; readonly bytes: number; readonly restart: boolean }[],
  restarts: boolean,
): Promise<{ output: Recorder; dropped: [string, number][] }> {
  let reader = open();
  const output = new Recorder();
  for (const { split, bytes, restart } of pieces) {
    await reader.read(split % reader.splits.length, bytes, output);
    if (restarts && restart) reader = await restarted(reader, open);
  }
  for (const split of reader.splits.keys()) {
    while (await reader.read(split, 20_000, output)) if (restarts) reader = await restarted(reader, open);
  }
  reader.close();
  return { output, dropped: [...reader.dropped] };
}

const pieces = fc.array(
  fc.record({ split: fc.nat(20), bytes: fc.integer({ min: 1, max: 3_000 }), restart: fc.boolean() }),
  { maxLength: 30 },
);

async function expectSame(open: Open, runs: number): Promise<Recorder> {
  let last = new Recorder();
  const property = fc.asyncProperty(pieces, async (drawn) => {
    const [straight, cut] = [await readPieces(open, drawn, false), await readPieces(open, drawn, true)];
    expect(cut).toEqual(straight);
    last = cut.output;
  });
  await fc.assert(property, { numRuns: runs });
  return last;
}

/** Appends messages to partition 0 of their topics, a few to a frame. */
function writeFrames(dir: string, messages: readonly Message[], toFrame = 3): void {
  const writer = new FileLogWriter(dir);
  for (const [i, { topic, key, value }] of messages.entries()) {
    writer.createTopic(topic, 1);
    writer.append(topic, 0, { key, value, timestamp: 0 });
    if (i % toFrame === 0) writer.flush();
  }
  writer.end(1_800_000_000_000);
}

describe("a reader in the place of another", () => {
  it.each(["mariadb", "postgresql"] as const)("goes on exactly where that one stood, over %s", async (kind) => {
    using log = new TemporaryLog();
    const samples = samplesOf(kind);
    const snapshot = samples.slice(0, 9);
    writeFrames(log.dir, [...samples, ...snapshot]);
    const line = model("Line", {
      from: table(kind, "settlements"),
      fields: { paymentId: id(), fee: instant("settled_on") },
    });
    const breaking = model("Fee", {
      from: table(kind, "settlements"),
      fields: { fee: money({ currency: "EUR", scale: 2, rounding: "halfEven" }) },
    });
    const strict = model("Strict", {
      from: table(kind, "payments"),
      fields: { id: id(), amount: money(), isTest: flag() },
    });
    const refund = model("Refund", { from: table(kind, "refunds"), fields: { paymentId: id(), reason: text() } });
    const models: Model[] = [line, breaking, strict, refund];
    const output = await expectSame(() => log.reader(sampleSource(kind), models), 60);
    const kinds = new Set(output.events.map(({ type }) => type));
    expect(kinds).toEqual(new Set(["changes", "progress", "seeded", "ended", "fault", "suspend", "schema"]));
  });

  it.each([1, 2])("goes on exactly where that one stood, over the shop's log %i", async (seed) => {
    using log = new TemporaryLog();
    const registry = await writeShop(log.dir, seed);
    const topics = {
      payments: "maria.shop.payments",
      refunds: "maria.shop.refunds",
      heartbeat: "maria.shop.heartbeat",
    };
    const shop: DebeziumSource = { name: "shop", kind: "mariadb", heartbeatTable: "heartbeat", tables: bound(topics) };
    const output = await expectSame(() => openShop(log.dir, shop, registry), 4);
    expect(output.events.some(({ type }) => type === "heartbeat")).toBe(true);
    const lines = { settlement_lines: "pg.public.settlement_lines" };
    await expectSame(
      () => openShop(log.dir, { name: "ledger", kind: "postgresql", tables: bound(lines) }, registry),
      4,
    );
  });

  it("tells a breaking change once, and as what it is, though it was not that one which saw the first schema", async () => {
    using log = new TemporaryLog();
    const registry = new FolderRegistry(`${log.dir}/schemas`);
    const [before, after] = (["int", "string"] as const).map(
      (type) => new InventedTable(registry, "things", { id: "int", value: type }),
    );
    const messages = [await before!.message("c", { id: 1, value: 1 })];
    for (const id of [2, 3]) messages.push(await after!.message("c", { id, value: "1" }));
    writeFrames(log.dir, messages, 1);
    const source = { ...sampleSource("mariadb"), name: "db", tables: bound({ things: "things" }) };
    const thing = (kind: "integer" | "id") =>
      model("Thing", { from: table("db", "things"), fields: { value: kind === "id" ? id() : integer() } });
    for (const kind of ["integer", "id"] as const) {
      let reader = log.reader(source, [thing(kind)], registry);
      const output = new Recorder();
      while (await reader.read(0, 1, output)) {
        reader = await restarted(reader, () => log.reader(source, [thing(kind)], registry));
      }
      expect(output.rows(thing(kind)).length).toBe(1);
      expect(output.suspensions).toMatchObject([
        { cause: "breaking-change", models: ["Thing"], id: "things/0/1/Thing" },
      ]);
      expect([...reader.dropped]).toEqual([["Thing", 2]]);
      reader.close();
    }
  });

  describe("after a breaking change", () => {
    const Thing = (fields: Parameters<typeof model>[1]["fields"]) =>
      model("Thing", { from: table("db", "things"), fields });
    const old = Thing({ value: integer(), more: integer() });
    const mended = Thing({ value: integer() });
    const wrong = Thing({ value: integer(), more: integer(), nothing: integer("id") });
    const source = { ...sampleSource("mariadb"), name: "db", tables: bound({ things: "things" }) };

    /** Things 1 and 2 have a column that 3, 4 and 5 have no more. */
    async function altered(log: TemporaryLog): Promise<FolderRegistry> {
      const registry = new FolderRegistry(`${log.dir}/schemas`);
      const before = new InventedTable(registry, "things", { id: "int", value: "int", more: "int" });
      const after = new InventedTable(registry, "things", { id: "int", value: "int" });
      const messages = [];
      for (const id of [1, 2]) messages.push(await before.message("c", { id, value: id, more: 0 }));
      for (const id of [3, 4, 5]) messages.push(await after.message("c", { id, value: id }));
      writeFrames(log.dir, messages, 1);
      return registry;
    }

    it("reads what was left out again, from its first record, with a model that is mended; also if it is cut off in that", async () => {
      using log = new TemporaryLog();
      const registry = await altered(log);
      let reader = log.reader(source, [old], registry);
      const first = new Recorder();
      for (let i = 0; i < 4; i++) await reader.read(0, 1, first);
      expect(first.events.map(({ type }) => type).filter((type) => type !== "progress")).toEqual([
        "changes",
        "changes",
        "schema",
        "suspend",
      ]);
      expect(first.events.find(({ type }) => type === "schema")).toMatchObject({
        change: {
          table: "things",
          class: "breaking",
          models: ["Thing"],
          offset: 2,
          summary: expect.stringContaining("more was dropped: int; "),
        },
      });
      const open = () => log.reader(source, [mended], registry);
      const output = new Recorder();
      reader = await restarted(reader, open);
      expect([reader.position(0), reader.readsAgain(0)]).toEqual([2, true]);
      while (await reader.read(0, 1, output)) reader = await restarted(reader, open);
      expect(output.rows(mended).map(({ value }) => value)).toEqual([3n, 4n, 5n]);
      const types = output.events.map(({ type }) => type).filter((type) => type !== "progress");
      expect(types).toEqual(["changes", "changes", "mended", "changes", "ended"]);
      expect(output.events.find(({ type }) => type === "mended")).toMatchObject({ suspension: "things/0/2/Thing" });
      expect([...reader.dropped]).toEqual([]);
      reader.close();
    });

    it("goes on leaving out with a model that is declared otherwise and still cannot be read, and tries again with the next", async () => {
      using log = new TemporaryLog();
      const registry = await altered(log);
      let reader = log.reader(source, [old], registry);
      const output = new Recorder();
      for (let i = 0; i < 4; i++) await reader.read(0, 1, output);
      reader = await restarted(reader, () => log.reader(source, [wrong], registry));
      expect(reader.position(0)).toBe(2);
      while (await reader.read(0, 1, output))
        reader = await restarted(reader, () => log.reader(source, [wrong], registry));
      expect(output.suspensions).toHaveLength(1);
      expect(output.events.some(({ type }) => type === "mended")).toBe(false);
      expect([...reader.dropped]).toEqual([["Thing", 3]]);
      reader = await restarted(reader, () => log.reader(source, [mended], registry));
      while (await reader.read(0, 1, output));
      expect(output.rows(mended).map(({ value }) => value)).toEqual([1n, 2n, 3n, 4n, 5n]);
      expect(output.events.slice(-2).map(({ type }) => type)).toEqual(["mended", "ended"]);
      reader.close();
    });

    it("mends one model though another stays broken, and that one by its own next declaration", async () => {
      using log = new TemporaryLog();
      const registry = await altered(log);
      const other = model("Other", { from: table("db", "things"), fields: { more: integer() } });
      const otherMended = model("Other", { from: table("db", "things"), fields: { value: integer() } });
      let reader = log.reader(source, [old, other], registry);
      const first = new Recorder();
      for (let i = 0; i < 4; i++) await reader.read(0, 1, first);
      expect(first.suspensions).toMatchObject([
        { id: "things/0/2/Thing", models: ["Thing"] },
        { id: "things/0/2/Other", models: ["Other"] },
      ]);
      for (const [models, name, last] of [
        [[mended, other], "Thing", false],
        [[mended, otherMended], "Other", true],
      ] as const) {
        const open = () => log.reader(source, models, registry);
        const output = new Recorder();
        reader = await restarted(reader, open);
        expect(reader.position(0)).toBe(2);
        while (await reader.read(0, 1, output)) if (!last) reader = await restarted(reader, open);
        const told = output.events.filter(({ type }) => type === "mended" || type === "suspend");
        expect(told).toEqual([{ type: "mended", split: 0, suspension: `things/0/2/${name}` }]);
        expect([...reader.dropped]).toEqual(last ? [] : [["Other", 3]]);
        expect(output.rows(models[last ? 1 : 0]).map(({ value }) => value)).toEqual([3n, 4n, 5n]);
      }
      reader.close();
    });

    it("mends what was left out also where the same batch goes on into a schema that breaks the model anew", async () => {
      using log = new TemporaryLog();
      const registry = new FolderRegistry(`${log.dir}/schemas`);
      const tables = [{ value: "int", more: "int" }, { value: "int" }, { other: "int" }] as const;
      const [v1, v2, v3] = tables.map((columns) => new InventedTable(registry, "things", { id: "int", ...columns }));
      const messages = [
        await v1!.message("c", { id: 1, value: 1, more: 0 }),
        await v2!.message("c", { id: 2, value: 2 }),
        await v3!.message("c", { id: 3, other: 3 }),
      ];
      writeFrames(log.dir, messages, 1);
      let reader = log.reader(source, [old], registry);
      for (let i = 0; i < 2; i++) await reader.read(0, 1, new Recorder());
      reader = await restarted(reader, () => log.reader(source, [mended], registry));
      const output = new Recorder();
      await reader.read(0, 100_000, output);
      expect(output.rows(mended).map(({ value }) => value)).toEqual([2n]);
      const told = output.events.filter(({ type }) => type === "mended" || type === "suspend");
      expect(told).toMatchObject([
        { type: "suspend", suspension: { id: "things/0/2/Thing" } },
        { type: "mended", suspension: "things/0/1/Thing" },
      ]);
      reader.close();
    });

    it("is mended where only marks of transactions, which are no records, are left of what was read again", async () => {
      using log = new TemporaryLog();
      const registry = await altered(log);
      const open = (thing: Model) => {
        const partition = new MarkedPartition(new FileLogReader(log.dir, "things", 0));
        const partitions = [{ table: "things", partition: 0, reader: partition }];
        return new DebeziumReader({ source, models: [thing], registry, partitions });
      };
      let reader = open(old);
      for (let i = 0; i < 6; i++) await reader.read(0, 1, new Recorder());
      expect(reader.position(0)).toBe(10);
      reader = await restarted(reader, () => open(mended));
      const output = new Recorder();
      for (let i = 0; i < 3; i++) await reader.read(0, 1, output);
      expect([reader.position(0), output.events.some(({ type }) => type === "mended")]).toEqual([9, false]);
      expect(await reader.read(0, 1, output)).toBe(true);
      expect(output.events.at(-1)).toEqual({ type: "mended", split: 0, suspension: "things/0/4/Thing" });
      expect(await reader.read(0, 1, output)).toBe(false);
      reader.close();
    });

    it("goes on from where it stood, if that comes before what must be read again as well", async () => {
      using log = new TemporaryLog();
      const registry = new FolderRegistry(`${log.dir}/schemas`);
      const tables = [{ a: "int", b: "int" }, { b: "int" }, { c: "int" }] as const;
      const [v1, v2, v3] = tables.map((columns) => new InventedTable(registry, "things", { id: "int", ...columns }));
      const messages = [await v1!.message("c", { id: 0, a: 0, b: 0 })];
      for (const each of [1, 2]) messages.push(await v2!.message("c", { id: each, b: each }));
      for (const each of [3, 4]) messages.push(await v3!.message("c", { id: each, c: each }));
      writeFrames(log.dir, messages, 1);
      const from = table("db", "things");
      const A = (field: string) => model("A", { from, fields: { n: integer(field) } });
      const B = (field: string) => model("B", { from, fields: { n: integer(field) } });
      const open = (a: string, b: string) => () => log.reader(source, [A(a), B(b)], registry);
      let reader = open("a", "b")();
      for (let i = 0; i < 5; i++) await reader.read(0, 1, new Recorder());
      const output = new Recorder();
      reader = await restarted(reader, open("id", "b"));
      await reader.read(0, 1, output);
      expect(reader.position(0)).toBe(2);
      reader = await restarted(reader, open("id", "id"));
      expect(reader.position(0)).toBe(2);
      while (await reader.read(0, 1, output));
      expect(output.rows(A("id")).map(({ n }) => n)).toEqual([1n, 2n, 3n, 4n]);
      const mendings = output.events.filter(({ type }) => type === "mended");
      expect(mendings.map((event) => "suspension" in event && event.suspension)).toEqual([
        "things/0/1/A",
        "things/0/3/A",
        "things/0/3/B",
      ]);
      expect(output.events.slice(-4, -1)).toEqual(mendings);
      reader.close();
    });

    it("refuses what it saved in another format", async () => {
      using log = new TemporaryLog();
      const reader = log.reader(source, [old], await altered(log));
      const out = new ByteWriter();
      out.uint(1);
      expect(() => reader.restore(0, new ByteReader(out.bytes()))).toThrow("format 1");
      reader.close();
    });

    it("knows it for one in a partition that never had the schema before, where the registry has", async () => {
      using log = new TemporaryLog();
      const registry = await altered(log);
      using other = new TemporaryLog();
      const after = new InventedTable(registry, "things", { id: "int", value: "int" });
      writeFrames(other.dir, [await after.message("c", { id: 6, value: 6 })]);
      const reader = other.reader(source, [old], registry);
      const output = new Recorder();
      await reader.read(0, 1, output);
      expect(output.suspensions).toMatchObject([{ models: ["Thing"], cause: "breaking-change" }]);
      reader.close();
      const mistaken = other.reader(source, [Thing({ value: integer(), nothing: integer() })], registry);
      await expect(mistaken.read(0, 1, new Recorder())).rejects.toMatchObject({ code: "MODEL_COLUMN_MISSING" });
      mistaken.close();
    });
  });

  it("takes a mistake in the next version of a model for one, and not for a change of the table", async () => {
    using log = new TemporaryLog();
    const registry = new FolderRegistry(`${log.dir}/schemas`);
    const things = new InventedTable(registry, "things", { id: "int", value: "int" });
    const messages = [];
    for (const id of [1, 2]) messages.push(await things.message("c", { id, value: 1 }));
    writeFrames(log.dir, messages, 1);
    const source = { ...sampleSource("mariadb"), name: "db", tables: bound({ things: "things" }) };
    const from = table("db", "things");
    const first = model("Thing", { from, fields: { value: integer() } });
    const mistaken = model("Thing", { from, fields: { value: integer(), more: integer("mroe") } });
    const reader = log.reader(source, [first], registry);
    await reader.read(0, 1, new Recorder());
    const next = await restarted(reader, () => log.reader(source, [mistaken], registry));
    const output = new Recorder();
    await expect(next.read(0, 1, output)).rejects.toMatchObject({ code: "MODEL_COLUMN_MISSING" });
    expect(output.suspensions).toEqual([]);
    next.close();
  });

  it("stops at a registry that no longer has a schema which that one knew", async () => {
    using log = new TemporaryLog();
    const payments = samplesOf("mariadb").filter(({ topic }) => topic.endsWith("payments"));
    writeFrames(log.dir, payments);
    const id1 = model("Payment", { from: table("mariadb", "payments"), fields: { id: id() } });
    const tables = { payments: sampleSource("mariadb").tables.payments! };
    const source = { ...sampleSource("mariadb"), tables };
    const reader = log.reader(source, [id1]);
    await reader.read(0, 1, new Recorder());
    const other = new FolderRegistry(`${log.dir}/schemas`);
    await other.register("other", { type: "string" });
    const next = await restarted(reader, () => log.reader(source, [id1], other));
    const output = new Recorder();
    await expect(next.read(0, 1, output)).rejects.toMatchObject({ code: "REGISTRY_HAS_NO_SCHEMA" });
    expect(output.events).toEqual([]);
    next.close();
  });

  it("refuses a log that does not reach to where that one stood", async () => {
    using long = new TemporaryLog();
    using short = new TemporaryLog();
    const payments = samplesOf("mariadb").filter(({ topic }) => topic.endsWith("payments"));
    writeFrames(long.dir, payments);
    writeFrames(short.dir, payments.slice(0, 1));
    const tables = { payments: sampleSource("mariadb").tables.payments! };
    const source = { ...sampleSource("mariadb"), tables };
    const reader = long.reader(source, [], sampleRegistry());
    while (await reader.read(0, 1, new Recorder()));
    const moved = restarted(reader, () => short.reader(source, []));
    await expect(moved).rejects.toMatchObject({ code: "LOG_OFFSET_OUT_OF_RANGE" });
  });
});

/** A partition in which each record is followed by the mark of its transaction's end, which only a later read passes. */
class MarkedPartition implements PartitionReader {
  readonly #records: FileLogReader;
  offset = 0;

  constructor(records: FileLogReader) {
    this.#records = records;
  }

  read(maxBytes: number): RecordBatch | null {
    this.offset = 2 * this.#records.offset;
    const batch = this.#records.read(maxBytes);
    if (batch === null || "throughMs" in batch) return null;
    this.offset = 2 * this.#records.offset - 1;
    return { ...batch, offsets: batch.offsets.map((offset) => 2 * offset) };
  }

  seek(offset: number): void {
    this.offset = offset;
    this.#records.seek(Math.ceil(offset / 2));
  }

  endOffset(): number {
    return 2 * this.#records.endOffset();
  }

  close(): void {
    this.#records.close();
  }
}

const bound = (topics: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(topics).map(([name, topic]) => [name, { topic }]));

function openShop(dir: string, source: DebeziumSource, registry: FolderRegistry): DebeziumReader {
  const partitions = Object.entries(source.tables).flatMap(([name, { topic }]) => {
    const count = FileLog.topics(dir).find((info) => info.topic === topic)!.partitions;
    return Array.from({ length: count }, (_, partition) => {
      return { table: name, partition, reader: new FileLogReader(dir, topic, partition) };
    });
  });
  return new DebeziumReader({ source, models: [Payment, Refund, SettlementLine], registry, partitions });
}

async function writeShop(dir: string, seed: number): Promise<FolderRegistry> {
  const writer = new FileLogWriter(dir);
  const registry = new FolderRegistry(`${dir}/schemas`);
  let records = 0;
  await runShop({
    seed,
    orders: 15,
    departments: [],
    sink: {
      createTopic: (topic, partitions) => writer.createTopic(topic, partitions),
      append: (topic, partition, record) => {
        writer.append(topic, partition, record);
        if (++records % 11 === 0) writer.flush();
      },
      flush: () => writer.flush(),
      end: (time) => writer.end(time),
      register: (subject, schema) => registry.register(subject, schema as AvroSchema),
    },
  });
  return registry;
}
