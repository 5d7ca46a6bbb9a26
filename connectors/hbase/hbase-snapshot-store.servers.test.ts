import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { isError } from "../../base/errors.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { snapshot, snapshotStoreSuite } from "../../snapshots/snapshot-store.suite.ts";
import type { SnapshotPage, SnapshotRow, SnapshotStore } from "../../snapshots/snapshot-store.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { EvidenceTable } from "./evidence-table.ts";
import { HBaseSnapshotStore } from "./hbase-snapshot-store.ts";
import { bucketOf, evidenceKey, timeKey, timePlace } from "./row-key.ts";
import { encodeIndexValue, INDEX_COLUMN } from "./row-value.ts";
import { makeTestTable } from "./test-table.ts";

const { url } = inject("servers").hbase;

snapshotStoreSuite("HBase", async () => new HBaseSnapshotStore(await makeTestTable(url)));

describe("an evidence store in HBase", () => {
  let table: string;
  let store: HBaseSnapshotStore;
  beforeAll(async () => {
    ({ table } = await makeTestTable(url));
    store = new HBaseSnapshotStore({ url, table });
  });
  afterAll(() => store.close());

  it("takes keys of any characters, and long ones", async () => {
    const keys = [...HOSTILE, "x".repeat(1_000), "支".repeat(1_000), "\u0000".repeat(1_000), "/".repeat(1_000)];
    const rows = keys.map((key, i) => snapshot({ key, check: "hostile", time: -1 - i, verdict: new Uint8Array([i]) }));
    await store.put(rows);
    for (const row of rows) expect((await store.get({ key: row.key })).map(plain), row.key).toEqual([plain(row)]);
    const { rows: scanned } = await store.scan({ check: "hostile", limit: 100 });
    expect(scanned.map(plain)).toEqual([...rows].reverse().map(plain));
  });

  it("refuses a key that is too long for a row key, and keeps none of the rows", async () => {
    const long = store.put([snapshot({ key: "'beside" }), snapshot({ key: `'${"x".repeat(9_000)}` })]);
    await expect(long).rejects.toSatisfy((error) => isError(error, "SNAPSHOTS_ROW_KEY_TOO_LONG"));
    expect(await store.get({ key: "'beside" })).toEqual([]);
  });

  it("passes over what was begun and not finished, until it is", async () => {
    const row = snapshot({ key: "'begun", check: "begun" });
    const admin = new EvidenceTable(table, { url });
    const value = encodeIndexValue({ status: row.status, class: row.class, bytes: 1 });
    const key = timeKey(bucketOf(row.key), timePlace(row));
    await admin.put(() => [{ row: key, column: INDEX_COLUMN, timestamp: row.writtenAt, value }]);
    expect((await store.scan({ check: "begun", limit: 10 })).rows).toEqual([]);
    await store.put([row]);
    expect((await store.scan({ check: "begun", limit: 10 })).rows.map(plain)).toEqual([plain(row)]);
    admin.close();
  });

  it("says what is wrong with a row that is not what it wrote", async () => {
    const row = snapshot({ key: "'damaged" });
    const admin = new EvidenceTable(table, { url });
    const cell = { row: evidenceKey(row), column: "e:r", timestamp: 1 };
    await admin.put(() => [{ ...cell, value: Buffer.from([9, 0, 0, 0, 0]) }]);
    await expect(store.get({ key: row.key })).rejects.toSatisfy((error) => isError(error, "SNAPSHOTS_VERSION"));
    await admin.put(() => [{ ...cell, timestamp: 2, value: Buffer.from([1, 0]) }]);
    await expect(store.get({ key: row.key })).rejects.toSatisfy((error) => isError(error, "SNAPSHOTS_UNREADABLE"));
    admin.close();
  });

  it("reads what was written before evidence had epochs as said before all of them", async () => {
    const row = snapshot({ key: "'earlier", version: 2, epoch: 0 });
    const admin = new EvidenceTable(table, { url });
    const header = Buffer.from(JSON.stringify([row.time, row.status, row.class, row.baseline]));
    const value = Buffer.concat([Buffer.from([1, 0, 0, 0, header.length]), header, row.verdict]);
    await admin.put(() => [{ row: evidenceKey(row), column: "e:r", timestamp: row.writtenAt, value }]);
    expect((await store.get({ key: row.key })).map(plain)).toEqual([plain(row)]);
    const anew = snapshot({ key: row.key, version: 1, epoch: 1 });
    await store.put([anew]);
    expect((await store.get({ key: row.key })).map(plain)).toEqual([plain(anew)]);
    admin.close();
  });

  it("names the command that makes a table that is missing, whatever is asked", async () => {
    const missing = new HBaseSnapshotStore({ url, table: `${table}-missing` });
    const asked = [
      () => missing.check(),
      () => missing.put([snapshot()]),
      () => missing.get({ key: "1" }),
      () => missing.history({ key: "1", limit: 1 }),
      () => missing.scan({ limit: 1 }),
    ];
    for (const ask of asked) {
      const error = await ask().then(String, (error: unknown) => error);
      expect(error).toSatisfy((error) => isError(error, "SNAPSHOTS_TABLE_MISSING"));
      expect(String(error)).toContain("countercheck snapshots create-table --config");
    }
    missing.close();
  });

  it("refuses a table that was made for something else", async () => {
    const body = JSON.stringify({ name: `${table}-other`, ColumnSchema: [{ name: "other" }] });
    await fetch(`${url}/${table}-other/schema`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json" },
    });
    const other = new HBaseSnapshotStore({ url, table: `${table}-other` });
    for (const ask of [() => other.check(), () => other.put([snapshot()])])
      await expect(ask()).rejects.toSatisfy((error) => isError(error, "SNAPSHOTS_TABLE_UNFIT"));
    other.close();
  });

  it("makes a table once", async () => {
    const admin = new EvidenceTable(`${table}-new`, { url });
    expect(await admin.create({ ttlSeconds: 86_400 })).toBe(true);
    expect(await admin.create({})).toBe(false);
    admin.close();
  });

  it("takes a put of many rows from several writers at once", async () => {
    const rows = Array.from({ length: 3_000 }, (_, i) =>
      snapshot({ key: String(i % 300), check: "many", version: i + 1 }),
    );
    const other = new HBaseSnapshotStore({ url, table });
    await Promise.all([store.put(rows), other.put(rows), store.put(rows.slice(0, 700))]);
    other.close();
    const found = await pagesOf((after) => store.scan({ check: "many", limit: 1_000, ...after }));
    expect(found.length).toBe(3);
    expect(new Set(found.flatMap(({ rows }) => rows.map(({ version }) => version))).size).toBe(3_000);
  });
});

