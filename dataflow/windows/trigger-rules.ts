import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { floorTo } from "./aligned-windows.ts";
import type { Trigger } from "./triggers.ts";

/** What a trigger looks at and changes of a window. */
export interface Triggered {
  readonly end: number;
  /** Rows since the last result, where that is counted. */
  count: number;
  /** Event time of the next result before the window's end; +∞ for none. */
  next: number;
  /** Processing time of the next result; +∞ for none. */
  nextClock: number;
}

/** A trigger at work: each call says whether the window gives a result now. */
export interface TriggerRule {
  /** Whether the end of a window by event time gives a result, and each row behind it. */
  readonly atEnd: boolean;
  readonly purges: boolean;
  /** A row with a time has come, at a watermark and a processing time. */
  onRow(window: Triggered, time: number, watermark: number, clock: number): boolean;
  /** The watermark is at a time that the window waits for. */
  onEventTime(window: Triggered, time: number): boolean;
  /** Processing time is at a time that the window waits for. */
  onClock(window: Triggered, time: number): boolean;
}

/** The rule of a trigger. */
export function triggerRule(trigger: Trigger): TriggerRule {
  switch (trigger.type) {
    case "eventTime":
      return {
        ...NOTHING,
        atEnd: true,
        onRow: ({ end }, _time, watermark) => end - 1 <= watermark,
        onEventTime: isAtEnd,
      };
    case "processingTime":
      return { ...NOTHING, onRow: waitForEnd, onClock: (window, time) => isDue(window, time, AFTER_ALL_TIME) };
    case "count":
      return { ...NOTHING, onRow: (window) => isCounted(window, trigger.count) };
    case "every":
      return everyRule(trigger.everyMs);
    case "early":
      return earlyRule(trigger);
    case "purging":
      return { ...triggerRule(trigger.trigger), purges: true };
  }
}

/** What two windows that become one wait for. */
export function mergeTriggered(into: Triggered, from: Triggered): void {
  into.count += from.count;
  into.next = Math.min(into.next, from.next);
  into.nextClock = Math.min(into.nextClock, from.nextClock);
}

const NOTHING: TriggerRule = {
  atEnd: false,
  purges: false,
  onRow: () => false,
  onEventTime: () => false,
  onClock: () => false,
};

function isAtEnd({ end }: Triggered, time: number): boolean {
  return time === end - 1;
}

function waitForEnd(window: Triggered): boolean {
  window.nextClock = window.end - 1;
  return false;
}

function isDue(window: Triggered, time: number, next: number): boolean {
  if (window.nextClock !== time) return false;
  window.nextClock = next;
  return true;
}

function isCounted(window: Triggered, count: number): boolean {
  window.count++;
  if (window.count < count) return false;
  window.count = 0;
  return true;
}

function everyRule(everyMs: number): TriggerRule {
  return {
    ...NOTHING,
    atEnd: true,
    onRow(window, time, watermark) {
      if (window.end - 1 <= watermark) return true;
      const since = Math.max(time, watermark);
      if (window.next === AFTER_ALL_TIME && since > BEFORE_ALL_TIME)
        window.next = Math.min(floorTo(since, everyMs, 0) + everyMs, window.end - 1);
      return false;
    },
    onEventTime(window, time) {
      const isNext = window.next === time;
      if (isNext) window.next = Math.min(time + everyMs, window.end - 1);
      if (!isAtEnd(window, time)) return isNext;
      window.next = AFTER_ALL_TIME;
      return true;
    },
  };
}

function earlyRule({ everyMs, count }: { readonly everyMs?: number; readonly count?: number }): TriggerRule {
  return {
    ...NOTHING,
    atEnd: true,
    onRow(window, _time, watermark, clock) {
      if (window.end - 1 <= watermark) return true;
      if (everyMs !== undefined && window.nextClock === AFTER_ALL_TIME) window.nextClock = clock + everyMs;
      return count !== undefined && isCounted(window, count);
    },
    onEventTime(window, time) {
      if (!isAtEnd(window, time)) return false;
      window.nextClock = AFTER_ALL_TIME;
      return true;
    },
    onClock: (window, time) => isDue(window, time, time + everyMs!),
  };
}
