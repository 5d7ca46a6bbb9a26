/** Alarms, each as often as it was added, up to so many: open addressing, with no gaps left by removals. */
export class AlarmBag {
  readonly #most: number;
  /** NaN: the slot is free. */
  #times = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  #hashes = new Int32Array(FIRST_CAPACITY);
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False where there is no room. */
  add(time: number, hash: number): boolean {
    if (this.#count === this.#most) return false;
    if (2 * ++this.#count > this.#times.length) this.#grow();
    this.#put(time, hash);
    return true;
  }

  /** Takes it out once; false where it is not there. */
  delete(time: number, hash: number): boolean {
    let gap = this.#find(time, hash);
    if (gap < 0) return false;
    const times = this.#times;
    const hashes = this.#hashes;
    const mask = times.length - 1;
    for (let at = (gap + 1) & mask; isTaken(times[at]!); at = (at + 1) & mask) {
      const home = placeOf(hashes[at]!) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      times[gap] = times[at]!;
      hashes[gap] = hashes[at]!;
      gap = at;
    }
    times[gap] = Number.NaN;
    this.#count--;
    return true;
  }

  #find(time: number, hash: number): number {
    const times = this.#times;
    const mask = times.length - 1;
    for (let slot = placeOf(hash) & mask; isTaken(times[slot]!); slot = (slot + 1) & mask) {
      if (times[slot] === time && this.#hashes[slot] === hash) return slot;
    }
    return -1;
  }

  #put(time: number, hash: number): void {
    const times = this.#times;
    const mask = times.length - 1;
    let slot = placeOf(hash) & mask;
    while (isTaken(times[slot]!)) slot = (slot + 1) & mask;
    times[slot] = time;
    this.#hashes[slot] = hash;
  }

  #grow(): void {
    const [times, hashes] = [this.#times, this.#hashes];
    this.#times = new Float64Array(2 * times.length).fill(Number.NaN);
    this.#hashes = new Int32Array(2 * times.length);
    for (let at = 0; at < times.length; at++) if (isTaken(times[at]!)) this.#put(times[at]!, hashes[at]!);
  }
}

const FIRST_CAPACITY = 64;

const isTaken = (time: number): boolean => !Number.isNaN(time);

/** Hashes of one subtask have likeness in their lower bits. */
function placeOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return mixed ^ (mixed >>> 15);
}
