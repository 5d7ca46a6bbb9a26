import type { Entry } from "./row-set.ts";

interface Deadline {
  readonly entry: Entry;
  /** What the entry is of: a row, or a change that waits. */
  readonly row: { readonly counts: boolean };
}

/** Deadlines up to which it does not matter how many are of rows that no longer count. */
const FEW = 64;

/** Deadlines that lie ahead, the first on top: a binary heap. Those of rows that no longer count are passed over. */
export class Deadlines {
  #heap: Deadline[] = [];
  /** Where it grows beyond, those of rows that no longer count are dropped. */
  #most = FEW;

  /** The row says itself from when on it no longer counts. */
  add(entry: Entry, row: Deadline["row"]): void {
    if (this.#heap.length >= this.#most) this.#drop();
    this.#push({ entry, row });
  }

  /** Drops those that are passed over: rows of a key may come and go for ever before the first deadline is over. */
  #drop(): void {
    const counting = this.#heap.filter(({ row }) => row.counts);
    this.#heap = [];
    for (const deadline of counting) this.#push(deadline);
    this.#most = Math.max(FEW, 2 * counting.length);
  }

  #push(deadline: Deadline): void {
    const heap = this.#heap;
    const { entry } = deadline;
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = heap[(at - 1) >> 1]!;
      if (parent.entry.dueAt <= entry.dueAt) break;
      heap[at] = parent;
    }
    heap[at] = deadline;
  }

  /** The first deadline, +∞ for none. */
  first(): number {
    while (this.#heap.length > 0 && !this.#heap[0]!.row.counts) this.#pop();
    return this.#heap[0]?.entry.dueAt ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the first entry whose deadline is at or before a time. */
  next(through: number): Entry | undefined {
    return this.first() <= through ? this.#pop().entry : undefined;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #pop(): Deadline {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.entry.dueAt < heap[child]!.entry.dueAt) child++;
      if (heap[child]!.entry.dueAt >= last.entry.dueAt) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
