import { describe, expect, it } from "vitest";
import { SimClock, Stuck } from "./sim-clock.ts";

describe("a simulated clock", () => {
  it("takes what waits in order of time, then of being asked for, and waits for nothing", async () => {
    const clock = new SimClock(1_000);
    const seen: string[] = [];
    for (const [name, ms] of [
      ["c", 30],
      ["a", 10],
      ["b", 10],
      ["d", 3_600_000],
    ] as const) {
      clock.after(ms, () => seen.push(`${name} ${clock.now()}`));
    }
    await clock.until(clock.sleep(3_600_001));
    expect(seen).toEqual(["a 1010", "b 1010", "c 1030", "d 3601000"]);
  });

  it("lets everything that an event causes happen before the next one", async () => {
    const clock = new SimClock(0);
    const seen: string[] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms);
      for (let i = 0; i < 20; i++) await undefined;
      seen.push(name);
    };
    await clock.until(Promise.all([sleeper("late", 2), sleeper("early", 1)]));
    expect(seen).toEqual(["early", "late"]);
  });

  it("says when what is waited for does not come", async () => {
    const clock = new SimClock(0);
    await expect(clock.until(new Promise(() => undefined))).rejects.toThrow(Stuck);
    await expect(clock.until(clock.sleep(1_000), 999)).rejects.toThrow(Stuck);
  });

  it("wakes at a signal", async () => {
    const clock = new SimClock(0);
    const stop = new AbortController();
    clock.after(5, () => stop.abort());
    await clock.until(clock.sleep(1_000, stop.signal));
    expect(clock.now()).toBe(5);
  });
});
