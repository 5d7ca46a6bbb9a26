import { setImmediate as microtasksDone } from "node:timers/promises";
import type { Clock } from "../../base/time.ts";

interface Event {
  readonly time: number;
  readonly order: number;
  readonly act: () => void;
}

/** What was waited for does not come. */
export class Stuck extends Error {
  constructor() {
    super("what was waited for does not come");
  }
}

/**
 * Simulated time. All that takes time waits in one queue, in order of time, then of being asked for; time passes only by
 * taking the next of it. So a whole run is the same whenever it is repeated, and waiting costs nothing.
 */
export class SimClock implements Clock {
  #now: number;
  #asked = 0;
  /** A binary heap. */
  readonly #events: Event[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  /** Does something so many milliseconds from now. */
  after(ms: number, act: () => void): void {
    const event = { time: this.#now + ms, order: this.#asked++, act };
    const heap = this.#events;
    let at = heap.length;
    while (at > 0 && isBefore(event, heap[(at - 1) >> 1]!)) {
      heap[at] = heap[(at - 1) >> 1]!;
      at = (at - 1) >> 1;
    }
    heap[at] = event;
  }

  /** Waits so many milliseconds, or until the signal comes. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.after(ms, wake);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Lets time pass until the promise has settled, for so many ms at most. `Stuck` when that is not enough. */
  async until<T>(promise: Promise<T>, mostMs = Number.POSITIVE_INFINITY): Promise<T> {
    const deadline = this.#now + mostMs;
    let hasSettled = false;
    const settle = () => {
      hasSettled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      await microtasksDone();
      if (hasSettled) return promise;
      const event = this.#next();
      if (event === undefined || event.time > deadline) throw new Stuck();
      this.#now = event.time;
      event.act();
    }
  }

  #next(): Event | undefined {
    const heap = this.#events;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.time < right.time || (left.time === right.time && left.order < right.order);
}
