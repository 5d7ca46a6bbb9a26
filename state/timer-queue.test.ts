import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { TimerQueue } from "./timer-queue.ts";

const drain = (queue: TimerQueue, through = Number.POSITIVE_INFINITY) => {
  const fired: string[] = [];
  for (let due = queue.next(through); due !== undefined; due = queue.next(through))
    fired.push(`${due.time} ${due.key}`);
  return fired;
};

describe("timers", () => {
  it("fire by time, then key, whatever the order in which they were registered", () => {
    const timer = fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: -5, max: 5 }));
    fc.assert(
      fc.property(fc.array(timer, { maxLength: 60 }), fc.integer({ min: -6, max: 6 }), (timers, through) => {
        const queue = new TimerQueue();
        for (const [key, time] of timers) queue.register(key, time);
        const texts = [...new Set(timers.map(([key, time]) => JSON.stringify([time, key])))];
        const all = texts
          .map((text) => JSON.parse(text) as [number, string])
          .sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
        const lines = (some: [number, string][]) => some.map(([time, key]) => `${time} ${key}`);
        expect(drain(queue, through)).toEqual(lines(all.filter(([time]) => time <= through)));
        expect(drain(queue)).toEqual(lines(all.filter(([time]) => time > through)));
        expect(queue.size).toBe(0);
      }),
    );
  });

  it("registered twice fire once", () => {
    const queue = new TimerQueue();
    for (const time of [7, 7, 8, 7]) queue.register("k", time);
    expect(drain(queue)).toEqual(["7 k", "8 k"]);
  });

  it("may be registered while others fire, also before them", () => {
    const queue = new TimerQueue();
    queue.register("k", 5);
    expect(queue.next(10)).toEqual({ key: "k", time: 5 });
    queue.register("k", 3);
    queue.register("j", 11);
    expect([drain(queue, 10), queue.size]).toEqual([["3 k"], 1]);
  });

  it("at minus infinity fire first", () => {
    const queue = new TimerQueue();
    queue.register("late", 1);
    queue.register("seed", Number.NEGATIVE_INFINITY);
    expect(drain(queue)).toEqual(["-Infinity seed", "1 late"]);
  });

  it("of an empty queue are none", () => expect(new TimerQueue().next(Number.POSITIVE_INFINITY)).toBe(undefined));
});

describe("timers of which few are in memory", () => {
  const register = fc.record({
    key: fc.constantFrom("a", "b", "é", "a long key that takes more than a few bytes"),
    time: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constant(Number.NEGATIVE_INFINITY)),
  });
  const step = fc.oneof({ weight: 4, arbitrary: register }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 400 }) });

  it("fire as a sorted list of them would, and leave no files", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500, size: "max" }), (steps) => {
        const disk = new MemoryDisk();
        const queue = new TimerQueue({ disk, dir: "timers", prefix: "q", near: 8 });
        const expected = new Map<string, { key: string; time: number }>();
        const fire = (through: number, most: number) => {
          const due = [...expected.values()].filter(({ time }) => time <= through);
          due.sort((a, b) => (a.time === b.time ? (a.key < b.key ? -1 : 1) : a.time - b.time));
          for (const timer of due.slice(0, most)) {
            expect(queue.next(through)).toEqual(timer);
            expected.delete(`${timer.time} ${timer.key}`);
          }
          if (due.length < most) expect(queue.next(through)).toBe(undefined);
        };
        for (const one of steps) {
          if (typeof one === "number") fire(one, 3);
          else {
            queue.register(one.key, one.time);
            expected.set(`${one.time} ${one.key}`, one);
          }
          expect(queue.size).toBeGreaterThanOrEqual(expected.size);
        }
        fire(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
        expect([queue.size, disk.list("timers")]).toEqual([0, []]);
      }),
      { numRuns: 30 },
    );
  });

  it("remove their files when they are closed", () => {
    const disk = new MemoryDisk();
    const queue = new TimerQueue({ disk, dir: "timers", prefix: "q", near: 4 });
    for (let i = 0; i < 20; i++) queue.register("k", i);
    expect([queue.size, disk.list("timers").length]).toEqual([20, 8]);
    queue.close();
    expect(disk.list("timers")).toEqual([]);
  });

  it("take few files, however many they are, and no room when they are registered again", () => {
    const disk = new MemoryDisk();
    const queue = new TimerQueue({ disk, dir: "timers", prefix: "q", near: 4 });
    for (let i = 0; i < 4 + 2 * 40; i++) queue.register("k", i);
    expect(disk.list("timers").length).toBe(2 + 8);
    for (let i = 0; i < 1000; i++) queue.register("k", 0);
    expect(queue.size).toBeLessThanOrEqual(4 + 2 * 41);
    expect(disk.list("timers").length).toBeLessThanOrEqual(2 + 8 + 1);
    expect(drain(queue).length).toBe(4 + 2 * 40);
    for (let i = 0; i < 5000; i++) queue.register("k", i % 50);
    expect(queue.size).toBeLessThan(1500);
    expect(drain(queue).length).toBe(50);
  });
});
