/** Rows with their times, in order of time and within one time in the order in which they came. Places begin at 0. */
export class TimedRows<T> {
  #times: number[] = [];
  #rows: T[] = [];
  /** Those before it are dropped: so many rows that are dropped one by one do not move all others each time. */
  #first = 0;

  get count(): number {
    return this.#times.length - this.#first;
  }

  /** Undefined behind the last row. */
  timeAt(place: number): number | undefined {
    return this.#times[this.#first + place];
  }

  /** Undefined behind the last row. */
  rowAt(place: number): T | undefined {
    return place < 0 ? undefined : this.#rows[this.#first + place];
  }

  /** The first place that is later than a time. */
  behind(time: number): number {
    const times = this.#times;
    const first = this.#first;
    let high = times.length;
    // Rows come about in order: most are looked for at the end.
    if (high === first || times[high - 1]! <= time) return high - first;
    let low = first;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low - first;
  }

  /** Puts a row at a place. */
  insert(place: number, time: number, row: T): void {
    if (place === this.count) {
      this.#times.push(time);
      this.#rows.push(row);
      return;
    }
    this.#times.splice(this.#first + place, 0, time);
    this.#rows.splice(this.#first + place, 0, row);
  }

  /** Puts another row in the place of one. */
  replace(place: number, row: T): void {
    this.#rows[this.#first + place] = row;
  }

  /** Removes the first rows. */
  dropFirst(count: number): void {
    this.#first += count;
    const first = this.#first;
    if (first < FEW && first < this.#times.length) return;
    if (first * 2 < this.#times.length) return;
    this.#times = this.#times.slice(first);
    this.#rows = this.#rows.slice(first);
    this.#first = 0;
  }
}

/** Dropped rows that may stay in memory whatever is behind them. */
const FEW = 4;
