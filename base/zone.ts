/** By how much clocks of a time zone are ahead of UTC at a time, in ms. */
export type ZoneClock = (time: number) => number;

const DAY = 86_400_000;

/** The range of times that dates can show, without the years before 1 and a few days at the end. */
const LEAST_TIME = Date.UTC(2000, 0, 1) - 1_999 * 366 * DAY;
const MOST_TIME = 8.64e15 - 4 * DAY;

/**
 * The clocks of a time zone by its IANA name, as the time zone data of this Node knows it. Some microseconds a call: who
 * asks for each row remembers. Throws a RangeError for a name that is none.
 */
export function zoneClock(zone: string): ZoneClock {
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

/**
 * When the clocks show a date and time, which is told as if they were those of UTC. Of two such times it is the first;
 * what clocks skip is when they go on. Clocks change once in two days at most.
 */
export function timeAt(clock: ZoneClock, shown: number): number {
  const before = clock(shown - DAY);
  const after = clock(shown + DAY);
  const early = shown - before;
  if (before === after) return early;
  const change = changeBetween(clock, shown - DAY, shown + DAY, before);
  if (early < change) return early;
  return Math.max(change, shown - after);
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
