/** Hashes, each as often as it was added: open addressing, 4 bytes a slot, with no gaps left by removals. */
export class HashBag {
  #slots = new Int32Array(FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  #count = 0;

  has(hash: number): boolean {
    return this.#find(hash || STANDS_FOR_ZERO) >= 0;
  }

  add(hash: number): void {
    if (2 * ++this.#count > this.#slots.length) this.#grow();
    this.#put(hash || STANDS_FOR_ZERO);
  }

  /** Takes it out once; nothing happens where it is not there. */
  delete(hash: number): void {
    let gap = this.#find(hash || STANDS_FOR_ZERO);
    if (gap < 0) return;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let at = (gap + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = placeOf(slots[at]!) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at]!;
      gap = at;
    }
    slots[gap] = 0;
    this.#count--;
  }

  #find(hash: number): number {
    const slots = this.#slots;
    for (let slot = placeOf(hash) & this.#mask; slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      if (slots[slot] === hash) return slot;
    }
    return -1;
  }

  #put(hash: number): void {
    let slot = placeOf(hash) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = hash;
  }

  #grow(): void {
    const former = this.#slots;
    this.#slots = new Int32Array(2 * former.length);
    this.#mask = this.#slots.length - 1;
    for (const hash of former) if (hash !== 0) this.#put(hash);
  }
}

const FIRST_CAPACITY = 64;
/** 0 marks what is free. */
const STANDS_FOR_ZERO = 1;

/** Hashes of one subtask have likeness in their lower bits. */
function placeOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return mixed ^ (mixed >>> 15);
}
