import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { TimerLanes } from "./timer-lanes.ts";

const open = (disk = new MemoryDisk(), near = 32) => new TimerLanes({ disk, dir: "temporary", prefix: "a", near });
const drain = (lanes: TimerLanes, through = Number.POSITIVE_INFINITY) => {
  const taken: string[] = [];
  lanes.take(through, (time, hash) => taken.push(`${time} ${hash}`));
  return taken.sort();
};

/** Runs of alarms, each going on from a time in steps of its own: forwards, backwards, all at once, far off. */
const run = fc.record({
  do: fc.constant("set" as const),
  from: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constantFrom(1e15 + 0.5, -5e12, 0.25)),
  step: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(-1, 0.5, 1e10, -3)),
  count: fc.integer({ min: 1, max: 60 }),
  hash: fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }),
});
const take = fc.record({
  do: fc.constant("take" as const),
  through: fc.integer({ min: -10, max: 2_500 }),
  // Each that is taken sets so many others, this far ahead of it.
  more: fc.integer({ min: 0, max: 2 }),
  ahead: fc.integer({ min: -20, max: 300 }),
});

describe("alarms", () => {
  it("are taken when they are due, whatever the order in which they were set", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(run, take), { maxLength: 60, size: "max" }), (steps) => {
        const disk = new MemoryDisk();
        const lanes = open(disk);
        let model: [number, number][] = [];
        const set = (time: number, hash: number) => {
          lanes.set(time, hash);
          model.push([time, hash]);
        };
        for (const each of steps) {
          if (each.do === "set") {
            for (let i = 0; i < each.count; i++) set(each.from + i * each.step, (each.hash + i) | 0);
            continue;
          }
          const { through, more, ahead } = each;
          let left = 300;
          const seen: string[] = [];
          lanes.take(through, (time, hash) => {
            seen.push(`${time} ${hash}`);
            for (let i = 0; i < more && left > 0; i++, left--) set(Math.max(time, 0) + ahead + i, hash ^ i);
          });
          const due = model.filter(([time]) => time <= through).map(([time, hash]) => `${time} ${hash}`);
          expect(seen.sort()).toEqual(due.sort());
          model = model.filter(([time]) => time > through);
        }
        expect(drain(lanes)).toEqual(model.map(([time, hash]) => `${time} ${hash}`).sort());
        expect(drain(lanes)).toEqual([]);
        lanes.close();
        expect(disk.list("temporary")).toEqual([]);
      }),
    );
  });

  it("of a long lane are in a file, which must be as it was written", () => {
    const disk = new MemoryDisk();
    const lanes = open(disk);
    for (let i = 0; i < 20; i++) lanes.set(i, -i);
    const file = disk.open("temporary/a.alarms", "update");
    file.write(Buffer.of(1), 30);
    expect(() => drain(lanes)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
  });

  it("are all taken where what came first leaves no lane to the others", () => {
    const disk = new MemoryDisk();
    const lanes = open(disk);
    // Each far, and earlier than the one before it.
    for (let i = 0; i < 16; i++) lanes.set(1e9 - i, i);
    for (let i = 0; i < 1_000; i++) lanes.set(i, i);
    const seen: number[] = [];
    lanes.take(1e6, (time) => seen.push(time));
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(drain(lanes)).toHaveLength(16);
  });

  it("are nearly all in the file where they come in no order, and all taken, while others are set", () => {
    const disk = new MemoryDisk();
    const lanes = open(disk);
    const count = 20_000;
    for (let i = count; i > 0; i--) lanes.set(i, i);
    // Two alarms in a block of 40 bytes.
    expect((disk.open("temporary/a.alarms", "read").size() / 40) * 2).toBeGreaterThan(count - 500);
    const seen: number[] = [];
    lanes.take(2 * count, (time) => {
      seen.push(time);
      if (time <= count) lanes.set(2 * count + 1 - time, 0);
    });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * count }, (_, i) => i + 1));
    expect(drain(lanes)).toEqual([]);
  });
});
