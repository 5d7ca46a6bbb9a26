import type { CountedRow, Entry } from "./row-set.ts";

interface Deadline {
  readonly entry: Entry;
  readonly row: CountedRow;
}

/** Deadlines that lie ahead, the first on top: a binary heap. Those of rows that no longer count are passed over. */
export class Deadlines {
  readonly #heap: Deadline[] = [];

  add(entry: Entry, row: CountedRow): void {
    const heap = this.#heap;
    const deadline = { entry, row };
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
