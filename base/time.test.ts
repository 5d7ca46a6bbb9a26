import { expect, it } from "vitest";
import {
  BEFORE_ALL_TIME,
  days,
  formatDuration,
  formatTime,
  hours,
  milliseconds,
  minutes,
  seconds,
  systemClock,
} from "./time.ts";

it("durations are milliseconds, made with their unit", () => {
  expect([milliseconds(5), seconds(5), minutes(5), hours(5), days(5)]).toEqual([
    5, 5_000, 300_000, 18_000_000, 432_000_000,
  ]);
});

it.each([
  [0, "0s"],
  [1, "1ms"],
  [12_000, "12s"],
  [3 * 3_600_000 + 5 * 60_000 + 9_000, "3h5m"],
  [26 * 3_600_000, "1d2h"],
  [86_400_000 + 1, "1d1ms"],
  [-90_000, "-1m30s"],
])("%i ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

it("event times are shown in UTC, and before all time as a dash", () => {
  expect([formatTime(0), formatTime(BEFORE_ALL_TIME)]).toEqual(["1970-01-01T00:00:00.000Z", "-"]);
});

it("the system's clock is the machine's", () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
});
