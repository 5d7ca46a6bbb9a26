import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { checkArenas } from "../test/support/checked-arenas.ts";
import { HotRecords } from "./hot-records.ts";
import { hashBytes } from "./key-groups.ts";
import { StateStore, type StorePart } from "./state-store.ts";

/** An operator's records in an arena of a few pages. */
function open(disk: MemoryDisk, prefix: string, parts: readonly StorePart[] = []) {
  const limits = { memoryBytes: 1 << 20, segmentBytes: 100_000, slackBytes: 50_000 };
  const store = new StateStore({ disk, dir: "state", prefix, ...limits });
  const table = store.table("records");
  store.restore(parts, () => true);
  return { store, records: new HotRecords({ table, arenaBytes: 0 }) };
}

const hashOf = (key: string) => hashBytes(Buffer.from(key), 0, Buffer.byteLength(key));
const find = (records: HotRecords, key: string) => {
  const bytes = Buffer.from(`.${key}.`);
  return records.find(hashBytes(bytes, 1, bytes.length - 1), bytes, 1, bytes.length - 1);
};
const add = (records: HotRecords, key: string, length: number) => {
  const bytes = Buffer.from(key);
  return records.add(hashBytes(bytes, 0, bytes.length), bytes, 0, bytes.length, length);
};
const bodyAt = (records: HotRecords, address: number) =>
  Buffer.from(records.bytes.subarray(address, address + records.lengthAt(address))).toString("latin1");
const write = (records: HotRecords, address: number, text: string) => records.bytes.set(Buffer.from(text), address);

const byKey = ([left]: [string, string], [right]: [string, string]) => (left < right ? -1 : 1);

// Both starts have one hash, and so has either with each of the ends.
const starts = ["liquid", "costarring"];
const ends = ["ivahqg", "rfuleb"];
const colliding = [...starts, ...starts.flatMap((start) => ends.map((end) => start + end))];
const keys = [...colliding, "", "é", "k".repeat(1_024), ...Array.from({ length: 40 }, (_, i) => `key-${i}`)];

const key = fc.constantFrom(...keys);
const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 16_384 }));
const act = fc.oneof(
  fc.record({ do: fc.constant("change" as const) }),
  fc.record({ do: fc.constant("resize" as const), length }),
  fc.record({ do: fc.constant("remove" as const) }),
  fc.record({ do: fc.constant("look" as const) }),
);
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant("one" as const), key, length, act }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("hash" as const), key, stop: key }) },
  fc.record({ do: fc.constant("all" as const) }),
  fc.record({ do: fc.constant("flush" as const) }),
  fc.record({ do: fc.constant("snapshot" as const) }),
  fc.record({ do: fc.constant("restart" as const) }),
);

