import type { Key } from "../base/key.ts";

const SLOTS = 1 << 16;
const HEADER_BYTES = 8;
/** Counted in 32 bits, for two years of a run. */
const TICK_MS = 16;

/**
 * When keys were last seen to change, told by all threads to all threads, in memory that does not grow: keys share slots by
 * their hash, so that a key may seem to have changed when another did, and never the other way.
 */
export class ChangedKeys {
  readonly #beganAt: number;
  readonly #ticks: Int32Array;

  /** Of memory that `memory` made, in whatever thread. */
  constructor(memory: SharedArrayBuffer) {
    this.#beganAt = new Float64Array(memory, 0, 1)[0]!;
    this.#ticks = new Int32Array(memory, HEADER_BYTES, SLOTS);
  }

  /** Memory in which no key has changed yet; times count from `now`, in epoch ms. */
  static memory(now: number): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(HEADER_BYTES + SLOTS * Int32Array.BYTES_PER_ELEMENT);
    new Float64Array(memory, 0, 1)[0] = now;
    return memory;
  }

  /** A row of the key changed, as is seen now, in epoch ms. */
  mark(key: Key, now: number): void {
    Atomics.store(this.#ticks, slotOf(key), Math.floor((now - this.#beganAt) / TICK_MS) + 1);
  }

  /** An epoch time in ms by which the last change that was seen was seen; 0 for none. */
  lastChange(key: Key): number {
    const ticks = Atomics.load(this.#ticks, slotOf(key)) >>> 0;
    return ticks === 0 ? 0 : this.#beganAt + ticks * TICK_MS;
  }
}

/** FNV-1a, with the high bits in the low ones too. */
function slotOf(key: Key): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
