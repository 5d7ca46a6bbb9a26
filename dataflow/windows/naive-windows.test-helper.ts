import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import type { WindowAssigner } from "./assigners.ts";
import type { Trigger } from "./triggers.ts";

/** A row of the naive model. */
export interface NaiveRow {
  readonly key: string;
  /** −∞ for none. */
  readonly time: number;
  readonly name: string;
  /** Of the row's own session. */
  readonly gap: number;
}

interface NaiveWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly rows: NaiveRow[];
  count: number;
}

interface NaiveTimer {
  readonly domain: "event" | "clock";
  readonly time: number;
  readonly window: NaiveWindow;
  readonly what: "end" | "every" | "early" | "close";
}

/**
 * Windows as one would write them who need not be fast: all rows of all windows are kept, every window has timers of its
 * own, and everything is found by looking at everything. Results are `key [start, end) names @time`.
 */
export class NaiveWindows {
  readonly results: string[] = [];
  readonly late: string[] = [];
  #windows: NaiveWindow[] = [];
  #timers: NaiveTimer[] = [];
  #arrived: NaiveRow[] = [];
  #watermark = BEFORE_ALL_TIME;
  #clock = 0;
  readonly #assigner: WindowAssigner;
  readonly #trigger: Exclude<Trigger, { type: "purging" }>;
  readonly #purges: boolean;
  readonly #lateness: number;

  constructor(assigner: WindowAssigner, trigger: Trigger, lateness: number) {
    this.#assigner = assigner;
    this.#purges = trigger.type === "purging";
    this.#trigger = trigger.type === "purging" ? trigger.trigger : trigger;
    this.#lateness = lateness;
  }

  row(row: NaiveRow): void {
    this.#arrived.push(row);
    const time = this.#isByClock ? this.#clock : row.time;
    let isTaken = false;
    for (const [start, end] of this.#spansOf(time, row.gap)) {
      const window =
        this.#assigner.type === "session" ? this.#session(row.key, start, end) : this.#plain(row.key, start, end);
      if (window === undefined) continue;
      isTaken = true;
      window.rows.push(row);
      if (this.#triggersAt(window, time)) this.#give(window);
    }
    if (!isTaken && !this.#isByClock && time + this.#lateness <= this.#watermark) this.late.push(row.name);
    else if (!isTaken && time === BEFORE_ALL_TIME) this.late.push(row.name);
  }

  watermark(time: number): void {
    this.#run("event", time);
    this.#watermark = time;
  }

  clock(time: number): void {
    this.#clock = time;
    this.#run("clock", time);
  }

  end(): void {
    this.watermark(AFTER_ALL_TIME);
  }

  get #isByClock(): boolean {
    return this.#assigner.domain === "processing";
  }

  /** Of all windows that there could be those with the time, the last first. */
  #spansOf(time: number, gap: number): [number, number][] {
    const { type } = this.#assigner;
    if (type === "global") return [[BEFORE_ALL_TIME, AFTER_ALL_TIME]];
    if (time === BEFORE_ALL_TIME) return [];
    if (type === "session") return [[time, time + gap]];
    const spans: [number, number][] = [];
    for (let n = -100; n <= 100; n++) spans.push(...this.#spans(n));
    return spans.filter(([start, end]) => start <= time && time < end).sort((left, right) => right[1] - left[1]);
  }

  /** The windows of a number. */
  #spans(n: number): [number, number][] {
    const assigner = this.#assigner;
    if (assigner.type === "tumbling" || assigner.type === "sliding") {
      const start = n * (assigner.type === "sliding" ? assigner.slideMs : assigner.sizeMs) + assigner.offsetMs;
      return [[start, start + assigner.sizeMs]];
    }
    if (assigner.type !== "cumulative") return [];
    const start = n * assigner.sizeMs + assigner.offsetMs;
    const steps = assigner.sizeMs / assigner.stepMs;
    return Array.from({ length: steps }, (_, step) => [start, start + (step + 1) * assigner.stepMs]);
  }

