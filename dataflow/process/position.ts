import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Id } from "../model.ts";
import { writeTime } from "../write-time.ts";
import type { ProcessTimes, RowKind } from "./process-spec.ts";

/** Where a process operator is: its functions' contexts and its states look here. */
export class Position implements ProcessTimes {
  key = "" as Id;
  kind: RowKind = "add";
  time = BEFORE_ALL_TIME;
  /** The time of the seed for a row of the initial snapshot, and for what comes of it. */
  seed: number | null = null;
  watermark = BEFORE_ALL_TIME;
  processingTime = BEFORE_ALL_TIME;
  /** The watermark, or on its way there the time of the timer. */
  reached = BEFORE_ALL_TIME;

  /** Event time of what is written now; null while none is known. */
  get writeTime(): number | null {
    const time = writeTime(this.time, this.seed, this.watermark);
    return time > BEFORE_ALL_TIME ? time : null;
  }

  /** Goes to a timer: no row, and of no seed. */
  toTimer(key: string, time: number): void {
    this.key = key as Id;
    this.kind = "add";
    this.time = time;
    this.seed = null;
  }
}
