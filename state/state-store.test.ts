import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Disk, systemDisk } from "../base/disk.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { hashBytes } from "./key-groups.ts";
import { StateStore, type StateStoreOptions, type StorePart, type StoreSnapshot } from "./state-store.ts";

const bytesOf = (text: string) => Buffer.from(text);
const put = (store: StateStore, table: string, group: number, key: string, value: string) =>
  tableOf(store, table).put(group, bytesOf(key), 0, key.length, bytesOf(value), 0, value.length);
const find = (store: StateStore, table: string, group: number, key: string) => {
  const records = tableOf(store, table);
  if (!records.find(group, bytesOf(key), 0, key.length)) return undefined;
  return records.buffer.toString("latin1", records.start, records.end);
};
const remove = (store: StateStore, table: string, group: number, key: string) =>
  tableOf(store, table).remove(group, bytesOf(key), 0, key.length);
const contents = (store: StateStore, table: string) => {
  const all = new Map<string, string>();
  tableOf(store, table).forEach((group, key, value) => void all.set(`${group} ${key}`, value.toString()));
  return all;
};

const declared = new WeakMap<StateStore, Map<string, ReturnType<StateStore["table"]>>>();
function tableOf(store: StateStore, name: string) {
  const tables = declared.get(store) ?? new Map<string, ReturnType<StateStore["table"]>>();
  declared.set(store, tables);
  const table = tables.get(name) ?? store.table(name);
  tables.set(name, table);
  return table;
}

const small = (disk: Disk, prefix: string, more: Partial<StateStoreOptions> = {}): StateStoreOptions => ({
  disk,
  dir: "state",
  prefix,
  memoryBytes: 700_000,
  segmentBytes: 2_000,
  slackBytes: 3_000,
  ...more,
});
const all = () => true;
const checkpoint = (store: StateStore) => JSON.parse(JSON.stringify(store.checkpoint().part)) as StorePart;

