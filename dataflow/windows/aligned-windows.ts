import type { AlignedAssigner } from "./assigners.ts";
import { zoneDays } from "./calendar.ts";

/**
 * The arithmetic of windows that all keys share. Each has an end of its own. Time is cut into slices, so that every window
 * is a run of whole slices: what a row does to all its windows, it does to one slice. Times are ms, finite, also negative.
 */
export interface AlignedWindows {
  /** The start of the slice with a time. */
  slice(time: number): number;
  /** The first millisecond behind the slice that begins at a time. */
  sliceEnd(slice: number): number;
  /** The end of the first window with the slice that ends behind a time, which may be −∞; +∞ where there is none. */
  nextEnd(slice: number, behind: number): number;
  /** The end of the last window with the slice; −∞ where windows leave it out. */
  lastEnd(slice: number): number;
  /** The start of the window that ends at a time. */
  start(end: number): number;
}

/** The windows of an assigner; they hold a memory of days and are one thread's. */
export function alignedWindows(assigner: AlignedAssigner): AlignedWindows {
  switch (assigner.type) {
    case "tumbling":
      return slidingWindows(assigner.sizeMs, assigner.sizeMs, assigner.offsetMs);
    case "sliding":
      return slidingWindows(assigner.sizeMs, assigner.slideMs, assigner.offsetMs);
    case "cumulative":
      return cumulativeWindows(assigner.sizeMs, assigner.stepMs, assigner.offsetMs);
    case "calendarDays":
      return calendarWindows(assigner.zone);
  }
}

/** The last multiple of `size`, counted from `offset`, at or before the time; exact for times that are. */
export function floorTo(time: number, size: number, offset: number): number {
  return Math.floor((time - offset) / size) * size + offset;
}

function slidingWindows(size: number, slide: number, offset: number): AlignedWindows {
  const width = divisor(size, slide);
  const lastEnd = (slice: number) => {
    const end = floorTo(slice, slide, offset) + size;
    return end > slice ? end : Number.NEGATIVE_INFINITY;
  };
  return {
    slice: (time) => floorTo(time, width, offset),
    sliceEnd: (slice) => slice + width,
    nextEnd: (slice, behind) => {
      const end = floorTo(Math.max(slice, behind) - size, slide, offset) + slide + size;
      return end <= lastEnd(slice) ? end : Number.POSITIVE_INFINITY;
    },
    lastEnd,
    start: (end) => end - size,
  };
}

function cumulativeWindows(size: number, step: number, offset: number): AlignedWindows {
  const base = (slice: number) => floorTo(slice, size, offset);
  return {
    slice: (time) => floorTo(time, step, offset),
    sliceEnd: (slice) => slice + step,
    nextEnd: (slice, behind) => {
      const end = floorTo(Math.max(slice, behind), step, offset) + step;
      return end <= base(slice) + size ? end : Number.POSITIVE_INFINITY;
    },
    lastEnd: (slice) => base(slice) + size,
    start: (end) => base(end - 1),
  };
}

function calendarWindows(zone: string): AlignedWindows {
  const days = zoneDays(zone);
  return {
    slice: (time) => days.start(time),
    sliceEnd: (slice) => days.end(slice),
    nextEnd: (slice, behind) => {
      const end = days.end(slice);
      return end > behind ? end : Number.POSITIVE_INFINITY;
    },
    lastEnd: (slice) => days.end(slice),
    start: (end) => days.start(end - 1),
  };
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}
