import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
