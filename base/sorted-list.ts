/** The most items of a piece: few enough to be moved at once, many enough that pieces are few. */
const PIECE = 512;

/**
 * Items in an order: what comes is put behind all that are equal to it. Kept in pieces, so that adding, removing, and taking
 * the first cost the logarithm of how many there are, and no more than a piece is moved.
 */
export class SortedList<T> implements Iterable<T> {
  readonly #compare: (left: T, right: T) => number;
  /** None of them empty. */
  readonly #pieces: T[][] = [];
  #size = 0;

  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare;
  }

  /** A list of items in any order; those that are equal stay in the order in which they are given. */
  static of<T>(items: Iterable<T>, compare: (left: T, right: T) => number): SortedList<T> {
    const list = new SortedList(compare);
    const sorted = [...items].sort(compare);
    for (let at = 0; at < sorted.length; at += PIECE / 2) list.#pieces.push(sorted.slice(at, at + PIECE / 2));
    list.#size = sorted.length;
    return list;
  }

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#pieces[0]?.[0];
  }

  add(item: T): void {
    const pieces = this.#pieces;
    this.#size++;
    if (pieces.length === 0) {
      pieces.push([item]);
      return;
    }
    // Most items come last.
    let at = pieces.length - 1;
    if (this.#compare(pieces[at]![0]!, item) > 0) at = Math.max(0, this.#pieceBehind(item) - 1);
    const piece = pieces[at]!;
    if (this.#compare(piece.at(-1)!, item) <= 0) piece.push(item);
    else piece.splice(this.#placeBehind(piece, item), 0, item);
    if (piece.length > PIECE) pieces.splice(at + 1, 0, piece.splice(PIECE / 2));
  }

  /** Removes this very item; false if it is not there. */
  remove(item: T): boolean {
    const pieces = this.#pieces;
    // Items that are equal to it may lie in several pieces.
    for (let at = this.#pieceBehind(item) - 1; at >= 0; at--) {
      const piece = pieces[at]!;
      for (let place = this.#placeBehind(piece, item) - 1; place >= 0; place--) {
        if (piece[place] === item) {
          this.#size--;
          piece.splice(place, 1);
          if (piece.length === 0) pieces.splice(at, 1);
          return true;
        }
        if (this.#compare(piece[place]!, item) < 0) return false;
      }
    }
    return false;
  }

  /** The last of the items that are equal to one; undefined where there is none. */
  find(item: T): T | undefined {
    const piece = this.#pieces[this.#pieceBehind(item) - 1];
    const found = piece?.[this.#placeBehind(piece, item) - 1];
    return found !== undefined && this.#compare(found, item) === 0 ? found : undefined;
  }

  /** Takes the first item; undefined where there is none. */
  takeFirst(): T | undefined {
    const piece = this.#pieces[0];
    if (piece === undefined) return undefined;
    this.#size--;
    const item = piece.shift()!;
    if (piece.length === 0) this.#pieces.shift();
    return item;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#size = 0;
  }

  /** Visits all items, without what an iterator leaves behind for each. */
  forEach(visit: (item: T) => void): void {
    for (const piece of this.#pieces) for (let at = 0; at < piece.length; at++) visit(piece[at]!);
  }

  /** The first item behind all for which `isBefore` holds, which is so for the first ones and no others; undefined for none. */
  firstBehind(isBefore: (item: T) => boolean): T | undefined {
    const pieces = this.#pieces;
    const at = Math.max(0, firstNot(pieces, (piece) => isBefore(piece[0]!)) - 1);
    const piece = pieces[at];
    return piece === undefined ? undefined : (piece[firstNot(piece, isBefore)] ?? pieces[at + 1]?.[0]);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const piece of this.#pieces) yield* piece;
  }

  /** The items behind all for which `isBefore` holds, which is so for the first ones and no others. */
  *behind(isBefore: (item: T) => boolean): Iterable<T> {
    const pieces = this.#pieces;
    for (let at = Math.max(0, firstNot(pieces, (piece) => isBefore(piece[0]!)) - 1); at < pieces.length; at++) {
      const piece = pieces[at]!;
      const place = firstNot(piece, isBefore);
      for (let i = place; i < piece.length; i++) yield piece[i]!;
    }
  }

  /** The first piece that begins behind an item. */
  #pieceBehind(item: T): number {
    return firstNot(this.#pieces, (piece) => this.#compare(piece[0]!, item) <= 0);
  }

  #placeBehind(piece: readonly T[], item: T): number {
    return firstNot(piece, (other) => this.#compare(other, item) <= 0);
  }
}

/** The place of the first item for which `holds` does not; it does for all in front of it. */
function firstNot<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
