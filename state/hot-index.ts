/**
 * Where the records of an arena are, by the hash of their key: open addressing in one array, with no gaps left by removals.
 * Keys are in the arena alone, and compared there. Grown without a look at a record: a hash's bits from the top on are its
 * place, so that a larger index is written from front to back.
 */
export class HotIndex {
  count = 0;
  /** Pairs: the hash, and the record's address in units of 8; 0: the slot is free. */
  #slots = new Int32Array(2 * FIRST_CAPACITY);
  #mask = 2 * FIRST_CAPACITY - 1;
  #shift = 32 - Math.log2(FIRST_CAPACITY);

  /** The first slot of a hash; −1 if there is none. */
  first(hash: number): number {
    return this.#seek((Math.imul(hash, SPREAD) >>> this.#shift) << 1, hash);
  }

  /** The next slot of a hash; −1 behind the last. */
  next(slot: number, hash: number): number {
    return this.#seek((slot + 2) & this.#mask, hash);
  }

  /** The address in the place of a hash, which is nearly always that of its record; 0 if there is none. */
  near(hash: number): number {
    const slot = (Math.imul(hash, SPREAD) >>> this.#shift) << 1;
    return this.#slots[slot] === hash ? this.#slots[slot + 1]! << 3 : 0;
  }

  addressAt(slot: number): number {
    return this.#slots[slot + 1]! << 3;
  }

  /** The slot of a record that is there. */
  slotOf(hash: number, address: number): number {
    let slot = this.first(hash);
    while (this.addressAt(slot) !== address) slot = this.next(slot, hash);
    return slot;
  }

  point(slot: number, address: number): void {
    this.#slots[slot + 1] = address >> 3;
  }

  /** Adds a record whose key is not there. */
  insert(hash: number, address: number): void {
    if (this.count * 10 >= (this.#mask + 1) * LOAD) this.#grow();
    this.#put(hash, address >> 3);
    this.count++;
  }

  /** Frees a slot, and moves up those behind it that were pushed on by it. */
  remove(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let gap = slot;
    for (let at = (slot + 2) & mask; slots[at + 1] !== 0; at = (at + 2) & mask) {
      const home = (Math.imul(slots[at]!, SPREAD) >>> this.#shift) << 1;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at]!;
      slots[gap + 1] = slots[at + 1]!;
      gap = at;
    }
    slots[gap + 1] = 0;
    this.count--;
  }

  #seek(from: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = from; slots[slot + 1] !== 0; slot = (slot + 2) & mask) if (slots[slot] === hash) return slot;
    return -1;
  }

  #put(hash: number, location: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = (Math.imul(hash, SPREAD) >>> this.#shift) << 1;
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
    slots[slot] = hash;
    slots[slot + 1] = location;
  }

  #grow(): void {
    const former = this.#slots;
    this.#slots = new Int32Array(2 * former.length);
    this.#mask = 2 * former.length - 1;
    this.#shift--;
    for (let slot = 0; slot < former.length; slot += 2) {
      if (former[slot + 1] !== 0) this.#put(former[slot]!, former[slot + 1]!);
    }
  }
}

const FIRST_CAPACITY = 1_024;
/** Most tenths of the array's length, two a slot, that are taken. */
const LOAD = 3.5;
/** 2³² by the golden ratio (Knuth): spreads hashes over the upper bits. */
const SPREAD = 0x9e3779b1;
