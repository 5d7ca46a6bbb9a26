import { FrequencySketch } from "./frequency-sketch.ts";

/** What a key's value was at a moment. */
export interface Dated<V> {
  readonly value: V;
  /** When it was begun to be read, in epoch ms: what changed from then on may not be in it. */
  readonly readAt: number;
}

/** Which keys are hot, and how many of them are kept. Times in ms. */
export interface HotOptions {
  /** So often a key must have been asked for lately. */
  readonly hotFrom: number;
  /** What is asked for counts half after so long. */
  readonly halveEveryMs: number;
  /** Values kept. */
  readonly most: number;
}

/** Counters in each row of the sketch: 32 KB in all. */
const WIDTH = 4_096;

/**
 * The values of hot keys, in this process. Which keys are hot, the questions tell; where there is no room for all of them,
 * the ones that are asked for more often stay.
 */
export class HotValues<V> {
  readonly #options: HotOptions;
  readonly #sketch: FrequencySketch;
  /** The one that was used last comes last. */
  readonly #values = new Map<string, Dated<V>>();

  constructor(options: HotOptions) {
    this.#options = options;
    this.#sketch = new FrequencySketch({ width: WIDTH, halveEveryMs: options.halveEveryMs });
  }

  get size(): number {
    return this.#values.size;
  }

  /** Counts that a key is asked for; gives its value where that is kept. */
  ask(key: string, now: number): Dated<V> | undefined {
    this.#sketch.add(key, now);
    const found = this.#values.get(key);
    if (found === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, found);
    return found;
  }

  /** Keeps the value of a key if it is hot, and not older than the one that is kept. */
  offer(key: string, dated: Dated<V>, now: number): void {
    const { hotFrom, most } = this.#options;
    const count = this.#sketch.count(key, now);
    if (count < hotFrom || dated.readAt < (this.#values.get(key)?.readAt ?? 0)) return;
    if (this.#values.size >= most && !this.#values.has(key)) {
      const [oldest] = this.#values.keys();
      if (this.#sketch.count(oldest!, now) > count) return;
      this.#values.delete(oldest!);
    }
    this.#values.set(key, dated);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
