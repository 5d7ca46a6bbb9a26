/** Where rows are, by a hash of what is in them; of one hash, in the order in which they came. Entries are numbers. */
export class RowIndex {
  readonly #firsts = new Map<number, number>();
  readonly #lasts = new Map<number, number>();
  readonly #places: number[] = [];
  readonly #nexts: number[] = [];

  /** The first entry of a hash; −1 if there is none. */
  first(hash: number): number {
    return this.#firsts.get(hash) ?? NONE;
  }

  /** The next entry of the same hash; −1 behind the last. */
  next(entry: number): number {
    return this.#nexts[entry]!;
  }

  placeOf(entry: number): number {
    return this.#places[entry]!;
  }

  /** Adds a row behind all others. */
  add(hash: number, place: number): void {
    const entry = this.#places.length;
    this.#places.push(place);
    this.#nexts.push(NONE);
    const last = this.#lasts.get(hash);
    if (last === undefined) this.#firsts.set(hash, entry);
    else this.#nexts[last] = entry;
    this.#lasts.set(hash, entry);
  }

  /** Removes the row that is at a place. */
  remove(hash: number, place: number): void {
    let before = NONE;
    let entry = this.first(hash);
    for (; this.#places[entry] !== place; entry = this.#nexts[entry]!) before = entry;
    const next = this.#nexts[entry]!;
    if (before !== NONE) this.#nexts[before] = next;
    else if (next !== NONE) this.#firsts.set(hash, next);
    else this.#firsts.delete(hash);
    if (next !== NONE) return;
    if (before !== NONE) this.#lasts.set(hash, before);
    else this.#lasts.delete(hash);
  }
}

const NONE = -1;

/** A hash of some bytes: FNV-1a, 32 bits. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}
