import { expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { seededRandom } from "../base/random.ts";
import { hashBytes, keyGroupOf } from "./key-groups.ts";
import { StateStore } from "./state-store.ts";

const open = (memoryBytes: number, disk = new MemoryDisk(), prefix = "a") =>
  new StateStore({ disk, dir: "state", prefix, memoryBytes });

const keyOf = (number: number) => {
  const bytes = Buffer.from(`key-${number}`);
  const hash = hashBytes(bytes, 0, bytes.length);
  return { bytes, hash, group: keyGroupOf(hash) };
};

it("a table lacks no key that it has, and of most others it tells that it lacks them, however many come and go", () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const table = open(1 << 24).table("t");
  const there = new Set<number>();
  const put = (number: number) => {
    const { bytes, hash, group } = keyOf(number);
    const to = [group, bytes, 0, bytes.length, bytes, 0, bytes.length, hash] as const;
    if (there.has(number) || random.chance(0.5)) table.put(...to);
    else table.putNew(...to);
    there.add(number);
  };
  const remove = (number: number) => {
    const { bytes, group } = keyOf(number);
    table.remove(group, bytes, 0, bytes.length);
    there.delete(number);
  };
  for (let i = 0; i < 1_000; i++) put(i);
  for (let round = 1; round < 30; round++) {
    const from = round * 1_000;
    expect(table.lacks(keyOf(from).hash) || !there.has(from), `seed ${seed}`).toBe(true);
    for (let i = from; i < from + 1_000; i++) {
      put(i);
      if (random.chance(0.8)) remove(i - random.below(1_000));
    }
    const lost = [...there].filter((number) => table.lacks(keyOf(number).hash));
    expect(lost, `seed ${seed}`).toEqual([]);
  }
  let unknown = 0;
  for (let i = 0; i < 10_000; i++) if (!table.lacks(keyOf(-1 - i).hash)) unknown++;
  expect(unknown, `seed ${seed}`).toBeLessThan(1_600);
});

it("a table with little memory left has no filter, and so tells nothing", () => {
  const store = open(600_000);
  const table = store.table("t");
  for (let i = 0; i < 20_000; i++) {
    const { bytes, hash, group } = keyOf(i);
    table.put(group, bytes, 0, bytes.length, bytes, 0, bytes.length, hash);
  }
  const { memory } = store;
  expect(table.lacks(keyOf(-1).hash)).toBe(false);
  expect(store.memory).toBe(memory);
});

it("a table that was restored has all its keys", async () => {
  const disk = new MemoryDisk();
  const former = open(1 << 24, disk);
  const { bytes, hash, group } = keyOf(7);
  former.table("t").put(group, bytes, 0, bytes.length, bytes, 0, bytes.length, hash);
  const { part, durable } = former.checkpoint();
  await durable;
  const store = open(1 << 24, disk, "b");
  const table = store.table("t");
  expect(table.lacks(hash)).toBe(true);
  store.restore([part], () => true);
  expect(table.lacks(hash)).toBe(false);
  expect(table.lacks(keyOf(8).hash)).toBe(true);
});
