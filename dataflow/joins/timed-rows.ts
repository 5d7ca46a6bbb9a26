/** Rows with their times, in order of time and within one time in the order in which they came. */
export class TimedRows<T> {
  readonly times: number[] = [];
  readonly rows: T[] = [];

  get count(): number {
    return this.times.length;
  }

  /** The first place that is later than a time. */
  behind(time: number): number {
    const { times } = this;
    let high = times.length;
    // Rows come about in order: most are looked for at the end.
    if (high === 0 || times[high - 1]! <= time) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts a row at a place. */
  insert(place: number, time: number, row: T): void {
    if (place === this.times.length) {
      this.times.push(time);
      this.rows.push(row);
      return;
    }
    this.times.splice(place, 0, time);
    this.rows.splice(place, 0, row);
  }

  /** Removes the first rows. */
  dropFirst(count: number): void {
    if (count === 0) return;
    this.times.splice(0, count);
    this.rows.splice(0, count);
  }
}