describe("a store", () => {
  it("finds what was put last, and nothing of what was removed", () => {
    const store = new StateStore(small(new MemoryDisk(), "a"));
    put(store, "t", 3, "key", "one");
    put(store, "t", 3, "key", "two");
    put(store, "t", 4, "key", "other group");
    put(store, "u", 3, "key", "");
    expect(find(store, "t", 3, "key")).toBe("two");
    expect(find(store, "t", 4, "key")).toBe("other group");
    expect(find(store, "u", 3, "key")).toBe("");
    expect([remove(store, "t", 3, "key"), remove(store, "t", 3, "key")]).toEqual([true, false]);
    expect(find(store, "t", 3, "key")).toBe(undefined);
    expect([tableOf(store, "t").size, tableOf(store, "u").size]).toEqual([1, 1]);
  });

  it("tells keys with one hash apart", () => {
    const keys = ["costarring", "liquid"];
    expect(new Set(keys.map((key) => hashBytes(bytesOf(key), 0, key.length))).size).toBe(1);
    const store = new StateStore(small(new MemoryDisk(), "a"));
    put(store, "t", 0, keys[0]!, "one");
    expect([find(store, "t", 0, keys[1]!), remove(store, "t", 0, keys[1]!)]).toEqual([undefined, false]);
    put(store, "t", 0, keys[1]!, "two");
    expect(keys.map((key) => find(store, "t", 0, key))).toEqual(["one", "two"]);
  });

  it("takes keys that are not there without looking for them", () => {
    const disk = new MemoryDisk();
    const store = new StateStore(small(disk, "a"));
    const table = tableOf(store, "t");
    const keys = Array.from({ length: 100 }, (_, i) => bytesOf(`key ${i}`));
    const hashes = Int32Array.from(keys, (key) => hashBytes(key, 0, key.length));
    for (const [i, key] of keys.entries()) {
      table.prefetch(i % 2, hashes, hashes.length);
      table.putNew(i % 2, key, 0, key.length, key, 0, i % key.length, hashes[i]);
    }
    put(store, "t", 0, "key 2", "another");
    const again = new StateStore(small(disk, "b"));
    again.restore([checkpoint(store)], all);
    for (const each of [store, again]) {
      expect([tableOf(each, "t").size, find(each, "t", 1, "key 2"), find(each, "t", 0, "key 2")]).toEqual([
        ...[100, undefined, "another"],
      ]);
      for (const i of [0, 1, 50, 99])
        expect(find(each, "t", i % 2, `key ${i}`)).toBe(`key ${i}`.slice(0, i % keys[i]!.length));
    }
  });

  it("goes on after all was removed, with nothing of it left on disk", () => {
    const disk = new MemoryDisk();
    const store = new StateStore(small(disk, "a"));
    put(store, "t", 1, "key", "value");
    store.checkpoint();
    remove(store, "t", 1, "key");
    expect(checkpoint(store).segments).toEqual([]);
    expect([store.liveBytes, store.logBytes]).toEqual([0, 0]);
    put(store, "t", 1, "key", "again");
    const again = new StateStore(small(disk, "b"));
    again.restore([checkpoint(store)], all);
    expect(find(again, "t", 1, "key")).toBe("again");
  });

  it("takes a value that it has just found", () => {
    const store = new StateStore(small(new MemoryDisk(), "a", { memoryBytes: 120_000, segmentBytes: 100_000 }));
    const table = tableOf(store, "t");
    const value = (i: number) => `${i} `.repeat(80);
    for (let i = 0; i < 1000; i++) put(store, "t", 0, `key ${i}`, value(i));
    for (let i = 0; i < 3000; i++) {
      const from = bytesOf(`key ${(i * 37) % 1000}`);
      const to = bytesOf(`copy ${(i * 37) % 1000}`);
      expect(table.find(0, from, 0, from.length)).toBe(true);
      table.put(0, to, 0, to.length, table.buffer, table.start, table.end);
    }
    for (let i = 0; i < 1000; i++) expect(find(store, "t", 0, `copy ${i}`)).toBe(value(i));
  });

  it("is compacted between batches, so that little of it is left for a checkpoint", () => {
    const options = { slackBytes: 0, segmentBytes: 1 << 20, memoryBytes: 8 << 20 };
    const store = new StateStore(small(new MemoryDisk(), "a", options));
    for (let i = 0; i < 20_000; i++) {
      put(store, "t", 3, `key ${i % 1_000}`, `${i}`.padEnd(1_000, "."));
      if (i % 100 === 99) store.compact();
    }
    const before = store.logBytes;
    expect(before).toBeLessThan(2 * store.liveBytes + (2 << 20));
    store.tidy();
    expect(before - store.logBytes).toBeLessThan(2 << 20);
    const numbers = [...contents(store, "t").values()].map(Number.parseFloat);
    expect([numbers.length, Math.min(...numbers)]).toEqual([1_000, 19_000]);
  });

  it("takes no more memory for being changed again and again, or for snapshots that were released", async () => {
    const store = new StateStore(small(new MemoryDisk(), "a"));
    const change = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        const snapshot = store.snapshot();
        for (let i = 0; i < 20; i++) put(store, "t", i % 4, `key ${i}`, `value ${round}`.padEnd(500));
        snapshot.release();
        await store.checkpoint().durable;
      }
      return store.memory;
    };
    const before = await change(40);
    expect(Math.abs((await change(800)) - before)).toBeLessThan(20_000);
  });

  it("gives back what a checkpoint remembers, and nothing that came after it", () => {
    const disk = new MemoryDisk();
    const store = new StateStore(small(disk, "a"));
    put(store, "t", 1, "kept", "before");
    put(store, "t", 1, "gone", "x");
    const part = checkpoint(store);
    put(store, "t", 1, "kept", "after");
    remove(store, "t", 1, "gone");
    store.checkpoint();
    const again = new StateStore(small(disk, "b"));
    again.restore([part], all);
    expect(contents(again, "t")).toEqual(
      new Map([
        ["1 kept", "before"],
        ["1 gone", "x"],
      ]),
    );
  });

  it("keeps removed what was removed in a file that others still need", () => {
    const disk = new MemoryDisk();
    const one = new StateStore(small(disk, "1"));
    for (const group of [0, 1]) for (const key of ["k", "other"]) put(one, "t", group, key, "old");
    const first = checkpoint(one);
    const halves = [0, 1].map((half) => new StateStore(small(disk, `2-${half}`, { slackBytes: 0 })));
    halves.forEach((store, half) => void store.restore([first], (_, group) => group === half));
    remove(halves[0]!, "t", 0, "k");
    put(halves[0]!, "t", 0, "other", "new");
    const parts = halves.map((store) => checkpoint(store));
    expect(parts.map((part) => part.segments.some(({ file }) => file.startsWith("1-")))).toEqual([false, true]);
    const three = new StateStore(small(disk, "3"));
    three.restore(parts, all);
    const last = new StateStore(small(disk, "4"));
    last.restore([checkpoint(three)], all);
    for (const store of [three, last]) {
      expect([find(store, "t", 0, "k"), find(store, "t", 0, "other")]).toEqual([undefined, "new"]);
      expect([find(store, "t", 1, "k"), tableOf(store, "t").size]).toEqual(["old", 3]);
    }
  });

  it("survives on the machine's own disk", async () => {
    const dir = mkdtempSync(join(tmpdir(), "countercheck-store-"));
    try {
      const store = new StateStore(small(systemDisk, "a", { dir }));
      for (let i = 0; i < 2000; i++) put(store, "t", i % 128, `key ${i % 700}`, `value ${i}`);
      const { part, durable } = store.checkpoint();
      await durable;
      const expected = contents(store, "t");
      store.close();
      const again = new StateStore(small(systemDisk, "b", { dir }));
      again.restore([part], all);
      expect(contents(again, "t")).toEqual(expected);
      again.close();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("keeps the memory that it was given, with a log of many times that", () => {
    const memoryBytes = 1_000_000;
    const options = { memoryBytes, segmentBytes: 1_000_000, slackBytes: 1_000_000 };
    const store = new StateStore(small(new MemoryDisk(), "a", options));
    const value = "v".repeat(500);
    for (let i = 0; i < 20_000; i++) {
      put(store, "t", i % 16, `key ${i % 10_000}`, `${i} ${value}`);
      if (i % 100 === 0) expect(store.memory).toBeLessThanOrEqual(memoryBytes);
      if (i % 3000 === 0) store.checkpoint();
    }
    for (let i = 0; i < 10_000; i += 97) {
      expect(find(store, "t", i % 16, `key ${i}`)).toBe(`${i + 10_000} ${value}`);
    }
    expect(store.memory).toBeLessThanOrEqual(memoryBytes);
    expect(store.liveBytes).toBeGreaterThan(5 * memoryBytes);
    expect(contents(store, "t").size).toBe(10_000);
  });

  it("says what to do where the index does not fit", () => {
    const store = new StateStore(small(new MemoryDisk(), "a", { memoryBytes: 200_000 }));
    expect(() => {
      for (let i = 0; i < 100_000; i++) put(store, "t", i % 128, `key ${i}`, "");
    }).toThrow(expect.objectContaining({ code: "STATE_MEMORY_EXCEEDED", message: expect.stringContaining("Raise") }));
  });

  it("sees every flipped bit and every cut", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), fc.boolean(), (at, bit, isCut) => {
        const disk = new MemoryDisk();
        const store = new StateStore(small(disk, "a"));
        for (let i = 0; i < 30; i++) put(store, "t", 0, `key ${i}`, "v".repeat(i));
        const part = checkpoint(store);
        const file = disk.open(`state/${part.segments[0]!.file}`, "update");
        const position = at % file.size();
        const byte = Buffer.alloc(1);
        file.read(byte, 0, 1, position);
        byte[0]! ^= 1 << bit;
        if (isCut) file.truncate(position);
        else file.write(byte, position);
        const again = new StateStore(small(disk, "b"));
        expect(() => again.restore([part], all)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
      }),
    );
  });

  it("never serves a block that was damaged since it was written", () => {
    const disk = new MemoryDisk();
    const first = new StateStore(small(disk, "a"));
    put(first, "t", 0, "key", "value");
    const part = checkpoint(first);
    const store = new StateStore(small(disk, "b"));
    store.restore([part], all);
    const file = disk.open(`state/${part.segments[0]!.file}`, "update");
    file.write(Buffer.from("x"), file.size() - 1);
    expect(() => find(store, "t", 0, "key")).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
  });
});

