import type { Key } from "../base/key.ts";
import type { KeyedState, StateCodec, Timers } from "./operator.ts";
import { avroCodec } from "./state-codec.ts";

/** State that ends. */
export interface Expiring {
  /** Removes what has ended of a key. Gives when to come again; undefined where nothing of it will end. */
  prune(key: Key): number | undefined;
}

/** By the state's name, the time of its timer. */
export type Dues = Map<string, number>;

/** The codec of the times of timers. */
export const duesCodec: StateCodec<Dues> = avroCodec<Dues>({ type: "map", values: "double" });

/**
 * Comes round to remove what has ended. There is one timer per key and state at a time, however often the state is
 * written: when it fires, it is set anew for what is left.
 */
export class Expiry {
  readonly #dues: KeyedState<Dues>;
  readonly #timers: Timers;

  constructor(dues: KeyedState<Dues>, timers: Timers) {
    this.#dues = dues;
    this.#timers = timers;
  }

  /** Something of the key's state ends at a time. */
  expect(key: Key, state: string, due: number): void {
    const dues = this.#dues.get(key) ?? new Map<string, number>();
    const known = dues.get(state);
    if (known !== undefined && known <= due) return;
    dues.set(state, due);
    this.#dues.set(key, dues);
    this.#timers.register(key, due);
  }

  /** Has the states whose time has come prune themselves. */
  sweep(through: number, states: ReadonlyMap<string, Expiring>): void {
    for (let due = this.#timers.next(through); due !== undefined; due = this.#timers.next(through)) {
      this.#prune(due.key, due.time, states);
    }
  }

  #prune(key: Key, time: number, states: ReadonlyMap<string, Expiring>): void {
    // A timer that another state's, or an earlier one, has made superfluous finds nothing that is due.
    const dues = this.#dues.get(key);
    if (dues === undefined) return;
    for (const [state, due] of [...dues]) {
      if (due > time) continue;
      const next = states.get(state)?.prune(key);
      if (next === undefined) {
        dues.delete(state);
      } else {
        dues.set(state, next);
        this.#timers.register(key, next);
      }
    }
    if (dues.size === 0) this.#dues.delete(key);
  }
}
