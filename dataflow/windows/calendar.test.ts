import { describe, expect, it } from "vitest";
import { zoneDays } from "./calendar.ts";

const HOUR = 3_600_000;

const spanOf = (zone: string, time: string) => {
  const days = zoneDays(zone);
  const at = Date.parse(time);
  return [days.start(at), days.end(at)].map((ms) => new Date(ms).toISOString().slice(0, 16));
};

describe("days of a time zone", () => {
  it.each([
    ["a day in winter", "Europe/Berlin", "2026-01-15T12:00Z", "2026-01-14T23:00", "2026-01-15T23:00"],
    ["23 hours", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00", "2026-03-29T22:00"],
    ["25 hours", "Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00", "2026-10-25T23:00"],
    [
      "no midnight: clocks went on to 1 o'clock",
      "America/Sao_Paulo",
      "2018-11-04T12:00Z",
      "2018-11-04T03:00",
      "2018-11-05T02:00",
    ],
    [
      "two midnights, of which the first begins it",
      "America/St_Johns",
      "2007-11-04T12:00Z",
      "2007-11-04T02:30",
      "2007-11-05T03:30",
    ],
    ["before a day that was left out", "Pacific/Apia", "2011-12-29T12:00Z", "2011-12-29T10:00", "2011-12-30T10:00"],
    ["behind it", "Pacific/Apia", "2011-12-30T12:00Z", "2011-12-30T10:00", "2011-12-31T10:00"],
  ])("%s: %s", (_, zone, time, start, end) => {
    expect(spanOf(zone, time)).toEqual([start, end]);
  });

  it("are arithmetic once they are known, and go as far back and ahead as dates do", () => {
    const days = zoneDays("Europe/Berlin");
    expect(days.end(-1e13) - days.start(-1e13)).toBe(24 * HOUR);
    expect(days.end(8e15) - days.start(8e15)).toBe(24 * HOUR);
    expect(() => zoneDays("Europe/Nowhere")).toThrow(RangeError);
  });
});
