import { posix } from "node:path";
import type { Disk } from "../base/disk.ts";
import type { Key } from "../base/key.ts";
import { type Timer, type TimerRun, TimerRunWriter } from "./timer-run.ts";

export type { Timer };

/** Where a queue puts the timers that it does not keep in memory. */
export interface TimerQueueOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** Starts the names of its files; no other queue in the folder has it. */
  readonly prefix: string;
  /** Most timers in memory, two or more: 65,536. */
  readonly near?: number;
}

/**
 * Timers of one subtask, by time, then key, so that they fire in one order whatever the order in which they were
 * registered; a (key, time) that is registered twice fires once. Those that do not fit into memory, the later half each
 * time, are sorted runs in files, merged sixteen at a time: derived data, not made durable. Without options all are in memory.
 */
export class TimerQueue {
  /** A binary heap. */
  #heap: Timer[] = [];
  /** Runs by level: one of a level is made of sixteen of the level below. */
  readonly #levels: TimerRun[][] = [];
  /** The run whose first timer is the earliest. */
  #leastRun: TimerRun | undefined;
  readonly #options: TimerQueueOptions | undefined;
  readonly #near: number;
  #files = 0;

  constructor(options?: TimerQueueOptions) {
    this.#options = options;
    this.#near = options === undefined ? Number.POSITIVE_INFINITY : (options.near ?? 65_536);
  }

  /** May fail with DISK_FULL or DISK_FAILED. */
  register(key: Key, time: number): void {
    if (this.#heap.length >= this.#near) this.#spill();
    const heap = this.#heap;
    const timer = { key, time };
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  /** Removes and gives the earliest timer at or before `through`. STATE_CORRUPT where its file is damaged. */
  next(through: number): Timer | undefined {
    const near = this.#heap[0];
    const far = this.#leastRun?.first;
    const first = near !== undefined && (far === undefined || !before(far, near)) ? near : far;
    if (first === undefined || first.time > through) return undefined;
    while (this.#heap.length > 0 && same(this.#heap[0]!, first)) this.#removeFirst();
    for (let run = this.#leastRun; run?.first !== undefined && same(run.first, first); run = this.#leastRun) {
      run.advance();
      this.#findLeastRun();
    }
    return first;
  }

  /** Timers in the queue, one that was registered several times counted once at least. */
  get size(): number {
    return this.#levels.flat().reduce((sum, run) => sum + run.size, this.#heap.length);
  }

  /** Removes its files. */
  close(): void {
    for (const run of this.#levels.splice(0).flat()) run.close();
    this.#leastRun = undefined;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }

  /** Writes the later half of those in memory to a run, unless so many were registered twice. */
  #spill(): void {
    const sorted = this.#heap.sort((left, right) => (before(left, right) ? -1 : before(right, left) ? 1 : 0));
    const single = sorted.filter((timer, i) => i === 0 || !same(timer, sorted[i - 1]!));
    const half = this.#near >> 1;
    this.#heap = single.slice(0, half);
    if (single.length <= half) return;
    const writer = this.#writer();
    for (let i = half; i < single.length; i++) writer.add(single[i]!);
    this.#addRun(writer.finish(), 0);
    this.#findLeastRun();
  }

  #addRun(run: TimerRun, level: number): void {
    const runs = this.#levels[level] ?? [];
    this.#levels[level] = runs;
    runs.push(run);
    if (runs.length === RUNS_OF_LEVEL) this.#addRun(this.#merge(runs.splice(0)), level + 1);
  }

  #merge(runs: readonly TimerRun[]): TimerRun {
    const writer = this.#writer();
    for (let least = leastOf(runs); least?.first !== undefined; least = leastOf(runs)) {
      writer.add(least.first);
      least.advance();
    }
    for (const run of runs) run.close();
    return writer.finish();
  }

  /** Also drops runs that are through. */
  #findLeastRun(): void {
    if (this.#leastRun?.first === undefined) {
      for (const [level, runs] of this.#levels.entries()) {
        for (const run of runs) if (run.first === undefined) run.close();
        this.#levels[level] = runs.filter(({ first }) => first !== undefined);
      }
    }
    this.#leastRun = undefined;
    for (const runs of this.#levels) {
      const least = leastOf(runs);
      if (least?.first === undefined) continue;
      if (this.#leastRun?.first === undefined || before(least.first, this.#leastRun.first)) this.#leastRun = least;
    }
  }

  #writer(): TimerRunWriter {
    const { disk, dir, prefix } = this.#options!;
    disk.makeFolder(dir);
    return new TimerRunWriter(disk, posix.join(dir, `${prefix}-${++this.#files}.timers`));
  }
}

/** As many runs of one level become one of the next. */
const RUNS_OF_LEVEL = 16;

function leastOf(runs: readonly TimerRun[]): TimerRun | undefined {
  let least: TimerRun | undefined;
  for (const run of runs) {
    if (run.first === undefined) continue;
    if (least?.first === undefined || before(run.first, least.first)) least = run;
  }
  return least;
}

function before(left: Timer, right: Timer): boolean {
  return left.time < right.time || (left.time === right.time && left.key < right.key);
}

function same(left: Timer, right: Timer): boolean {
  return left.time === right.time && left.key === right.key;
}
