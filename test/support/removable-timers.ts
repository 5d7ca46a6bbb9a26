import type { Key } from "../../base/key.ts";
import type { Timers } from "../../dataflow/operator.ts";
import { type Timer, TimerQueue } from "../../state/timer-queue.ts";

/** Timers in memory which can be taken back, as those of keyed state can. */
export class RemovableTimers implements Timers {
  readonly #queue = new TimerQueue();
  readonly #set = new Set<string>();

  register(key: Key, time: number): void {
    this.#set.add(nameOf(key, time));
    this.#queue.register(key, time);
  }

  remove(key: Key, time: number): void {
    this.#set.delete(nameOf(key, time));
  }

  next(through: number): Timer | undefined {
    for (let due = this.#queue.next(through); due !== undefined; due = this.#queue.next(through)) {
      if (this.#set.delete(nameOf(due.key, due.time))) return due;
    }
    return undefined;
  }

  get size(): number {
    return this.#set.size;
  }
}

const nameOf = (key: Key, time: number): string => `${time} ${key}`;
