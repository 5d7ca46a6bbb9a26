import { describe, expect, it } from "vitest";
import { ByteReader } from "../base/bytes.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { StateStore } from "../state/state-store.ts";
import { SnapshotParts } from "./snapshot-parts.ts";
import type { CheckpointPart } from "./task.ts";

const MIB = 1 << 20;
const GROUPS = 4;

/** A store with records of 1,000 bytes, spread over the key groups of one table. */
function filled(records: number) {
  const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "t", memoryBytes: 16 * MIB });
  const table = store.table("rows");
  for (let i = 0; i < records; i++) put(table, i, 0);
  return { store, table };
}

function put(table: ReturnType<StateStore["table"]>, number: number, version: number): void {
  const key = Buffer.from(`key ${number}`);
  const record = Buffer.alloc(1_000, version);
  table.put(number % GROUPS, key, 0, key.length, record, 0, record.length);
}

function partsOf(store: StateStore, keyed: readonly CheckpointPart[] = []): SnapshotParts {
  return new SnapshotParts({ own: [], keyed, uids: new Map([["rows", "uid"]]), snapshot: store.snapshot() });
}

/** What each call gave. */
function taken(parts: SnapshotParts, meanwhile = () => {}): (readonly CheckpointPart[])[] {
  const steps: (readonly CheckpointPart[])[] = [];
  for (let some = parts.next(); some !== undefined; some = parts.next()) {
    steps.push(some);
    meanwhile();
  }
  return steps;
}

function recordsOf(parts: readonly CheckpointPart[]): Map<string, number> {
  const records = new Map<string, number>();
  for (const { keyGroup, bytes } of parts) {
    const input = new ByteReader(bytes);
    while (!input.isAtEnd) {
      const key = input.block().toString();
      expect(Number(key.slice("key ".length)) % GROUPS).toBe(keyGroup);
      records.set(key, input.block()[0]!);
    }
  }
  return records;
}

describe("the parts of a snapshot", () => {
  it("have all records by key group, and none of them is large, nor what is done at a call", () => {
    const { store } = filled(5_000);
    const steps = taken(partsOf(store));
    expect(steps.length).toBeGreaterThan(15);
    const parts = steps.flat();
    expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThan(MIB / 8);
    expect(recordsOf(parts).size).toBe(5_000);
    expect(parts.every(({ uid }) => uid === "uid")).toBe(true);
  });

  it("have those with them that are of a key group and not in the store", () => {
    const split = { uid: "split", keyGroup: 7, bytes: Buffer.from("position") };
    expect(taken(partsOf(filled(0).store, [split])).flat()).toEqual([split]);
  });

  it("have nothing of tables that nobody names", () => {
    const { store } = filled(1);
    const other = store.table("others");
    other.put(0, Buffer.from("key"), 0, 3, Buffer.from("value"), 0, 5);
    expect(recordsOf(taken(partsOf(store)).flat()).size).toBe(1);
  });

  it("are as they were at the barrier, whatever changes between one and the next", () => {
    const { store, table } = filled(3_000);
    const { liveBytes } = store;
    let version = 0;
    const parts = taken(partsOf(store), () => {
      version++;
      for (let i = 0; i < 3_000; i += 7) put(table, i, version);
      for (let i = 1; i < 3_000; i += 7) {
        const key = Buffer.from(`key ${i}`);
        table.remove(i % GROUPS, key, 0, key.length);
      }
      store.tidy();
    }).flat();
    expect(version).toBeGreaterThan(5);
    const records = recordsOf(parts);
    expect(records.size).toBe(3_000);
    expect(new Set(records.values())).toEqual(new Set([0]));
    expect(store.memory).toBeLessThan(2 * liveBytes + 5 * MIB);
  });
});
