import { posix } from "node:path";
import type { Disk } from "../base/disk.ts";
import { AlarmChunks } from "./alarm-chunks.ts";
import { AlarmHeap } from "./alarm-heap.ts";
import { AlarmLane } from "./alarm-lane.ts";

/** Where alarms are put that are not kept in memory. */
export interface TimerLanesOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** Starts the name of its file; none other in the folder has it. */
  readonly prefix: string;
  /** Most alarms in memory that came out of order, 16 or more: 65,536. */
  readonly near?: number;
}

/**
 * Alarms of keys by their hashes: what `Alarms` of `dataflow` says. Nearly all come in the order of their times, of each
 * input and kind: they go to lanes, one for each such order, and cost next to nothing. What fits no lane is in a heap, or,
 * where that becomes too large, in sorted runs. Long lanes and runs are in a file: derived data, not made durable. May fail
 * with DISK_FULL and DISK_FAILED, and with STATE_CORRUPT where the file is damaged.
 */
export class TimerLanes {
  readonly #near: number;
  readonly #chunks: AlarmChunks;
  /** Marked with the spill that they last took one before. In the order of their last times, which stays: an alarm goes to the lane with the latest that is not behind it. */
  readonly #lanes: AlarmLane[] = [];
  /** Lanes that take no more alarms; their marks are their levels. */
  readonly #runs: AlarmLane[] = [];
  readonly #heap = new AlarmHeap();
  /** The lane that took the last one. */
  #last = 0;
  /** How often the heap was full. */
  #spills = 0;

  constructor({ disk, dir, prefix, near = 65_536 }: TimerLanesOptions) {
    this.#near = near;
    this.#chunks = new AlarmChunks(disk, posix.join(dir, `${prefix}.alarms`), near >> 4);
  }

  set(time: number, hash: number): void {
    const lane = this.#laneFor(time);
    if (lane === undefined) {
      if (this.#heap.size === this.#near) this.#spill();
      this.#heap.push(time, hash);
      return;
    }
    lane.mark = this.#spills;
    lane.push(time, hash);
  }

  take(to: number, visit: (time: number, hash: number) => void): void {
    // Times are finite, and that of an alarm that is not there is not.
    const through = Math.min(to, Number.MAX_VALUE);
    for (;;) {
      const lane = dueOf(this.#lanes, through) ?? dueOf(this.#runs, through);
      if (lane !== undefined) lane.take(through, visit);
      else if (this.#heap.first <= through) this.#takeOfHeap(through, visit);
      else break;
    }
    dropEmpty(this.#lanes);
    dropEmpty(this.#runs);
  }

  /** Removes its file. */
  close(): void {
    this.#chunks.close();
  }

  #takeOfHeap(through: number, visit: (time: number, hash: number) => void): void {
    const heap = this.#heap;
    while (heap.first <= through) {
      const { first, firstHash } = heap;
      heap.removeFirst();
      visit(first, firstHash);
    }
  }

  #laneFor(time: number): AlarmLane | undefined {
    const lanes = this.#lanes;
    let at = this.#last;
    if (at >= lanes.length || lanes[at]!.last > time || (at + 1 < lanes.length && lanes[at + 1]!.last <= time)) {
      at = lanes.length - 1;
      while (at >= 0 && lanes[at]!.last > time) at--;
      if (at < 0) {
        if (lanes.length === MOST_LANES) return undefined;
        lanes.unshift(new AlarmLane(this.#chunks));
        at = 0;
      }
      this.#last = at;
    }
    return lanes[at];
  }

  /**
   * The heap becomes a run. So do lanes that took nothing since the last time, as their last alarms are too far off: they
   * make room for others, for what comes now to have an order again. Each run takes memory and time, so that many become one.
   */
  #spill(): void {
    const lanes = this.#lanes.splice(0);
    for (const lane of lanes) {
      if (lane.mark === this.#spills) {
        this.#lanes.push(lane);
        continue;
      }
      lane.mark = 0;
      this.#runs.push(lane);
    }
    const run = new AlarmLane(this.#chunks);
    for (; this.#heap.size > 0; this.#heap.removeFirst()) run.push(this.#heap.first, this.#heap.firstHash);
    this.#runs.push(run);
    this.#merge(0);
    this.#spills++;
  }

  /** Runs have levels: where there are many of one, they become one of the next. */
  #merge(level: number): void {
    const runs = this.#runs.filter(({ mark }) => mark === level);
    if (runs.length < RUNS_OF_LEVEL) return;
    const merged = new AlarmLane(this.#chunks);
    merged.mark = level + 1;
    for (let run = earliestOf(runs); run.first < Number.POSITIVE_INFINITY; run = earliestOf(runs))
      run.take(run.first, (time, hash) => merged.push(time, hash));
    dropEmpty(this.#runs);
    this.#runs.push(merged);
    this.#merge(level + 1);
  }
}

function earliestOf(runs: readonly AlarmLane[]): AlarmLane {
  let earliest = runs[0]!;
  for (const run of runs) if (run.first < earliest.first) earliest = run;
  return earliest;
}

function dueOf(lanes: readonly AlarmLane[], through: number): AlarmLane | undefined {
  for (const lane of lanes) if (lane.first <= through) return lane;
  return undefined;
}

function dropEmpty(lanes: AlarmLane[]): void {
  for (let at = lanes.length - 1; at >= 0; at--) {
    if (lanes[at]!.first === Number.POSITIVE_INFINITY) lanes.splice(at, 1)[0]!.close();
  }
}

const MOST_LANES = 16;
const RUNS_OF_LEVEL = 16;