describe("hot records", () => {
  let checked: Disposable;
  beforeAll(() => {
    checked = checkArenas();
  });
  afterAll(() => checked[Symbol.dispose]());

  it("are what a plain map is, however few fit into the arena and however often they are restored", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
        const disk = new MemoryDisk();
        let { store, records } = open(disk, "p0");
        const model = new Map<string, string>();
        const check = (address: number, key: string) => {
          expect(records.keyAt(address)).toBe(key);
          expect(records.hashAt(address)).toBe(hashOf(key));
          expect(bodyAt(records, address) === model.get(key), `the body of ${key}`).toBe(true);
        };
        let changes = 0;
        // Of the store at a moment, read later.
        let readSnapshot = () => {};
        const snapshot = () => {
          records.flush();
          const [taken, expected, seen] = [store.snapshot(), new Map(model), new Map<string, string>()];
          readSnapshot = () => {
            taken.forEach((_table, { key, value }) => void seen.set(key.toString(), value.toString("latin1")));
            taken.release();
            expect([...seen].sort(byKey)).toEqual([...expected].sort(byKey));
            readSnapshot = () => {};
          };
        };
        const apply = (address: number, key: string, { do: what, ...more }: { do: string; length?: number }) => {
          const text = `${++changes} `.repeat(20);
          const former = model.get(key)!;
          if (what === "remove") {
            records.remove(address);
            model.delete(key);
          } else if (what === "change") {
            model.set(key, text.slice(0, former.length) + former.slice(text.length));
            write(records, address, text.slice(0, former.length));
            records.changed(address);
          } else if (what === "resize") {
            const length = more.length!;
            const to = records.resize(address, length);
            expect(bodyAt(records, to).startsWith(former.slice(0, length))).toBe(true);
            model.set(key, (former + text.repeat(500)).slice(0, length));
            write(records, to, model.get(key)!);
            check(to, key);
          }
        };
        for (const [index, each] of steps.entries()) {
          if (each.do === "one") {
            const address = find(records, each.key);
            expect(address >= 0).toBe(model.has(each.key));
            if (address < 0) {
              model.set(each.key, `${++changes} `.repeat(8_192).slice(0, each.length));
              write(records, add(records, each.key, each.length), model.get(each.key)!);
            } else {
              check(address, each.key);
              apply(address, each.key, each.act);
            }
          } else if (each.do === "hash") {
            const seen = new Set<string>();
            const hash = hashOf(each.key);
            const withHash = [...model.keys()].filter((key) => hashOf(key) === hash);
            records.withHash(hash, (address) => {
              const key = records.keyAt(address);
              check(address, key);
              if (!seen.has(key)) apply(address, key, { do: "change" });
              seen.add(key);
              return key === each.stop;
            });
            if (withHash.includes(each.stop)) expect(seen).toContain(each.stop);
            else expect(seen).toEqual(new Set(withHash));
          } else if (each.do === "all") {
            const seen: string[] = [];
            records.forEach((address) => {
              seen.push(records.keyAt(address));
              check(address, seen.at(-1)!);
            });
            expect(seen.sort()).toEqual([...model.keys()].sort());
          } else if (each.do === "snapshot") {
            readSnapshot();
            snapshot();
          } else {
            records.flush();
            const { part } = store.checkpoint();
            if (each.do === "restart") {
              readSnapshot();
              store.close();
              ({ store, records } = open(disk, `p${index + 1}`, [JSON.parse(JSON.stringify(part))]));
            }
          }
          expect(records.size).toBe(model.size);
        }
        const left = new Map<string, string>();
        records.drain((address) => void left.set(records.keyAt(address), bodyAt(records, address)));
        readSnapshot();
        expect([...left].sort(byKey)).toEqual([...model].sort(byKey));
        expect([records.size, find(records, "é"), store.liveBytes]).toEqual([0, -1, 0]);
      }),
      { numRuns: 40 },
    );
  });

  it.each([0, 8 << 20])("are found and removed where there are many, in an arena of %i bytes", (arenaBytes) => {
    const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "p", memoryBytes: 8 << 20 });
    const records = new HotRecords({ table: store.table("records"), arenaBytes });
    const [count, key] = [20_000, (i: number) => `payment-${i * 7}`];
    for (let i = 0; i < count; i++) records.words[add(records, key(i), 40) >> 2] = i;
    for (let i = 0; i < count; i += 3) records.remove(find(records, key(i)));
    expect(records.size).toBe(count - Math.ceil(count / 3));
    const wrong: number[] = [];
    for (let i = count - 1; i >= 0; i--) {
      const address = find(records, key(i));
      if (address >= 0 === (i % 3 === 0) || (address >= 0 && records.words[address >> 2] !== i)) wrong.push(i);
    }
    expect(wrong).toEqual([]);
  });

  it("are found and made, whatever was said to be asked for next", () => {
    const { records } = open(new MemoryDisk(), "p");
    const name = (i: number) => (i % 7 === 0 ? "" : `payment-${i}`);
    const hashes = Int32Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? 0 : hashOf(name(i))));
    for (const count of [0, 1, 33, 200, 200, 64]) {
      records.touch(hashes, count);
      for (let i = 0; i < count + 40; i++) {
        const address = find(records, name(i));
        if (address < 0) records.words[add(records, name(i), 8) >> 2] = name(i).length;
        else expect(records.words[address >> 2]).toBe(name(i).length);
      }
    }
    expect(records.size).toBe(new Set(Array.from({ length: 240 }, (_, i) => name(i))).size);
  });

  it("grow where they are, where others did, and what is written of them has no room behind it", () => {
    const { store, records } = open(new MemoryDisk(), "p");
    const grow = (key: string) => {
      const address = find(records, key);
      const to = records.resize(address, 200);
      records.bytes.fill(1, to, to + 200);
      return to === address;
    };
    const [count, key] = [1_000, (i: number) => `payment-${i}`];
    let stayed = 0;
    for (let i = 0; i < count; i++) {
      const address = add(records, key(i), 100);
      records.bytes.fill(2, address, address + 100);
      // Others are behind it by then.
      if (i >= 10 && grow(key(i - 10))) stayed++;
    }
    expect(stayed).toBeGreaterThan(0.9 * count);
    records.flush();
    const perRecord = key(count).length + 200 + 8;
    expect(store.liveBytes).toBeLessThan(count * perRecord);
    expect(bodyAt(records, find(records, key(500)))).toBe("\u0001".repeat(200));
    expect(bodyAt(records, find(records, key(count - 1)))).toBe("\u0002".repeat(100));
  });

  it("are lost where one is changed and nobody says so: tests that check arenas find it", () => {
    const { records } = open(new MemoryDisk(), "p");
    const fill = (name: string) => {
      for (let i = 0; i < 100; i++) add(records, `${name}-${i}`, 8_192);
    };
    const address = add(records, "key", 8);
    records.bytes.fill(1, address, address + 8);
    records.flush();
    records.bytes[address] = 2;
    records.changed(address);
    fill("said");
    records.bytes[find(records, "key")] = 3;
    expect(() => fill("unsaid")).toThrow('"key" was changed, and nobody said so');
  });

  it("fail where the index of the store does not fit into its memory", () => {
    const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "p", memoryBytes: 100_000 });
    const records = new HotRecords({ table: store.table("records"), arenaBytes: 0 });
    const fill = () => {
      for (let i = 0; i < 20_000; i++) add(records, `key-${i}`, 100);
    };
    expect(fill).toThrow(expect.objectContaining({ code: "STATE_MEMORY_EXCEEDED" }));
  });
});
