import { expect, it } from "vitest";
import type { MinutesSample } from "./minutes.ts";
import { settlingOf } from "./settling.ts";

/** Every ten seconds of half an hour, by minute. */
function samplesOf(rssMb: (minute: number) => number): MinutesSample[] {
  return Array.from({ length: 181 }, (_, i) => ({
    ...{ seconds: i * 10, events: i, cpuSeconds: i, rssMb: rssMb(i / 6), heapMb: 100, externalMb: 200 },
    ...{ days: i, keys: 1, stateMb: 1, outputMb: 1 },
  }));
}

it("memory that rises for five minutes and stays then has not grown", () => {
  const settling = settlingOf(samplesOf((minute) => Math.min(minute, 5) * 200));
  expect(settling).toMatchObject({ warmFrom: 300, middleMb: 1000, lastMb: 1000, hasGrown: false });
  expect(settling.slopes.rssMb).toBe(0);
});

it("garbage that comes and goes is no growth", () => {
  expect(settlingOf(samplesOf((minute) => 900 + (Math.floor(minute * 6) % 7) * 40)).hasGrown).toBe(false);
});

it("what is lost each minute is found, with how much it is", () => {
  const settling = settlingOf(samplesOf((minute) => 900 + 4 * minute));
  expect(settling.slopes).toEqual({ rssMb: 4, heapMb: 0, externalMb: 0 });
  expect(settling.hasGrown).toBe(true);
});
