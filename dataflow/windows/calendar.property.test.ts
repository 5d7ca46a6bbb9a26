import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { zoneDays } from "./calendar.ts";

const HOUR = 3_600_000;

/** Zones with clocks that change at night, at midnight, by half an hour, or never, and one that left a day out. */
const ZONES = [
  ...["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Asia/Kathmandu"],
  ...["Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Pacific/Kiritimati", "America/Asuncion"],
];

describe("days of time zones", () => {
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
      { numRuns: Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50) * 4 },
    );
  });
});

/** The date that calendars in a zone show. */
function dates(zone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  return (time) => format.format(time);
}
