import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { KeyedEntries } from "./keyed-entries.ts";
import { StateStore, type StorePart } from "./state-store.ts";
import { TimerQueue } from "./timer-queue.ts";

const MIB = 1 << 20;

/** A value that operators change in place. */
interface Counter {
  count: number;
}

const counters = {
  write: ({ count }: Counter, out: ByteWriter) => out.uint(count),
  read: (input: ByteReader): Counter => ({ count: input.uint() }),
};
const texts = {
  write: (text: string, out: ByteWriter) => out.text(text),
  read: (input: ByteReader) => input.text(),
};

/** An operator's state: two states and two kinds of timers, in a cache of a few records. */
function open(disk: MemoryDisk, prefix: string, parts: readonly StorePart[] = []) {
  const store = new StateStore({ disk, dir: "state", prefix, memoryBytes: 8 * MIB });
  const entries = new KeyedEntries(store.table("keys"), 5_000);
  const counts = entries.state<Counter>(counters);
  const names = entries.state<string>(texts);
  const early = entries.timers(new TimerQueue());
  const late = entries.timers(new TimerQueue());
  store.restore(parts, () => true);
  entries.recover();
  return { store, entries, counts, names, early, late };
}

const key = fc.constantFrom("a", "b", "c", "d", "é", "\u{1F600}", ...Array.from({ length: 12 }, (_, i) => `key-${i}`));
const step = fc.oneof(
  fc.record({ do: fc.constant("bump" as const), key }),
  fc.record({ do: fc.constant("name" as const), key, text: fc.string() }),
  fc.record({ do: fc.constant("forget" as const), key }),
  fc.record({ do: fc.constant("unname" as const), key }),
  fc.record({ do: fc.constant("early" as const), key, time: fc.integer({ min: -5, max: 50 }) }),
  fc.record({ do: fc.constant("late" as const), key, time: fc.integer({ min: -5, max: 50 }) }),
  fc.record({ do: fc.constant("unset" as const), key, time: fc.integer({ min: -5, max: 50 }) }),
  fc.record({ do: fc.constant("fire" as const), through: fc.integer({ min: -5, max: 50 }) }),
  fc.record({ do: fc.constant("restart" as const) }),
);

