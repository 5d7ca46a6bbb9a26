import { setTimeout } from "node:timers/promises";

/** A length of time in milliseconds. Made by `seconds`, `minutes`, `hours` and `days`, so that a unit is always named. */
export type Duration = number & { readonly unit: "ms" };

/** Makes a duration of milliseconds. */
export const milliseconds = (n: number): Duration => n as Duration;
/** Makes a duration of seconds. */
export const seconds = (n: number): Duration => (n * 1_000) as Duration;
/** Makes a duration of minutes. */
export const minutes = (n: number): Duration => (n * 60_000) as Duration;
/** Makes a duration of hours. */
export const hours = (n: number): Duration => (n * 3_600_000) as Duration;
/** Makes a duration of 24-hour days; a calendar's days are another matter. */
export const days = (n: number): Duration => (n * 86_400_000) as Duration;

/** Processing time, handed in so that a run can be simulated. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  now(): number;
  /** Waits so many milliseconds, or until the signal comes. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
};

/** Before every event: a frontier or watermark that proves nothing. */
export const BEFORE_ALL_TIME = Number.NEGATIVE_INFINITY;

/** After every event: what the end of a stream proves. */
export const AFTER_ALL_TIME = Number.POSITIVE_INFINITY;

/** How far from the epoch a date can be, in ms, to both sides: some 270,000 years. All times to there are whole numbers exactly. */
export const FARTHEST_TIME = 8.64e15;

/** An event time as ISO 8601 in UTC, or `-` before all time. */
export function formatTime(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : "-";
}

/** `1d2h`, `3h5m`, `12s`: a length of time for people, two units at most. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? "-" : "";
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ];
  let rest = Math.abs(ms);
  const parts: string[] = [];
  for (const [name, size] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(`${n}${name}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? "0s" : sign + parts.join("");
}
