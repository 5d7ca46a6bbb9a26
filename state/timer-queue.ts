import type { Key } from "../base/key.ts";

/** A timer of a key. */
export interface Timer {
  readonly key: Key;
  readonly time: number;
}

/**
 * Timers of one subtask: a binary heap by time, then key, so that timers fire in one order whatever the order in which
 * they were registered. Registering a (key, time) twice fires it once.
 */
export class TimerQueue {
  readonly #heap: Timer[] = [];

  register(key: Key, time: number): void {
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

  /** Removes and gives the earliest timer at or before `through`. */
  next(through: number): Timer | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.time > through) return undefined;
    this.#removeFirst();
    while (this.#heap.length > 0 && same(this.#heap[0]!, first)) this.#removeFirst();
    return first;
  }

  get size(): number {
    return this.#heap.length;
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
}

function before(left: Timer, right: Timer): boolean {
  return left.time < right.time || (left.time === right.time && left.key < right.key);
}

function same(left: Timer, right: Timer): boolean {
  return left.time === right.time && left.key === right.key;
}
