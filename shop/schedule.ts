/**
 * Things to be done, in order of time, then of being asked for: a binary heap. What lies after `lastMs` is never done.
 */
export class Schedule {
  readonly #lastMs: number;
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #tasks: (() => void)[] = [];
  #asked = 0;
  /** The time of what is being done. */
  now = Number.NEGATIVE_INFINITY;

  constructor(lastMs: number) {
    this.#lastMs = lastMs;
  }

  at(timeMs: number, task: () => void): void {
    if (timeMs > this.#lastMs) return;
    let i = this.#times.length;
    const order = this.#asked++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.#times[parent]! <= timeMs) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#put(i, timeMs, order, task);
  }

  /** Does everything that is due before this time, and what is asked for meanwhile. */
  runBefore(timeMs: number): void {
    while (this.#times.length > 0 && this.#times[0]! < timeMs) {
      this.now = this.#times[0]!;
      this.#pop()();
    }
  }

  #pop(): () => void {
    const task = this.#tasks[0]!;
    const time = this.#times.pop()!;
    const order = this.#orders.pop()!;
    const last = this.#tasks.pop()!;
    const length = this.#times.length;
    if (length === 0) return task;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(child + 1, this.#times[child]!, this.#orders[child]!)) child++;
      if (!this.#isBefore(child, time, order)) break;
      this.#move(child, i);
      i = child;
    }
    this.#put(i, time, order, last);
    return task;
  }

  #isBefore(i: number, time: number, order: number): boolean {
    const own = this.#times[i]!;
    return own < time || (own === time && this.#orders[i]! < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#orders[from]!, this.#tasks[from]!);
  }

  #put(i: number, time: number, order: number, task: () => void): void {
    this.#times[i] = time;
    this.#orders[i] = order;
    this.#tasks[i] = task;
  }
}
