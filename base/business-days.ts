import { type BusinessCalendar, CALENDARS, type CalendarName, isZone } from "./calendar.ts";
import { raise } from "./errors.ts";
import type { Duration } from "./time.ts";
import { timeAt, type ZoneClock, zoneClock } from "./zone.ts";

/** When the counterpart of something must be there: so long after it, or by the end of so many business days. */
export type Deadline = Duration | BusinessDays;

const DAY = 86_400_000;
/** What the clocks of a zone are put forward by in spring, and some more. */
const MOST_CLOCK_CHANGE = 3 * 3_600_000;
/** Ten years of business days. */
const MOST_DAYS = 2_600;
/** Days whose deadlines are remembered at most. */
const MOST_KNOWN = 10_000;
/** Business times are taken from the years 1 to 9999; those further away count as the nearest of them. */
const LEAST_TIME = Date.parse("0001-01-01T00:00:00Z");
const MOST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** The time of day at which a business day ends. */
export interface Cutoff {
  /** What the clock on the wall shows, as `17:00`. */
  readonly wallTime: string;
  /** IANA name of the zone of the clock; undefined: the calendar's. */
  readonly zone: string | undefined;
}

/** A cutoff: `cutoff("17:00", "Europe/Berlin")`; `24:00` is the end of the day. Default zone: the calendar's. CALENDAR_INVALID. */
export function cutoff(wallTime: string, zone?: string): Cutoff {
  const invalid = (reason: string) => raise("CALENDAR_INVALID", { name: "a cutoff", reason });
  if (!/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(String(wallTime))) {
    invalid(`its time is ${JSON.stringify(wallTime)}, and should be one as 17:00, up to 24:00`);
  }
  if (zone !== undefined && !isZone(zone)) {
    invalid(`its zone is ${JSON.stringify(zone)}, and should be an IANA name, as Europe/Berlin`);
  }
  return { wallTime, zone };
}

/**
 * A deadline of so many business days: `businessDays(2, "TARGET2", cutoff("17:00", "Europe/Berlin"))`. A time after the
 * cutoff, or on a day without business, counts as of the next business day; the deadline is the cutoff of the nth
 * business day after that. CALENDAR_INVALID.
 */
export function businessDays(n: number, calendar: CalendarName | BusinessCalendar, at: Cutoff): BusinessDays {
  const known = typeof calendar === "string" && Object.hasOwn(CALENDARS, calendar) ? CALENDARS[calendar] : calendar;
  const invalid = (reason: string) => raise("CALENDAR_INVALID", { name: `businessDays(${String(n)}, …)`, reason });
  if (typeof known !== "object" || typeof known?.isBusinessDay !== "function") {
    const names = Object.keys(CALENDARS).join(", ");
    return invalid(
      `its calendar is ${JSON.stringify(calendar)}, and should be one of ${names}, or what \`calendar\` gives`,
    );
  }
  if (!(Number.isInteger(n) && n >= 0 && n <= MOST_DAYS)) invalid(`its days should be from 0 to ${MOST_DAYS}`);
  if (typeof at?.wallTime !== "string") invalid('its cutoff is missing, as in cutoff("17:00", "Europe/Berlin")');
  return new BusinessDays(n, known, at);
}

/** A deadline by a business calendar. `businessDays` makes them. */
export class BusinessDays {
  /** Names it, for hashes of rules and for people. */
  readonly text: string;
  /** No deadline of a time from 1970 to 2100 is further from it, in ms, where no zone moves over the date line. */
  readonly longestMs: number;
  readonly #n: number;
  readonly #calendar: BusinessCalendar;
  readonly #wallMs: number;
  readonly #clock: ZoneClock;
  /** Cutoffs by date. */
  readonly #cutoffs = new Map<number, number>();
  readonly #spans = new Map<number, Span>();
  #last: Span = { after: 0, through: 0, due: 0 };

  constructor(n: number, calendar: BusinessCalendar, at: Cutoff) {
    this.#n = n;
    this.#calendar = calendar;
    const [hours, minutes] = at.wallTime.split(":").map(Number) as [number, number];
    this.#wallMs = (hours * 60 + minutes) * 60_000;
    const zone = at.zone ?? calendar.zone;
    this.#clock = zoneClock(zone);
    this.text = `businessDays(${n}, ${calendar.text}, ${at.wallTime} ${zone})`;
    this.longestMs = longestOf(n, calendar);
  }

  /** The deadline of what happened at a time, both in epoch ms. */
  dueAt(businessTime: number): number {
    const last = this.#last;
    if (businessTime > last.after && businessTime <= last.through) return last.due;
    const time = Math.min(Math.max(businessTime, LEAST_TIME), MOST_TIME);
    // A zone is less than a day ahead of UTC or behind it.
    let date = this.#next(Math.floor(time / DAY) - 2);
    while (this.#cutoff(date) < time) date = this.#next(date + 1);
    this.#last = this.#span(date);
    return this.#last.due;
  }

  /** The business times that count as of a business day, and their deadline. */
  #span(date: number): Span {
    const known = this.#spans.get(date);
    if (known !== undefined) return known;
    let before = date - 1;
    while (!this.#calendar.isBusinessDay(before)) before--;
    let due = date;
    for (let left = this.#n; left > 0; left--) due = this.#next(due + 1);
    const span = { after: this.#cutoff(before), through: this.#cutoff(date), due: this.#cutoff(due) };
    if (this.#spans.size >= MOST_KNOWN) this.#spans.clear();
    this.#spans.set(date, span);
    return span;
  }

  /** The first business day from a date on. */
  #next(date: number): number {
    let next = date;
    while (!this.#calendar.isBusinessDay(next)) next++;
    return next;
  }

  #cutoff(date: number): number {
    const known = this.#cutoffs.get(date);
    if (known !== undefined) return known;
    const time = timeAt(this.#clock, date * DAY + this.#wallMs);
    if (this.#cutoffs.size >= MOST_KNOWN) this.#cutoffs.clear();
    this.#cutoffs.set(date, time);
    return time;
  }
}

/** From a cutoff to that of the nth business day after the next: at most so long, clock changes included. */
function longestOf(n: number, calendar: BusinessCalendar): number {
  const open: number[] = [];
  for (let date = 0; date < Date.UTC(2101, 0, 1) / DAY; date++) if (calendar.isBusinessDay(date)) open.push(date);
  const lengths = open.map((date, at) => (open[at + n + 1] ?? date) - date);
  return lengths.reduce((most, length) => Math.max(most, length), 0) * DAY + MOST_CLOCK_CHANGE;
}

/** Times after the one and through the other have one deadline. */
interface Span {
  readonly after: number;
  readonly through: number;
  readonly due: number;
}