describe("workers with stores", () => {
  const key = fc.nat({ max: 40 });
  const table = fc.constantFrom("t", "u");
  const value = fc.oneof(
    { weight: 30, arbitrary: fc.nat({ max: 300 }) },
    { weight: 1, arbitrary: fc.constant(70_000) },
  );
  const step = fc.oneof(
    { weight: 30, arbitrary: fc.record({ do: fc.constant("put" as const), table, key, value }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("remove" as const), table, key }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("find" as const), table, key }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("restore" as const), workers: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("snapshot" as const, "files" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
  );

  it("hold what a plain map holds, through checkpoints, restarts with more or fewer of them, and compactions", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 400, size: "max" }), async (steps) => {
        const run = new Workers();
        for (const one of steps) await run.do(one);
        run.check();
        await run.do({ do: "checkpoint" });
        await run.do({ do: "restore", workers: 3 });
        run.check();
      }),
      { numRuns: Number(process.env.COUNTERCHECK_STORE_RUNS ?? 60) },
    );
  }, 60_000);
});

type Access =
  | { do: "put"; table: string; key: number; value: number }
  | { do: "remove" | "find"; table: string; key: number };
type Step = Access | { do: "restore"; workers: number } | { do: "checkpoint" | "snapshot" | "files" | "release" };

const GROUPS = 8;