describe("HBase and SQLite", () => {
  it.each([1, 2, 3])("answer alike, page by page (seed %i)", async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "countercheck-alike-"));
    const sqlite = new SqliteSnapshotStore(join(folder, "snapshots.db"), { create: true });
    const hbase = new HBaseSnapshotStore(await makeTestTable(url));
    const random = seededRandom(seed);
    for (let round = 0; round < 4; round++) {
      const rows = Array.from({ length: 60 }, () => randomRow(random));
      for (const store of [sqlite, hbase]) await store.put(rows);
    }
    for (let n = 0; n < 60; n++) {
      const ask = randomQuestion(random);
      expect((await ask(hbase)).map(comparable), `seed ${seed}, question ${n}`).toEqual(
        (await ask(sqlite)).map(comparable),
      );
    }
    sqlite.close();
    hbase.close();
    rmSync(folder, { recursive: true });
  });
});

const HOSTILE = [
  "",
  "'",
  "'a/b",
  "'a,b",
  "'*",
  "'%2f%",
  "'a b+c",
  "'?&=#",
  "'\u0000",
  "'\u0001\u0002",
  "'é",
  "'～",
  "'🧾",
  "'\\|",
];

/**
 * Some rows are put again with another time: they take the place of what was. A higher epoch writes later, but what it
 * writes may come earlier.
 */
function randomRow(random: Random): SnapshotRow {
  const epoch = random.below(4);
  return snapshot({
    key: random.pick([...HOSTILE, "1", "10"]),
    check: random.pick(["a", "a/b"]),
    currency: random.pick(["EUR", "USD"]),
    period: random.pick(["", "", "2026-11-01T00:00:00.000Z"]),
    version: 1 + random.below(5),
    time: random.below(6),
    epoch,
    writtenAt: epoch * 50 + random.below(50),
    status: random.pick(["pass", "fail"]),
    class: random.pick(["missing", null]),
    verdict: new Uint8Array([random.below(256)]),
  });
}

type Question = (store: SnapshotStore) => Promise<unknown[]>;

function randomQuestion(random: Random): Question {
  const maybe = <T>(name: string, value: T) => (random.below(3) === 0 ? { [name]: value } : {});
  const narrowed = {
    ...maybe("check", random.pick(["a", "a/b", "b"])),
    ...maybe("currency", random.pick(["EUR", "USD"])),
    ...maybe("period", random.pick(["", "2026-11-01T00:00:00.000Z"])),
  };
  const key = random.pick(HOSTILE);
  const limit = 1 + random.below(20);
  const which = random.below(3);
  if (which === 0) {
    const query = { key, ...narrowed, ...maybe("version", 1 + random.below(5)), ...maybe("asOf", random.below(6)) };
    return async (store) => store.get(query);
  }
  if (which === 1) return (store) => pagesOf((after) => store.history({ key, ...narrowed, limit, ...after }));
  const { check } = narrowed as { check?: string };
  const query = {
    ...(check === undefined ? {} : { check }),
    ...maybe("status", "fail"),
    ...maybe("class", "missing"),
    ...maybe("from", random.below(6)),
    ...maybe("to", random.below(7)),
    ...maybe("keyPrefix", random.pick(["'", "1", "'a", "'a/"])),
    limit,
  };
  return (store) => pagesOf((after) => store.scan({ ...query, ...after }));
}

async function pagesOf(
  ask: (after: { after?: string }) => SnapshotPage | Promise<SnapshotPage>,
): Promise<SnapshotPage[]> {
  const pages = [await ask({})];
  for (let next = pages[0]!.next; next !== null; next = pages.at(-1)!.next) pages.push(await ask({ after: next }));
  return pages;
}

function comparable(answer: unknown): unknown {
  const page = answer as Partial<SnapshotPage>;
  return page.rows === undefined ? plain(answer as SnapshotRow) : { ...page, rows: page.rows.map(plain) };
}

function plain(row: SnapshotRow): object {
  return { ...row, verdict: Buffer.from(row.verdict).toString("hex") };
}
