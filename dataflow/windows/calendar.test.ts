import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { zoneDays } from "./calendar.ts";

const HOUR = 3_600_000;

/** Zones with clocks that change at night, at midnight, by half an hour, or never, and one that left a day out. */
const ZONES = [
  ...["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Asia/Kathmandu"],
  ...["Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Pacific/Kiritimati", "America/Asuncion"],
];

const spanOf = (zone: string, time: string) => {
  const days = zoneDays(zone);
  const at = Date.parse(time);
  return [days.start(at), days.end(at)].map((ms) => new Date(ms).toISOString().slice(0, 16));
};

/** The date that calendars in a zone show. */
function dates(zone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  return (time) => format.format(time);
}

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

  it("have one date from their start to their end, and another one on both sides", () => {
    const times = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2037, 0, 1) });
    const known = new Map(ZONES.map((zone) => [zone, { days: zoneDays(zone), dateOf: dates(zone) }]));
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), times, (zone, time) => {
        const { days, dateOf } = known.get(zone)!;
        const [start, end] = [days.start(time), days.end(time)];
        expect(start <= time && time < end).toBe(true);
        const date = dateOf(time);
        expect([start, (start + end) / 2, end - 1].map(dateOf)).toEqual([date, date, date]);
        expect([dateOf(start - 1), dateOf(end)]).not.toContain(date);
        expect(end - start).toBeLessThanOrEqual(26 * HOUR);
        expect([days.start(start), days.start(end)]).toEqual([start, end]);
      }),
      { numRuns: Number(process.env["COUNTERCHECK_ALGEBRA_SEEDS"] ?? 50) * 4 },
    );
  });

  it("are arithmetic once they are known, and go as far back and ahead as dates do", () => {
    const days = zoneDays("Europe/Berlin");
    expect(days.end(-1e13) - days.start(-1e13)).toBe(24 * HOUR);
    expect(days.end(8e15) - days.start(8e15)).toBe(24 * HOUR);
    expect(() => zoneDays("Europe/Nowhere")).toThrow(RangeError);
  });
});