/** Some workers that share a folder, and what their tables should hold. */
class Workers {
  readonly #disk = new MemoryDisk();
  #attempt = 0;
  #stores: StateStore[] = [];
  #model = new Map<string, string>();
  #parts: StorePart[] = [];
  #atCheckpoint = new Map<string, string>();
  #snapshots: { views: StoreSnapshot[]; asFiles: boolean; model: Map<string, string> }[] = [];
  #count = 0;

  constructor() {
    this.#start(1);
  }

  async do(step: Step): Promise<void> {
    if (step.do === "checkpoint") await this.#checkpoint();
    else if (step.do === "restore") this.#start(step.workers);
    else if (step.do === "snapshot" || step.do === "files") {
      const views = this.#stores.map((store) => store.snapshot());
      const asFiles = step.do === "files";
      if (asFiles) for (const view of views) view.keepFiles();
      this.#snapshots.push({ views, asFiles, model: new Map(this.#model) });
    } else if (step.do === "release") this.#releaseOne();
    else if ("table" in step) this.#access(step);
  }

  check(): void {
    while (this.#snapshots.length > 0) this.#releaseOne();
    const found = new Map<string, string>();
    let live = 0;
    for (const store of this.#stores) {
      for (const table of ["t", "u"])
        for (const [at, value] of contents(store, table)) found.set(`${table} ${at}`, value);
      live += store.liveBytes;
      expect(store.memory).toBeLessThanOrEqual(300_000);
    }
    expect(found).toEqual(this.#model);
    expect(live).toBe([...this.#model].reduce((sum, [at, value]) => sum + recordLength(at, value), 0));
  }

  #access(step: Access): void {
    const group = step.key % GROUPS;
    const key = `key ${step.key}`;
    const at = `${step.table} ${group} ${key}`;
    const store = this.#stores[Math.floor((group * this.#stores.length) / GROUPS)]!;
    if (step.do === "put") {
      const value = `${this.#count++}`.padEnd(step.value, ".");
      put(store, step.table, group, key, value);
      this.#model.set(at, value);
    } else if (step.do === "remove") {
      expect(remove(store, step.table, group, key)).toBe(this.#model.delete(at));
    }
    expect(find(store, step.table, group, key)).toBe(this.#model.get(at));
  }

  async #checkpoint(): Promise<void> {
    const taken = this.#stores.map((store) => store.checkpoint());
    await Promise.all(taken.map(({ durable }) => durable));
    this.#parts = taken.map(({ part }) => JSON.parse(JSON.stringify(part)));
    this.#atCheckpoint = new Map(this.#model);
    for (const store of this.#stores) expect(store.logBytes).toBeLessThan(3 * store.liveBytes + 300_000);
    if (this.#snapshots.length > 0) return;
    const needed = new Set(this.#parts.flatMap((part) => part.segments.map(({ file }) => file)));
    for (const name of this.#disk.list("state")) if (!needed.has(name)) this.#disk.remove(`state/${name}`);
  }

  #start(workers: number): void {
    while (this.#snapshots.length > 0) this.#releaseOne();
    for (const store of this.#stores) store.close();
    this.#attempt++;
    this.#stores = Array.from({ length: workers }, (_, worker) => {
      const store = new StateStore(small(this.#disk, `${this.#attempt}-${worker}`, { memoryBytes: 300_000 }));
      // One of the tables is declared before, the other after.
      tableOf(store, this.#attempt % 2 === 0 ? "t" : "u");
      store.restore(this.#parts, (_, group) => Math.floor((group * workers) / GROUPS) === worker);
      return store;
    });
    this.#model = new Map(this.#atCheckpoint);
  }

  #releaseOne(): void {
    const snapshot = this.#snapshots.shift();
    if (snapshot === undefined) return;
    const found = new Map<string, string>();
    for (const view of snapshot.views) {
      const other = snapshot.asFiles ? this.#restored(view) : undefined;
      (other?.snapshot() ?? view).forEach(
        (table, { group, key, value }) => void found.set(`${table} ${group} ${key}`, value.toString()),
      );
      other?.close();
      view.release();
    }
    expect(found).toEqual(snapshot.model);
  }

  /** Another store, of a snapshot's files. */
  #restored({ part }: StoreSnapshot): StateStore {
    const store = new StateStore(small(this.#disk, "other", { memoryBytes: 1 << 20 }));
    store.restore([JSON.parse(JSON.stringify(part))], () => true);
    return store;
  }
}

/** One byte for the table, one for the group, the key's length, the value's length plus one, and both. */
function recordLength(at: string, value: string): number {
  const [, , ...key] = at.split(" ");
  const valueHead = value.length + 1 < 128 ? 1 : value.length + 1 < 16_384 ? 2 : 3;
  return 3 + valueHead + key.join(" ").length + value.length;
}
