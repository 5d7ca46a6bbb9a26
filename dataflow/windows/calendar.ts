import { timeAt, zoneClock } from "../../base/zone.ts";

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
      const first = timeAt(clock, date * DAY);
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
