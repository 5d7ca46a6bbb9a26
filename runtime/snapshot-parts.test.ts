import { describe, expect, it } from "vitest";
import { ByteReader } from "../base/bytes.ts";
import { MemoryDisk } from "../base/memory-disk.ts";
import { StateStore } from "../state/state-store.ts";
import { partsOfGroup, SnapshotParts } from "./snapshot-parts.ts";
import type { CheckpointPart } from "./task.ts";

const MIB = 1 << 20;

/** A store with records of 1,000 bytes, in key group 3 of one table. */
function filled(records: number) {
  const store = new StateStore({ disk: new MemoryDisk(), dir: "state", prefix: "t", memoryBytes: 16 * MIB });
  const table = store.table("rows");
  for (let i = 0; i < records; i++) put(table, i, 0);
  return { store, table };
}

function put(table: ReturnType<StateStore["table"]>, number: number, version: number): void {
  const key = Buffer.from(`key ${number}`);
  const record = Buffer.alloc(1_000, version);
  table.put(3, key, 0, key.length, record, 0, record.length);
}

function recordsOf(parts: readonly CheckpointPart[]): Map<string, number> {
  const records = new Map<string, number>();
  for (const { bytes } of parts) {
    const input = new ByteReader(bytes);
    while (!input.isAtEnd) records.set(input.block().toString(), input.block()[0]!);
  }
  return records;
}

describe("the parts of a key group", () => {
  it("are as many as it takes, none of them large", () => {
    const { store } = filled(5_000);
    const parts = [...partsOfGroup(store.snapshot(), { uid: "rows", table: "rows", keyGroup: 3 })];
    expect(parts.length).toBeGreaterThan(3);
    expect(Math.max(...parts.map(({ bytes }) => bytes.length))).toBeLessThan(MIB + 2_000);
    expect(recordsOf(parts).size).toBe(5_000);
    expect(parts.every(({ uid, keyGroup }) => uid === "rows" && keyGroup === 3)).toBe(true);
  });

  it("are none of one that has no records", () => {
    const snapshot = filled(1).store.snapshot();
    expect([...partsOfGroup(snapshot, { uid: "rows", table: "rows", keyGroup: 4 })]).toEqual([]);
    expect([...partsOfGroup(snapshot, { uid: "rows", table: "others", keyGroup: 3 })]).toEqual([]);
  });

  it("are as they were at the barrier, whatever changes between one and the next", () => {
    const { store, table } = filled(3_000);
    const snapshot = store.snapshot();
    const records = { uid: "rows", table: "rows", keyGroup: 3 };
    const parts = new SnapshotParts([], partsOfGroup(snapshot, records), snapshot);
    const taken: CheckpointPart[] = [];
    for (let part = parts.next(); part !== undefined; part = parts.next()) {
      taken.push(part);
      for (let i = 0; i < 3_000; i++) put(table, i, taken.length);
      store.tidy();
    }
    expect(recordsOf(taken).size).toBe(3_000);
    expect(new Set(recordsOf(taken).values())).toEqual(new Set([0]));
  });
});
