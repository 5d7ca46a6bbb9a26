import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { businessDays, cutoff } from "./business-days.ts";
import { type BusinessCalendar, CALENDARS, calendar } from "./calendar.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Australia/Lord_Howe"];
const OWN = calendar("own", { zone: "Asia/Dubai", weekend: ["friday"], holidays: ["2026-03-02", "2026-03-03"] });

describe("business days", () => {
  it("are those that one finds by going from day to day", () => {
    const calendars = fc.constantFrom(CALENDARS.TARGET2, CALENDARS.FED, CALENDARS.weekdays, OWN);
    // Not at night, when clocks change.
    const hour = fc.integer({ min: 5, max: 23 });
    const times = fc.integer({ min: Date.UTC(2025, 11, 1), max: Date.UTC(2027, 1, 1) });
    fc.assert(
      fc.property(calendars, fc.constantFrom(...ZONES), hour, fc.nat(8), fc.array(times), (days, zone, at, n, list) => {
        const deadline = businessDays(n, days, cutoff(`${String(at).padStart(2, "0")}:00`, zone));
        for (const time of list) {
          const due = deadline.dueAt(time);
          expect(shown(zone, due)).toBe(walk(days, zone, at, n, time));
          expect(due).toBeGreaterThanOrEqual(time);
          expect(due - time).toBeLessThanOrEqual(deadline.longestMs);
        }
      }),
      { numRuns: Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50) / 2 },
    );
  });
});

/** The deadline as the clock on the wall shows it, found naively. */
function walk(days: BusinessCalendar, zone: string, hour: number, n: number, time: number): string {
  let date = Date.parse(`${shown(zone, time).slice(0, 10)}T00:00Z`) / DAY;
  const cutoffText = `${String(hour).padStart(2, "0")}:00:00`;
  if (shown(zone, time).slice(11) > cutoffText || (shown(zone, time).slice(11) === cutoffText && time % 1_000 > 0)) {
    date++;
  }
  for (let left = n; ; date++) {
    if (days.isBusinessDay(date) && left-- === 0) break;
  }
  return `${new Date(date * DAY).toISOString().slice(0, 10)} ${cutoffText}`;
}

/** `2026-03-02 17:00:00`: what clocks and calendars of a zone show. */
function shown(zone: string, time: number): string {
  return new Date(time).toLocaleString("sv-SE", { timeZone: zone });
}
