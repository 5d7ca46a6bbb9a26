import { describe, expect, it } from "vitest";
import { RecordRoom } from "./record-room.ts";

/** So many records are made, each of which grows by all of these. */
function make(room: RecordRoom, records: number, ...growth: number[]): void {
  for (let i = 0; i < records; i++) {
    room.made();
    for (const bytes of growth) room.grew(bytes);
  }
}

describe("room behind a record", () => {
  it("is what nearly all need that grow, where most do", () => {
    const room = new RecordRoom();
    expect(room.bytes).toBe(0);
    for (let i = 0; i < 1_000; i++) make(room, 1, 120 + 8 * (i % 3));
    expect(room.bytes).toBeGreaterThan(128);
    expect(room.bytes).toBeLessThan(152);
  });

  it("is enough for several rows, where records get several", () => {
    const room = new RecordRoom();
    make(room, 1_000, 96, 96, 96);
    expect(room.bytes).toBeGreaterThan(270);
    expect(room.bytes).toBeLessThan(330);
  });

  it("is not there where few grow, and not for ever where many grew once", () => {
    const room = new RecordRoom();
    for (let i = 0; i < 1_000; i++) {
      make(room, 9);
      make(room, 1, 100);
    }
    expect(room.bytes).toBe(0);
    make(room, 100_000, 100);
    expect(room.bytes).toBeGreaterThan(90);
    make(room, 100_000);
    expect(room.bytes).toBe(0);
  });

  it("is a number where records grow by a byte at a time", () => {
    const room = new RecordRoom();
    for (let i = 0; i < 1_000; i++) {
      make(room, 1, 1, 1, 1);
      expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).toContain(room.bytes);
    }
  });

  it("is bounded", () => {
    const room = new RecordRoom();
    make(room, 10_000, 16_000);
    expect(room.bytes).toBe(1_024);
  });
});
