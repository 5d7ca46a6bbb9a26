/** Rows of counters; a key has one in each, and the least of them is the nearest to the truth. */
const ROWS = 4;
const MOST = 0xffff;

/**
 * How often keys were seen lately, roughly and never too little, in the same memory however many keys there are: a count-min
 * sketch whose counters are all halved from time to time, so that what was hot cools down.
 */
export class FrequencySketch {
  readonly #counters: Uint16Array;
  readonly #mask: number;
  readonly #halveEveryMs: number;
  readonly #places = new Uint32Array(ROWS);
  #halvedAt: number | undefined;

  /** `width`: counters in a row, a power of two. */
  constructor({ width, halveEveryMs }: { readonly width: number; readonly halveEveryMs: number }) {
    this.#counters = new Uint16Array(ROWS * width);
    this.#mask = width - 1;
    this.#halveEveryMs = halveEveryMs;
  }

  /** Counts a key at a time in ms, and gives how often it was seen lately. */
  add(key: string, now: number): number {
    this.#cool(now);
    this.#find(key);
    const before = this.#least();
    if (before === MOST) return before;
    // Only the least ones are raised: the others are too high already, by other keys.
    for (const place of this.#places) if (this.#counters[place] === before) this.#counters[place] = before + 1;
    return before + 1;
  }

  /** How often a key was seen lately. */
  count(key: string, now: number): number {
    this.#cool(now);
    this.#find(key);
    return this.#least();
  }

  #least(): number {
    let least = MOST;
    for (const place of this.#places) least = Math.min(least, this.#counters[place]!);
    return least;
  }

  #find(key: string): void {
    let one = 0x811c9dc5;
    let other = 0x9e3779b9;
    for (let i = 0; i < key.length; i++) {
      one = Math.imul(one ^ key.charCodeAt(i), 0x01000193);
      other = Math.imul(other ^ key.charCodeAt(i), 0x85ebca6b);
    }
    one ^= one >>> 15;
    other = (other ^ (other >>> 13)) | 1;
    const width = this.#mask + 1;
    for (let row = 0; row < ROWS; row++) {
      const hash = one + Math.imul(row, other);
      this.#places[row] = row * width + ((hash ^ (hash >>> 16)) & this.#mask);
    }
  }

  #cool(now: number): void {
    this.#halvedAt ??= now;
    const times = Math.floor((now - this.#halvedAt) / this.#halveEveryMs);
    if (times <= 0) return;
    this.#halvedAt += times * this.#halveEveryMs;
    for (let i = 0; i < this.#counters.length; i++) this.#counters[i] = this.#counters[i]! >>> Math.min(times, 16);
  }
}
