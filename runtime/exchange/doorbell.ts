/**
 * Wakes a thread that waits for others: one 32-bit counter in shared memory. To wait without missing anything, note
 * `count`, look for work, and only then `wait` with what was noted.
 */
export class Doorbell {
  /** Hand it to another thread to make the same doorbell there. */
  readonly memory: SharedArrayBuffer;
  readonly #cell: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.memory = memory;
    this.#cell = new Int32Array(memory);
  }

  /** How often it was rung, modulo 2^32. */
  get count(): number {
    return Atomics.load(this.#cell, 0);
  }

  ring(): void {
    Atomics.add(this.#cell, 0, 1);
    Atomics.notify(this.#cell, 0);
  }

  /**
   * Blocks the thread until the count is no longer `seen`, at most so many milliseconds; true when it was rung. It stops
   * everything else in the thread, so it is for worker threads.
   */
  wait(seen: number, timeoutMs: number): boolean {
    return Atomics.wait(this.#cell, 0, seen, timeoutMs) !== "timed-out";
  }

  /** Like `wait`, but leaves the thread to its other events meanwhile. */
  async waitLater(seen: number, timeoutMs: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#cell, 0, seen, timeoutMs);
    if (waiting.async) await waiting.value;
  }
}