describe("keyed entries", () => {
  it("are what a plain map and sorted timers are, however small their cache and however often they are restored", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const disk = new MemoryDisk();
        let state = open(disk, "p0");
        const counts = new Map<string, number>();
        const names = new Map<string, string>();
        const timers = { early: new Set<string>(), late: new Set<string>() };
        for (const [index, each] of steps.entries()) {
          switch (each.do) {
            case "bump": {
              const known = state.counts.get(each.key);
              if (known === undefined) state.counts.set(each.key, { count: 1 });
              else known.count++;
              counts.set(each.key, (counts.get(each.key) ?? 0) + 1);
              break;
            }
            case "name":
              state.names.set(each.key, each.text);
              names.set(each.key, each.text);
              break;
            case "forget":
              state.counts.delete(each.key);
              counts.delete(each.key);
              break;
            case "unname":
              state.names.delete(each.key);
              names.delete(each.key);
              break;
            case "early":
            case "late":
              state[each.do].register(each.key, each.time);
              timers[each.do].add(JSON.stringify([each.time, each.key]));
              break;
            case "unset": {
              // The earliest of the key's, as a rule, so that most times there is one.
              const [first] = [...timers.early].filter((timer) => JSON.parse(timer)[1] === each.key);
              const time = first === undefined ? each.time : JSON.parse(first)[0];
              state.early.remove(each.key, time);
              timers.early.delete(JSON.stringify([time, each.key]));
              break;
            }
            case "fire":
              expect(fired(state.early, each.through)).toEqual(take(timers.early, each.through));
              break;
            case "restart": {
              state.entries.flush();
              const { part } = state.store.checkpoint();
              state = open(disk, `p${index + 1}`, [part]);
            }
          }
          state.entries.trim();
          expect([state.counts.size, state.names.size]).toEqual([counts.size, names.size]);
        }
        const found: [string, number][] = [];
        state.counts.forEach((name, { count }) => {
          found.push([name, count]);
        });
        expect(found.sort()).toEqual([...counts].sort());
        for (const [name, text] of names) expect(state.names.get(name)).toBe(text);
        expect(fired(state.late, 100)).toEqual(take(timers.late, 100));
        expect(fired(state.early, 100)).toEqual(take(timers.early, 100));
      }),
    );
  });

  it("keep more in memory where their codec says that it takes less there", () => {
    const decoded = (weightPerByte: number) => {
      const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "p", memoryBytes: 8 * MIB });
      const entries = new KeyedEntries(store.table("keys"), 100_000);
      let reads = 0;
      const names = entries.state<string>({
        ...texts,
        weightPerByte,
        read: (input) => {
          reads++;
          return input.text();
        },
      });
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
      for (const each of keys) names.set(each, "x".repeat(500));
      entries.flush();
      entries.trim();
      for (const each of keys) names.get(each);
      return reads;
    };
    expect(decoded(3)).toBe(0);
    expect(decoded(14)).toBeGreaterThan(20);
  });

  it("keep more in memory where values are left as bytes, until they are objects", () => {
    const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "p", memoryBytes: 8 * MIB });
    const entries = new KeyedEntries(store.table("keys"), 100_000);
    let reads = 0;
    const names = entries.state<{ text: string; areObjects: boolean }>({
      bytesLeft: ({ text, areObjects }) => (areObjects ? 0 : text.length),
      write: ({ text }, out) => out.text(text),
      read(input) {
        reads++;
        return { text: input.text(), areObjects: false };
      },
    });
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
    for (const each of keys) names.set(each, { text: "x".repeat(500), areObjects: false });
    entries.flush();
    entries.trim();
    for (const each of keys) names.get(each)!.areObjects = true;
    expect(reads).toBe(0);
    entries.trim();
    for (const each of keys) names.get(each);
    expect(reads).toBeGreaterThan(20);
  });

  it("give no timer that was removed, before or behind a restore, unless it was registered again", () => {
    const disk = new MemoryDisk();
    const before = open(disk, "p0");
    for (const time of [1, 2, 3, 4]) before.early.register("a", time);
    before.late.register("a", 1);
    before.early.remove("a", 1);
    before.early.remove("a", 1);
    before.early.remove("unknown", 1);
    before.entries.flush();
    const { part } = before.store.checkpoint();
    const { early, late } = open(disk, "p1", [part]);
    early.remove("a", 2);
    early.remove("a", 3);
    early.register("a", 3);
    expect(fired(early, 9)).toEqual(['[3,"a"]', '[4,"a"]']);
    expect(fired(late, 9)).toHaveLength(1);
  });

  it("leave nothing behind of a key when its last timer is removed", () => {
    const { store, entries, early } = open(new MemoryDisk(), "p");
    early.register("a", 5);
    entries.flush();
    expect(records(store)).toBe(1);
    early.remove("a", 5);
    entries.flush();
    expect(records(store)).toBe(0);
    expect(early.next(9)).toBe(undefined);
  });

  it("leave nothing behind when nothing is left of a key", () => {
    const { store, entries, counts, early } = open(new MemoryDisk(), "p");
    counts.set("a", { count: 1 });
    early.register("a", 5);
    entries.flush();
    expect(records(store)).toBe(1);
    counts.delete("a");
    early.next(5);
    entries.flush();
    expect(records(store)).toBe(0);
  });

  it("keep one that is larger than their cache while it is asked for, and let go of it behind others", () => {
    const { entries, counts, reads } = withGiant();
    for (let round = 0; round < 50; round++) {
      counts.get("giant")!.count++;
      for (let other = 0; other < 20; other++) counts.set(`key ${round} ${other}`, { count: 1 });
      entries.trim();
      if (round % 10 === 0) entries.flush();
    }
    expect(reads()).toBe(0);
    expect(counts.get("giant")!.count).toBe(GIANT + 50);
    for (let other = 0; other < 200; other++) {
      counts.set(`key ${other}`, { count: 1 });
      entries.trim();
    }
    expect(counts.get("giant")!.count).toBe(GIANT + 50);
    expect(reads()).toBe(1);
  });

  it("take others for as heavy as they are, however often a heavy one is written", () => {
    const { entries, counts, reads } = withGiant();
    for (let round = 0; round < 100; round++) {
      counts.get("giant")!.count++;
      entries.flush();
    }
    counts.set("a", { count: 1 });
    counts.set("b", { count: 1 });
    entries.trim();
    expect([counts.get("a"), counts.get("b")]).toEqual([{ count: 1 }, { count: 1 }]);
    expect(reads()).toBe(0);
  });
});

const GIANT = 1e9;

/** Entries whose cache is smaller than one of them, which is there; `reads`: how often one was read since. */
function withGiant() {
  const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "giant", memoryBytes: 8 * MIB });
  const entries = new KeyedEntries(store.table("keys"), 20_000);
  let reads = 0;
  const counts = entries.state<Counter>({
    weightPerByte: 1,
    write({ count }, out) {
      out.uint(count);
      if (count >= GIANT) out.text("x".repeat(200_000));
    },
    read(input) {
      reads++;
      return { count: input.uint() };
    },
  });
  for (let other = 0; other < 100; other++) counts.set(`small ${other}`, { count: 1 });
  counts.set("giant", { count: GIANT });
  entries.flush();
  reads = 0;
  return { entries, counts, reads: () => reads };
}

/** Keys that have a record. */
function records(store: StateStore): number {
  const snapshot = store.snapshot();
  let count = 0;
  snapshot.forEach(() => {
    count++;
  });
  snapshot.release();
  return count;
}

function fired(queue: { next(through: number): { key: string; time: number } | undefined }, through: number): string[] {
  const due: string[] = [];
  for (let timer = queue.next(through); timer !== undefined; timer = queue.next(through)) {
    due.push(JSON.stringify([timer.time, timer.key]));
  }
  return due;
}

function take(timers: Set<string>, through: number): string[] {
  const due = [...timers].map((text) => JSON.parse(text) as [number, string]).filter(([time]) => time <= through);
  due.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  for (const timer of due) timers.delete(JSON.stringify(timer));
  return due.map((timer) => JSON.stringify(timer));
}
