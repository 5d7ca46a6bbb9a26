import { describe, expect, it } from "vitest";
import { type BusinessCalendar, CALENDARS, calendar } from "./calendar.ts";

const DAY = 86_400_000;

/** Dates of a year, Saturdays and Sundays apart, on which no business is done. */
function holidays(of: BusinessCalendar, year: number): string[] {
  const closed: string[] = [];
  for (let time = Date.UTC(year, 0, 1); time < Date.UTC(year + 1, 0, 1); time += DAY) {
    const isWeekend = [0, 6].includes(new Date(time).getUTCDay());
    if (!isWeekend && !of.isBusinessDay(time / DAY)) closed.push(new Date(time).toISOString().slice(0, 10));
  }
  return closed;
}

const isOpen = (of: BusinessCalendar, date: string) => of.isBusinessDay(Date.parse(date) / DAY);

describe("TARGET2", () => {
  it.each([
    [2024, "2024-01-01 2024-03-29 2024-04-01 2024-05-01 2024-12-25 2024-12-26"],
    [2025, "2025-01-01 2025-04-18 2025-04-21 2025-05-01 2025-12-25 2025-12-26"],
    [2026, "2026-01-01 2026-04-03 2026-04-06 2026-05-01 2026-12-25"],
    [2038, "2038-01-01 2038-04-23 2038-04-26"],
  ])("is closed in %i as the ECB's rule says", (year, dates) => {
    expect(holidays(CALENDARS.TARGET2, year).join(" ")).toBe(dates);
  });

  it("is closed on Saturdays and Sundays, and open on a local holiday", () => {
    expect(isOpen(CALENDARS.TARGET2, "2026-03-07")).toBe(false);
    expect(isOpen(CALENDARS.TARGET2, "2026-03-08")).toBe(false);
    expect(isOpen(CALENDARS.TARGET2, "2026-10-26")).toBe(true);
  });
});

describe("FED", () => {
  it.each([
    // The fourth of July is a Saturday: the Friday before stays open.
    [
      2026,
      "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25",
    ],
    // New Year's Day is a Sunday: the Monday is closed.
    [
      2023,
      "2023-01-02 2023-01-16 2023-02-20 2023-05-29 2023-06-19 2023-07-04 2023-09-04 2023-10-09 2023-11-23 2023-12-25",
    ],
    [
      2018,
      "2018-01-01 2018-01-15 2018-02-19 2018-05-28 2018-07-04 2018-09-03 2018-10-08 2018-11-12 2018-11-22 2018-12-25",
    ],
  ])("is closed in %i as the Federal Reserve's list says", (year, dates) => {
    expect(holidays(CALENDARS.FED, year).join(" ")).toBe(dates);
  });
});

describe("a calendar of one's own", () => {
  it("has the weekend and the holidays that it is told", () => {
    const gulf = calendar("gulf", {
      zone: "Asia/Riyadh",
      weekend: ["friday", "saturday"],
      holidays: ["2026-09-23", "2024-02-29"],
    });
    expect(["2026-09-18", "2026-09-20", "2026-09-23", "2024-02-29"].map((date) => isOpen(gulf, date))).toEqual([
      ...[false, true, false, false],
    ]);
    expect(gulf.text).not.toBe(calendar("gulf", { zone: "Asia/Riyadh" }).text);
  });

  it.each([
    ["a zone that is none", { zone: "Europe/Nowhere" }, /its zone is "Europe\/Nowhere"/],
    ["a date that is none", { zone: "UTC", holidays: ["2026-02-30"] }, /"2026-02-30" is no date/],
    ["a day that is none", { zone: "UTC", weekend: ["sun" as "sunday"] }, /its weekend is \["sun"\]/],
    [
      "no day for business",
      { zone: "UTC", weekend: ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const },
      /it leaves no day for business/,
    ],
  ])("is refused for %s", (_, spec, message) => {
    expect(() => calendar("own", spec)).toThrow(message);
  });
});
