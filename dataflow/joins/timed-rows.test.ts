import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimedRows } from "./timed-rows.ts";

describe("rows with their times", () => {
  const all = (rows: TimedRows<string>) =>
    Array.from({ length: rows.count }, (_, place) => [rows.timeAt(place), rows.rowAt(place)]);

  it("are what a sorted list is, whatever is dropped before", () => {
    const step = fc.oneof(fc.record({ time: fc.integer({ min: 0, max: 9 }) }), fc.record({ drop: fc.nat(6) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rows = new TimedRows<string>();
        let naive: (readonly [number, string])[] = [];
        for (const [at, one] of steps.entries()) {
          if ("time" in one) {
            rows.insert(rows.behind(one.time), one.time, `${at}`);
            naive = [...naive, [one.time, `${at}`] as const].sort(([a], [b]) => a - b);
          } else {
            rows.dropFirst(Math.min(one.drop, rows.count));
            naive = naive.slice(one.drop);
          }
          expect(all(rows)).toEqual(naive);
          expect(rows.behind(5)).toBe(naive.filter(([time]) => time <= 5).length);
          expect([rows.timeAt(rows.count), rows.rowAt(-1)]).toEqual([undefined, undefined]);
        }
      }),
    );
  });

  it("go one by one without moving all others each time", { timeout: 5_000 }, () => {
    const rows = new TimedRows<string>();
    for (let time = 0; time < 1_000_000; time++) rows.insert(time, time, "row");
    while (rows.count > 0) rows.dropFirst(1);
    expect(rows.timeAt(0)).toBeUndefined();
  });
});