  #isOver(end: number): boolean {
    return !this.#isByClock && end - 1 + this.#lateness <= this.#watermark;
  }

  #plain(key: string, start: number, end: number): NaiveWindow | undefined {
    if (this.#isOver(end)) return undefined;
    const known = this.#windows.find((window) => window.key === key && window.start === start && window.end === end);
    return known ?? this.#open({ key, start, end, rows: [], count: 0 });
  }

  /** All sessions that the new one touches become one, and what they waited for is asked for anew. */
  #session(key: string, start: number, end: number): NaiveWindow | undefined {
    const touched = this.#windows.filter((window) => window.key === key && window.start <= end && window.end >= start);
    const merged: NaiveWindow = {
      key,
      start: Math.min(start, ...touched.map((window) => window.start)),
      end: Math.max(end, ...touched.map((window) => window.end)),
      rows: this.#arrived.filter((row) => touched.some(({ rows }) => rows.includes(row))),
      count: touched.reduce((sum, { count }) => sum + count, 0),
    };
    if (this.#isOver(merged.end)) return undefined;
    const others = this.#timers.filter(({ window }) => touched.includes(window));
    this.#windows = this.#windows.filter((window) => !touched.includes(window));
    this.#timers = this.#timers.filter((timer) => !others.includes(timer));
    this.#open(merged);
    for (const what of ["every", "early"] as const) {
      const kept = others.filter((timer) => timer.what === what);
      const first = kept.sort((left, right) => left.time - right.time)[0];
      if (first !== undefined) this.#timers.push({ ...first, window: merged });
    }
    return merged;
  }

  #open(window: NaiveWindow): NaiveWindow {
    this.#windows.push(window);
    const last = window.end - 1;
    const { type } = this.#trigger;
    if (this.#isByClock) this.#timers.push({ domain: "clock", time: last, window, what: "close" });
    else this.#timers.push({ domain: "event", time: last + this.#lateness, window, what: "close" });
    const isAtEnd = type === "eventTime" || type === "every" || type === "early";
    if (isAtEnd && last > this.#watermark) this.#timers.push({ domain: "event", time: last, window, what: "end" });
    return window;
  }

  /** Whether a row of the window at a time gives a result at once. */
  #triggersAt(window: NaiveWindow, time: number): boolean {
    const trigger = this.#trigger;
    const last = window.end - 1;
    const waits = (what: NaiveTimer["what"]) =>
      this.#timers.some((timer) => timer.window === window && timer.what === what);
    switch (trigger.type) {
      case "eventTime":
        return last <= this.#watermark;
      case "processingTime":
        if (!waits("end")) this.#timers.push({ domain: "clock", time: last, window, what: "end" });
        return false;
      case "count":
        return this.#counts(window, trigger.count);
      case "every": {
        if (last <= this.#watermark) return true;
        const since = Math.max(time, this.#watermark);
        if (waits("every") || since === BEFORE_ALL_TIME) return false;
        const next = Math.min((Math.floor(since / trigger.everyMs) + 1) * trigger.everyMs, last);
        this.#timers.push({ domain: "event", time: next, window, what: "every" });
        return false;
      }
      case "early":
        if (last <= this.#watermark) return true;
        if (trigger.everyMs !== undefined && !waits("early"))
          this.#timers.push({ domain: "clock", time: this.#clock + trigger.everyMs, window, what: "early" });
        return trigger.count !== undefined && this.#counts(window, trigger.count);
    }
  }

  #counts(window: NaiveWindow, count: number): boolean {
    window.count++;
    if (window.count < count) return false;
    window.count = 0;
    return true;
  }

  #run(domain: "event" | "clock", through: number): void {
    for (;;) {
      const due = this.#timers.filter((timer) => timer.domain === domain && timer.time <= through);
      const [first] = due.sort(
        (left, right) =>
          left.time - right.time ||
          (left.window.key < right.window.key ? -1 : left.window.key > right.window.key ? 1 : 0) ||
          Number(left.what === "close") - Number(right.what === "close") ||
          left.window.start - right.window.start ||
          left.window.end - right.window.end,
      );
      if (first === undefined) return;
      this.#timers = this.#timers.filter((timer) => timer !== first);
      this.#fire(first, through);
    }
  }

  #fire({ what, window, time, domain }: NaiveTimer, through: number): void {
    const last = window.end - 1;
    if (what === "close") {
      this.#windows = this.#windows.filter((other) => other !== window);
      this.#timers = this.#timers.filter((timer) => timer.window !== window);
      return;
    }
    // The end has a timer of its own.
    if (what === "every" && time === last) return;
    this.#give(window);
    const trigger = this.#trigger;
    // A window without end has but one result left when all has ended.
    const next = through === AFTER_ALL_TIME && last === AFTER_ALL_TIME ? last : time;
    if (what === "every" && trigger.type === "every")
      this.#timers.push({ domain, time: Math.min(next + trigger.everyMs, last), window, what });
    if (what === "early" && trigger.type === "early")
      this.#timers.push({ domain, time: time + trigger.everyMs!, window, what });
    if (what === "end" && domain === "event")
      this.#timers = this.#timers.filter((timer) => timer.window !== window || timer.what === "close");
  }

  #give(window: NaiveWindow): void {
    if (window.rows.length === 0) return;
    const { key, start, end } = window;
    const names = window.rows.map(({ name }) => name).join("");
    this.results.push(`${key} [${start}, ${end}) ${names} @${end - 1}`);
    if (this.#purges) window.rows.length = 0;
  }
}
