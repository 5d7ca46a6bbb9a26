import type { Disk } from "../base/disk.ts";
import type { StateBackend } from "../runtime/operators/operator-host.ts";
import type { StateStore } from "../state/state-store.ts";
import { TimerLanes } from "../state/timer-lanes.ts";
import { TimerQueue } from "../state/timer-queue.ts";

/** What a `DiskBackend` is made of; the store is its own from then on. */
export interface DiskBackendOptions extends Pick<StateBackend, "store" | "cacheBytes" | "onChanged"> {
  /** Where timers are that do not fit into memory; no other file in the folder begins with the prefix. */
  readonly timers: { readonly disk: Disk; readonly dir: string; readonly prefix: string };
}

/** State of a subtask in a store, and its timers in files beside it. */
export class DiskBackend implements StateBackend {
  readonly store: StateStore;
  readonly cacheBytes: number;
  readonly onChanged: StateBackend["onChanged"];
  readonly #timers: DiskBackendOptions["timers"];
  readonly #made: (TimerQueue | TimerLanes)[] = [];

  constructor({ store, cacheBytes, onChanged, timers }: DiskBackendOptions) {
    this.store = store;
    this.cacheBytes = cacheBytes;
    this.onChanged = onChanged;
    this.#timers = timers;
  }

  timerQueue(): TimerQueue {
    const queue = new TimerQueue(this.#nextFiles());
    this.#made.push(queue);
    return queue;
  }

  alarms(): TimerLanes {
    const lanes = new TimerLanes(this.#nextFiles());
    this.#made.push(lanes);
    return lanes;
  }

  close(): void {
    this.store.close();
    for (const timers of this.#made.splice(0)) timers.close();
  }

  #nextFiles() {
    return { ...this.#timers, prefix: `${this.#timers.prefix}${this.#made.length}` };
  }
}
