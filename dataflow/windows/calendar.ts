/** The days of a time zone; it remembers those that were asked for. */
export interface ZoneDays {
  /** The start of the day with a time, in epoch ms. */
  start(time: number): number;
  /** The start of the next day. */
  end(time: number): number;
}

/**
 * The days of a time zone by its IANA name, as the time zone data of this Node knows it. A day begins at its first
 * midnight; where clocks skip that, when they go on. Throws a RangeError for a name that is none.
 */
export function zoneDays(zone: string): ZoneDays {
  const clock = zoneClock(zone);
  /** Starts of days by the day of UTC: of the day at its begin, of those that begin in it, of the next. */
  const known = new Map<number, readonly number[]>();
  let start = 0;
  let end = 0;

  /** A date later than the date of UTC is wanted, since zones are up to 14 hours ahead of it. */
  const startsIn = (utcDay: number): readonly number[] => {
    const starts: number[] = [];
    for (let date = utcDay - 1; date <= utcDay + 3; date++) {
      const first = startOfDate(clock, date * DAY);
      // A date that a zone left out ends where it begins.
      if (first !== starts.at(-1)) starts.push(first);
    }
    return starts;
  };

  const find = (time: number) => {
    if (time >= start && time < end) return;
    const utcDay = Math.floor(time / DAY);
    let starts = known.get(utcDay);
    if (starts === undefined) {
      if (known.size >= MOST_DAYS) known.clear();
      starts = startsIn(utcDay);
      known.set(utcDay, starts);
    }
    let day = 0;
    while (starts[day + 1]! <= time) day++;
    start = starts[day]!;
    end = starts[day + 1]!;
  };

  return {
    start: (time) => {
      find(time);
      return start;
    },
    end: (time) => {
      find(time);
      return end;
    },
  };
}

const DAY = 86_400_000;
const MOST_DAYS = 10_000;

/** The range of times that dates can show, without the years before 1 and a few days at the end. */
const LEAST_TIME = Date.UTC(2000, 0, 1) - 1_999 * 366 * DAY;
const MOST_TIME = 8.64e15 - 4 * DAY;

/** By how much clocks of a zone are ahead of UTC at a time, in ms. */
type ZoneClock = (time: number) => number;

function zoneClock(zone: string): ZoneClock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    hourCycle: "h23",
    ...{ era: "short", year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });
  return (time) => {
    const second = Math.floor(Math.min(Math.max(time, LEAST_TIME), MOST_TIME) / 1_000) * 1_000;
    const parts = new Map(format.formatToParts(second).map(({ type, value }) => [type, Number(value)]));
    const [year, month, day] = [parts.get("year")!, parts.get("month")!, parts.get("day")!];
    const date = new Date(0);
    // `Date.UTC` takes years below 100 for those of the last century.
    date.setUTCFullYear(year, month - 1, day);
    date.setUTCHours(parts.get("hour")!, parts.get("minute")!, parts.get("second")!);
    return date.getTime() - second;
  };
}

/** When a date begins, which is told as its midnight in UTC. Clocks change once in two days at most. */
function startOfDate(clock: ZoneClock, date: number): number {
  const before = clock(date - DAY);
  const after = clock(date + DAY);
  const early = date - before;
  if (before === after) return early;
  const change = changeBetween(clock, date - DAY, date + DAY, before);
  if (early < change) return early;
  return Math.max(change, date - after);
}

/** The first time at which clocks are not ahead by `before` any more. */
function changeBetween(clock: ZoneClock, from: number, to: number, before: number): number {
  let [same, other] = [from, to];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (clock(middle) === before) same = middle;
    else other = middle;
  }
  return other;
}
