import { raise } from "./errors.ts";
import { zoneClock } from "./zone.ts";

const DAY = 86_400_000;

/** The names of the days as calendars take them, Sunday first, as dates count them. */
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number];

/** Says of every date whether business is done on it. Dates are counted in days since 1970-01-01. */
export interface BusinessCalendar {
  readonly name: string;
  /** IANA name of the zone that cutoffs are told in where they name none. */
  readonly zone: string;
  /** All that decides which days are business days, for hashes of rules. */
  readonly text: string;
  isBusinessDay(date: number): boolean;
}

/** What makes a calendar of one's own. */
export interface CalendarSpec {
  /** IANA name of the zone that cutoffs are told in where they name none. */
  readonly zone: string;
  /** Days of the week on which no business is done. Default: Saturday and Sunday. */
  readonly weekend?: readonly Weekday[];
  /** Dates on which no business is done, as `2026-12-24`. What comes after the last of them is told by the week alone. */
  readonly holidays?: readonly string[];
}

/**
 * A calendar of one's own: `calendar("xetra", { zone: "Europe/Berlin", holidays: ["2026-12-24", "2026-12-31"] })`.
 * CALENDAR_INVALID for a zone, a day or a date that is none.
 */
export function calendar(name: string, { zone, weekend = ["saturday", "sunday"], holidays = [] }: CalendarSpec) {
  const invalid = (reason: string) => raise("CALENDAR_INVALID", { name: String(name), reason });
  if (typeof name !== "string" || name === "") invalid("it has no name");
  if (!isZone(zone)) invalid(`its zone is ${JSON.stringify(zone)}, and should be an IANA name, as Europe/Berlin`);
  const free = new Set(weekend.map((day) => WEEKDAYS.indexOf(day)));
  if (free.has(-1)) invalid(`its weekend is ${JSON.stringify(weekend)}, and should be of ${WEEKDAYS.join(", ")}`);
  if (free.size === 7) invalid("it leaves no day for business");
  const closed = new Set(holidays.map((text) => dateOf(text) ?? invalid(`${JSON.stringify(text)} is no date`)));
  return {
    name,
    zone,
    text: JSON.stringify([name, [...free].sort(), [...closed].sort((a, b) => a - b)]),
    isBusinessDay: (date: number) => !free.has(weekdayOf(date)) && !closed.has(date),
  } satisfies BusinessCalendar;
}

/** The calendars that are built in, by name. */
export const CALENDARS = {
  /**
   * The days on which T2, formerly TARGET2, is open. It is closed on Saturdays, Sundays, New Year's Day, Good Friday and
   * Easter Monday (by the calendar of Frankfurt am Main), 1 May, 25 and 26 December. Source: European Central Bank,
   * "TARGET closing days", valid from 2002 until further notice (press release of 14 December 2000).
   */
  TARGET2: byYear("TARGET2", "Europe/Berlin", (year) => {
    const easter = easterOf(year);
    return [dayOf(year, 1, 1), easter - 2, easter + 1, dayOf(year, 5, 1), dayOf(year, 12, 25), dayOf(year, 12, 26)];
  }),
  /**
   * The days on which the Federal Reserve Banks are open. Source: Board of Governors of the Federal Reserve System,
   * "Holidays Observed (K.8)": a holiday on a Sunday is observed on the Monday; for one on a Saturday the Friday before
   * stays open.
   */
  FED: byYear("FED", "America/New_York", federalHolidays),
  /** Every day but Saturdays and Sundays, in UTC where no other zone is named. */
  weekdays: byYear("weekdays", "UTC", () => []),
} as const satisfies Record<string, BusinessCalendar>;

/** Name of a calendar that is built in. */
export type CalendarName = keyof typeof CALENDARS;

/** True for a name that this Node's time zone data knows. */
export function isZone(zone: unknown): boolean {
  if (typeof zone !== "string") return false;
  try {
    zoneClock(zone);
    return true;
  } catch {
    return false;
  }
}

/** The Federal Reserve Banks' holidays as observed, but for those that fall on a Saturday. Juneteenth began in 2021. */
function federalHolidays(year: number): number[] {
  const MONDAY = 1;
  const THURSDAY = 4;
  const fixed = [dayOf(year, 1, 1), dayOf(year, 7, 4), dayOf(year, 11, 11), dayOf(year, 12, 25)];
  if (year >= 2021) fixed.push(dayOf(year, 6, 19));
  return [
    ...fixed.map((date) => (weekdayOf(date) === 0 ? date + 1 : date)),
    nth(3, MONDAY, dayOf(year, 1, 1)),
    nth(3, MONDAY, dayOf(year, 2, 1)),
    nth(1, MONDAY, dayOf(year, 5, 25)),
    nth(1, MONDAY, dayOf(year, 9, 1)),
    nth(2, MONDAY, dayOf(year, 10, 1)),
    nth(4, THURSDAY, dayOf(year, 11, 1)),
  ];
}

/** A calendar with Saturdays and Sundays free, and holidays by a rule that is asked once a year. */
function byYear(name: string, zone: string, holidaysOf: (year: number) => readonly number[]): BusinessCalendar {
  const years = new Map<number, ReadonlySet<number>>();
  const holidays = (date: number): ReadonlySet<number> => {
    const year = new Date(date * DAY).getUTCFullYear();
    const known = years.get(year);
    if (known !== undefined) return known;
    const found = new Set(holidaysOf(year));
    years.set(year, found);
    return found;
  };
  const isWeekend = (date: number) => weekdayOf(date) === 0 || weekdayOf(date) === 6;
  return { name, zone, text: name, isBusinessDay: (date) => !isWeekend(date) && !holidays(date).has(date) };
}

/** 0 for Sunday. 1970-01-01 was a Thursday. */
function weekdayOf(date: number): number {
  return (((date + 4) % 7) + 7) % 7;
}

/** The nth such day of the week from a date on. */
function nth(n: number, weekday: number, from: number): number {
  return from + ((weekday - weekdayOf(from) + 7) % 7) + 7 * (n - 1);
}

function dayOf(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY;
}

/** Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and Butcher. */
function easterOf(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3);
  const h = (19 * a + d + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayOf(year, Math.floor(n / 31), (n % 31) + 1);
}

function dateOf(text: unknown): number | null {
  if (typeof text !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? null : time / DAY;
}
