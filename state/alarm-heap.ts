/** Alarms in any order: a binary heap in two arrays. */
export class AlarmHeap {
  size = 0;
  #times = new Float64Array(FIRST_CAPACITY);
  #hashes = new Int32Array(FIRST_CAPACITY);

  /** Time of the first alarm; +∞ if there is none. */
  get first(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** Hash of the first alarm. */
  get firstHash(): number {
    return this.#hashes[0]!;
  }

  push(time: number, hash: number): void {
    if (this.size === this.#times.length) this.#grow();
    const times = this.#times;
    const hashes = this.#hashes;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= time) break;
      times[at] = times[parent]!;
      hashes[at] = hashes[parent]!;
      at = parent;
    }
    times[at] = time;
    hashes[at] = hash;
  }

  removeFirst(): void {
    const times = this.#times;
    const hashes = this.#hashes;
    const size = --this.size;
    const time = times[size]!;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= time) break;
      times[at] = times[child]!;
      hashes[at] = hashes[child]!;
      at = child;
    }
    times[at] = time;
    hashes[at] = hashes[size]!;
  }

  #grow(): void {
    const [times, hashes] = [this.#times, this.#hashes];
    this.#times = new Float64Array(2 * times.length);
    this.#hashes = new Int32Array(2 * hashes.length);
    this.#times.set(times);
    this.#hashes.set(hashes);
  }
}

const FIRST_CAPACITY = 256;
