import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import type { Fields, FieldsOf, InstantsOf } from "../model.ts";
import { zoneDays } from "./calendar.ts";

/** What puts rows into windows `[start, end)`: by their event time, or by the processing time at which they come. */
export type TimeDomain = "event" | "processing";

/** Windows of which all keys have the same: a row's windows follow from its time alone. */
export type AlignedAssigner =
  | {
      readonly type: "tumbling";
      readonly domain: TimeDomain;
      readonly sizeMs: number;
      readonly offsetMs: number;
    }
  | {
      readonly type: "sliding";
      readonly domain: TimeDomain;
      readonly sizeMs: number;
      readonly slideMs: number;
      readonly offsetMs: number;
    }
  | {
      readonly type: "cumulative";
      readonly domain: TimeDomain;
      readonly sizeMs: number;
      readonly stepMs: number;
      readonly offsetMs: number;
    }
  | { readonly type: "calendarDays"; readonly domain: TimeDomain; readonly zone: string };

/** Windows that a key's own rows make; `G` is the field of their gaps. */
export interface SessionAssigner<G extends string = string> {
  readonly type: "session";
  readonly domain: TimeDomain;
  /** In ms, or the name of an integer or number field that holds them. */
  readonly gap: number | G;
}

/** How rows are put into windows. Made by `tumbling`, `sliding`, `cumulative`, `calendarDays`, `session` and `globalWindow`. */
export type WindowAssigner<G extends string = string> =
  | AlignedAssigner
  | SessionAssigner<G>
  | { readonly type: "global"; readonly domain: TimeDomain };

/** Names of fields that can be the gap of sessions. */
export type GapFieldOf<F extends Fields> = Exclude<FieldsOf<F, bigint | number>, InstantsOf<F>>;

/** Which time puts rows into windows. Default: `event`. */
export interface TimeOptions {
  readonly time?: TimeDomain;
}

/** Where aligned windows begin. */
export interface AlignedOptions extends TimeOptions {
  /** By how much windows begin behind multiples of their size, or slide; may be negative. Default: 0. */
  readonly offset?: Duration;
}

/**
 * Windows of one size, one after the other, aligned to the epoch: `tumbling(hours(1))` has whole hours in UTC. Counterpart in
 * Flink: `TumblingEventTimeWindows`, `TumblingProcessingTimeWindows`. JOB_WINDOW_INVALID.
 */
export function tumbling(size: Duration, options: AlignedOptions = {}): AlignedAssigner {
  const offsetMs = options.offset ?? 0;
  checkSize("tumbling", "size", size);
  checkOffset("tumbling", offsetMs, size);
  return { type: "tumbling", domain: domainOf("tumbling", options), sizeMs: size, offsetMs };
}

/**
 * Windows of one size that begin every `slide`, so that they overlap where it is less than the size, and leave rows out
 * where it is more. Counterpart in Flink: `SlidingEventTimeWindows`, `SlidingProcessingTimeWindows`, SQL's `HOP`.
 * JOB_WINDOW_INVALID.
 */
export function sliding(size: Duration, slide: Duration, options: AlignedOptions = {}): AlignedAssigner {
  const offsetMs = options.offset ?? 0;
  checkSize("sliding", "size", size);
  checkSize("sliding", "slide", slide);
  checkOffset("sliding", offsetMs, slide);
  return { type: "sliding", domain: domainOf("sliding", options), sizeMs: size, slideMs: slide, offsetMs };
}

/**
 * Windows with one start that grow by steps up to their size: with `cumulative(hours(24), hours(1))` the day so far, every
 * hour. Counterpart in Flink: SQL's `CUMULATE`. JOB_WINDOW_INVALID, also where the size is no multiple of the step.
 */
export function cumulative(size: Duration, step: Duration, options: AlignedOptions = {}): AlignedAssigner {
  const offsetMs = options.offset ?? 0;
  checkSize("cumulative", "size", size);
  checkSize("cumulative", "step", step);
  if (size % step !== 0) refuse("cumulative", `its size, ${size} ms, is no multiple of its step, ${step} ms`);
  checkOffset("cumulative", offsetMs, step);
  return { type: "cumulative", domain: domainOf("cumulative", options), sizeMs: size, stepMs: step, offsetMs };
}

/**
 * The days of a time zone, by its IANA name (`Europe/Berlin`), from midnight to midnight: of 23 or 25 hours where clocks
 * change. A day whose midnight is skipped begins when clocks go on. Counterpart in Flink: tumbling windows of a day, whose
 * offset knows no change of clocks. JOB_WINDOW_INVALID.
 */
export function calendarDays(zone: string, options: TimeOptions = {}): AlignedAssigner {
  try {
    zoneDays(zone);
  } catch {
    refuse("calendarDays", `${JSON.stringify(zone)} is no time zone; name one as in Europe/Berlin`);
  }
  return { type: "calendarDays", domain: domainOf("calendarDays", options), zone };
}

/**
 * Sessions: rows of a key no further apart than the gap, exactly the gap included. A window ends the gap behind its
 * latest row. The gap is one for all, or the name of a field of integers or numbers that holds each row's own in ms,
 * more than 0. Counterpart in Flink: `EventTimeSessionWindows`, `ProcessingTimeSessionWindows`. JOB_WINDOW_INVALID.
 */
export function session<const G extends string = never>(
  gap: Duration | { readonly gapFrom: G },
  options: TimeOptions = {},
): SessionAssigner<G> {
  const domain = domainOf("session", options);
  if (typeof gap === "object" && typeof gap?.gapFrom === "string") return { type: "session", domain, gap: gap.gapFrom };
  checkSize("session", "gap", gap);
  return { type: "session", domain, gap: gap as Duration };
}

/**
 * One window for all rows of a key, those without event time too. It ends when all input has ended, or its trigger gives
 * results of it before; its results' time is after all time, +∞. Counterpart in Flink: `GlobalWindows`, with
 * `createWithEndOfStreamTrigger` unless another trigger is named.
 */
export function globalWindow(): WindowAssigner<never> {
  return { type: "global", domain: "event" };
}

/** Which windows they are, as an Avro name: those of another size are others, but sessions may go on with another gap. */
export function kindOf(assigner: WindowAssigner): string {
  if (assigner.type === "session") return `session_${assigner.domain}`;
  return Object.values(assigner).join("_").replaceAll("-", "minus").replaceAll(/\W/g, "_");
}

/** How long after a row's time its last window ends at most, in ms, other rows apart. */
export function lengthOf(assigner: WindowAssigner): number {
  switch (assigner.type) {
    case "tumbling":
    case "sliding":
    case "cumulative":
      return assigner.sizeMs;
    case "calendarDays":
      return LONGEST_DAY_MS;
    case "session":
      return typeof assigner.gap === "number" ? assigner.gap : 0;
    case "global":
      return 0;
  }
}

const LONGEST_DAY_MS = 25 * 3_600_000;

function domainOf(window: string, { time = "event" }: TimeOptions): TimeDomain {
  if (time === "event" || time === "processing") return time;
  return refuse(window, `its time is ${JSON.stringify(time)}, and should be "event" or "processing"`);
}

function checkSize(window: string, what: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return;
  refuse(window, `its ${what} is ${String(value)}, and should be whole milliseconds, 1 at least`);
}

function checkOffset(window: string, offset: number, below: number): void {
  if (Number.isSafeInteger(offset) && Math.abs(offset) < below) return;
  refuse(window, `its offset is ${String(offset)}, and should be whole milliseconds between -${below} and ${below}`);
}

function refuse(window: string, reason: string): never {
  return raise("JOB_WINDOW_INVALID", { window, reason });
}
