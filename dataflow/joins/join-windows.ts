import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../../base/time.ts";
import { alignedWindows } from "../windows/aligned-windows.ts";
import type { AlignedAssigner } from "../windows/assigners.ts";
import type { KeptPairs, SideRows } from "./kept-pairs.ts";

/** Told of a window that is over: places of its rows in both sides' lists, from one and up to but not with the other. */
export type WindowOver = (leftFrom: number, leftTo: number, rightFrom: number, rightTo: number) => void;

/** Which rows of a key are in one window. Rows are kept once, by time, though they may be in many windows. */
export interface JoinWindows {
  /**
   * The last millisecond of the row's first window that is not over where a time is reached, or one before it; −∞ where all
   * are over, +∞ where the row is in none.
   */
  firstEnd(time: number, reached: number, kept: KeptPairs | undefined): number;
  /**
   * Tells of the window that is over at exactly this time, if there is one, and forgets rows that are in no other. Gives
   * when to ask next; the first time is the least that `firstEnd` gave.
   */
  finish(kept: KeptPairs, reached: number, over: WindowOver): number;
}

/** Windows that all keys share. */
export function alignedJoinWindows(assigner: AlignedAssigner): JoinWindows {
  const windows = alignedWindows(assigner);
  const nextEnd = (time: number, behind: number) => windows.nextEnd(windows.slice(time), behind);
  const lastEnd = (time: number) => windows.lastEnd(windows.slice(time));
  return {
    firstEnd(time, reached) {
      const last = lastEnd(time);
      if (last === BEFORE_ALL_TIME) return AFTER_ALL_TIME;
      return last - 1 > reached ? nextEnd(time, reached + 1) - 1 : BEFORE_ALL_TIME;
    },
    finish(kept, reached, over) {
      const [left, right] = kept.sides;
      const end = reached + 1;
      if (nextEnd(reached, reached) === end) {
        const start = windows.start(end);
        over(left.from(start), left.from(end), right.from(start), right.from(end));
      }
      let next = AFTER_ALL_TIME;
      for (const [side, rows] of kept.sides.entries()) {
        while (!rows.isEmpty && lastEnd(rows.times[rows.first]!) <= end) kept.dropFirst(side);
        if (!rows.isEmpty) next = Math.min(next, nextEnd(rows.times[rows.first]!, end) - 1);
      }
      return next;
    },
  };
}

/** Sessions of the rows of both sides together: each begins more than the gap behind the last row of the one before. */
export function sessionJoinWindows(gap: number): JoinWindows {
  const isNear = (rows: SideRows, time: number) => {
    const at = rows.from(time - gap);
    return at < rows.end && rows.times[at]! <= time + gap;
  };
  return {
    firstEnd(time, reached, kept) {
      const end = time + gap - 1;
      if (end > reached) return end;
      // A late row belongs to a session that goes on. The key has a timer for that.
      return kept?.sides.some((rows) => isNear(rows, time)) ? kept.timer : BEFORE_ALL_TIME;
    },
    finish(kept, reached, over) {
      const [left, right] = kept.sides;
      // No session is over before this time, so that all rows that would be are of the first one.
      let last = reached + 1 - gap;
      let [atLeft, atRight] = [left.from(last), right.from(last)];
      for (;;) {
        if (isWithin(left, atLeft, last + gap)) last = Math.max(last, left.times[atLeft++]!);
        else if (isWithin(right, atRight, last + gap)) last = Math.max(last, right.times[atRight++]!);
        else break;
      }
      if (last + gap - 1 > reached) return last + gap - 1;
      over(left.first, atLeft, right.first, atRight);
      while (left.first < atLeft) kept.dropFirst(0);
      while (right.first < atRight) kept.dropFirst(1);
      return Math.min(firstTime(left), firstTime(right)) + gap - 1;
    },
  };
}

function isWithin(rows: SideRows, at: number, time: number): boolean {
  return at < rows.end && rows.times[at]! <= time;
}

function firstTime(rows: SideRows): number {
  return rows.isEmpty ? AFTER_ALL_TIME : rows.times[rows.first]!;
}
