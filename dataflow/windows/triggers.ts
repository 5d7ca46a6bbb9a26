import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";

/** When a window gives a result. */
export type Trigger =
  | { readonly type: "eventTime" }
  | { readonly type: "processingTime" }
  | { readonly type: "count"; readonly count: number }
  | { readonly type: "every"; readonly everyMs: number }
  | { readonly type: "early"; readonly everyMs?: number; readonly count?: number }
  | { readonly type: "purging"; readonly trigger: Exclude<Trigger, { readonly type: "purging" }> };

/**
 * When the watermark reaches the window's end − 1 ms, and again at each row that comes after it within the allowed
 * lateness. The default of windows by event time. Counterpart in Flink: `EventTimeTrigger`.
 */
export function onEventTime(): Trigger {
  return { type: "eventTime" };
}

/**
 * When processing time reaches the window's end − 1 ms. The default of windows by processing time. Counterpart in Flink:
 * `ProcessingTimeTrigger`.
 */
export function onProcessingTime(): Trigger {
  return { type: "processingTime" };
}

/**
 * At every `n`th row of the window, and at no other time: what came behind the last of them is not told when the window ends.
 * Counterpart in Flink: `CountTrigger`. JOB_WINDOW_INVALID.
 */
export function onCount(n: number): Trigger {
  checkWhole("onCount", n);
  return { type: "count", count: n };
}

/**
 * Whenever the watermark reaches a multiple of an interval of event time, from the window's first row on, and when it
 * reaches the window's end − 1 ms; at once for each row behind that. Multiples that lie behind the watermark already when
 * the window begins are not caught up on. Counterpart in Flink: `ContinuousEventTimeTrigger`. JOB_WINDOW_INVALID.
 */
export function every(interval: Duration): Trigger {
  checkWhole("every", interval);
  return { type: "every", everyMs: interval };
}

/**
 * As `onEventTime`, and before the watermark is there too: an interval of processing time after the window's first row and
 * after each such result, or at every so many rows, or both. Counterpart in Flink: SQL's `table.exec.emit.early-fire`.
 * JOB_WINDOW_INVALID.
 */
export function early(when: { readonly every: Duration } | { readonly count: number }): Trigger {
  const { every: interval, count } = (when ?? {}) as { every?: Duration; count?: number };
  if (interval !== undefined) checkWhole("early", interval);
  if (count !== undefined) checkWhole("early", count);
  if (interval === undefined && count === undefined) refuse("early", "it should have `every` or `count`");
  return {
    type: "early",
    ...(interval === undefined ? {} : { everyMs: interval }),
    ...(count === undefined ? {} : { count }),
  };
}

/**
 * As another trigger; what the window holds is forgotten with each result, while the window lives on. Without it, results
 * accumulate: each is one of all the window's rows. Counterpart in Flink: `PurgingTrigger`.
 */
export function purging(trigger: Trigger): Trigger {
  if (trigger?.type === undefined) refuse("purging", "it needs a trigger, as in purging(onCount(100))");
  return trigger.type === "purging" ? trigger : { type: "purging", trigger };
}

function checkWhole(trigger: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return;
  refuse(trigger, `it is given ${String(value)}, and should be given a whole number, 1 at least`);
}

function refuse(trigger: string, reason: string): never {
  return raise("JOB_WINDOW_INVALID", { window: trigger, reason });
}
