import { hashBytes } from "./key-groups.ts";
import type { RecordLog } from "./record-log.ts";

/**
 * Where the records of one group of a table are: open addressing by the key's hash, in typed arrays, with no gaps left
 * by removals. Keys are in the log alone, and compared there. It takes twelve to sixteen bytes a key where it grows by a
 * quarter, which is most of what many keys take, and up to twenty-five where it doubles, which costs less.
 */
export class GroupIndex {
  count = 0;
  #hashes: Int32Array;
  /** 0: the slot is free. */
  #blocks: Uint32Array;
  #offsets: Uint16Array;
  #capacity: number;
  /** What of a hash is its place: the upper bits, so that a larger index has its keys in nearly the same order. */
  #ratio: number;

  constructor(capacity = FIRST_CAPACITY) {
    this.#hashes = new Int32Array(capacity);
    this.#blocks = new Uint32Array(capacity);
    this.#offsets = new Uint16Array(capacity);
    this.#capacity = capacity;
    this.#ratio = capacity / TWO_TO_32;
  }

  /** Memory taken. */
  get bytes(): number {
    return bytesOf(this.#capacity);
  }

  /** True when it is to grow before the next `insert`. */
  get isFull(): boolean {
    return this.count >= MOST_FULL * this.#capacity;
  }

  /** Memory that `grow` takes more. */
  growthOf(factor: number): number {
    return bytesOf(Math.ceil(factor * this.#capacity)) - bytesOf(this.#capacity);
  }

  /** The slot of a key, with `log.record` pointed at its record; −1 if it is not there. */
  find(log: RecordLog, hash: number, key: Uint8Array, start: number, end: number): number {
    for (let slot = this.#homeOf(hash); ; slot = this.#behind(slot)) {
      const block = this.#blocks[slot]!;
      if (block === 0) return -1;
      if (this.#hashes[slot] !== hash) continue;
      log.read(block, this.#offsets[slot]!);
      if (log.record.hasKey(key, start, end)) return slot;
    }
  }

  /** Looks at the slots where keys with these `hashBytes` begin to be looked for. */
  touch(hashes: Int32Array, count: number): void {
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const slot = this.#homeOf(mixHash(hashes[i]!));
      seen ^= this.#blocks[slot]! ^ this.#hashes[slot]! ^ this.#offsets[slot]!;
    }
    // Else it would be optimised away.
    touched[0] = seen;
  }

  /** The slot of the only key with a hash; −1 if there is none or several. */
  only(hash: number): number {
    let only = -1;
    for (let slot = this.#homeOf(hash); this.#blocks[slot] !== 0; slot = this.#behind(slot)) {
      if (this.#hashes[slot] !== hash) continue;
      if (only >= 0) return -1;
      only = slot;
    }
    return only;
  }

  /** The slot that points at this very record; −1 if none does. */
  slotOf(hash: number, block: number, offset: number): number {
    for (let slot = this.#homeOf(hash); this.#blocks[slot] !== 0; slot = this.#behind(slot)) {
      if (this.#blocks[slot] === block && this.#offsets[slot] === offset) return slot;
    }
    return -1;
  }

  /** How many keys have a hash. */
  countOf(hash: number): number {
    let count = 0;
    for (let slot = this.#homeOf(hash); this.#blocks[slot] !== 0; slot = this.#behind(slot)) {
      if (this.#hashes[slot] === hash) count++;
    }
    return count;
  }

  /** Points `log.record` at the record of each key with a hash in turn. */
  forHash(log: RecordLog, hash: number, visit: () => void): void {
    for (let slot = this.#homeOf(hash); this.#blocks[slot] !== 0; slot = this.#behind(slot)) {
      if (this.#hashes[slot] !== hash) continue;
      log.read(this.#blocks[slot]!, this.#offsets[slot]!);
      visit();
    }
  }

  /** Visits the hash of each key. */
  forEachHash(visit: (hash: number) => void): void {
    for (let slot = 0; slot < this.#capacity; slot++) if (this.#blocks[slot] !== 0) visit(this.#hashes[slot]!);
  }

  blockAt(slot: number): number {
    return this.#blocks[slot]!;
  }

  offsetAt(slot: number): number {
    return this.#offsets[slot]!;
  }

  point(slot: number, block: number, offset: number): void {
    this.#blocks[slot] = block;
    this.#offsets[slot] = offset;
  }

  /** Adds a key that is not there, where there is room. */
  insert(hash: number, block: number, offset: number): void {
    let slot = this.#homeOf(hash);
    while (this.#blocks[slot] !== 0) slot = this.#behind(slot);
    this.#hashes[slot] = hash;
    this.point(slot, block, offset);
    this.count++;
  }

  /** Frees a slot, and moves up those behind it that were pushed on by it. */
  remove(slot: number): void {
    let gap = slot;
    for (let at = this.#behind(slot); this.#blocks[at] !== 0; at = this.#behind(at)) {
      const home = this.#homeOf(this.#hashes[at]!);
      if (this.#steps(home, at) < this.#steps(gap, at)) continue;
      this.#hashes[gap] = this.#hashes[at]!;
      this.point(gap, this.#blocks[at]!, this.#offsets[at]!);
      gap = at;
    }
    this.#blocks[gap] = 0;
    this.count--;
  }

  grow(factor: number): void {
    const next = new GroupIndex(Math.ceil(factor * this.#capacity));
    for (let slot = 0; slot < this.#capacity; slot++) {
      const block = this.#blocks[slot]!;
      if (block !== 0) next.insert(this.#hashes[slot]!, block, this.#offsets[slot]!);
    }
    this.#hashes = next.#hashes;
    this.#blocks = next.#blocks;
    this.#offsets = next.#offsets;
    this.#capacity = next.#capacity;
    this.#ratio = next.#ratio;
  }

  /** Where all its records are, as block × 65536 + offset, in the order of the log's blocks. */
  locations(): Float64Array {
    const all = new Float64Array(this.count);
    let at = 0;
    for (let slot = 0; slot < this.#capacity; slot++) {
      const block = this.#blocks[slot]!;
      if (block !== 0) all[at++] = block * 65_536 + this.#offsets[slot]!;
    }
    return all.sort();
  }

  /** Where a key with a hash is, unless others are there. */
  #homeOf(hash: number): number {
    return ((hash >>> 0) * this.#ratio) | 0;
  }

  #behind(slot: number): number {
    return slot + 1 === this.#capacity ? 0 : slot + 1;
  }

  /** How far behind one slot another is. */
  #steps(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#capacity;
  }
}

/** The hash of a key in an index: all its bits are of use, though a group has keys of like hashes only. */
export function indexHash(key: Uint8Array, start: number, end: number): number {
  return mixHash(hashBytes(key, start, end));
}

/** The same of a key whose `hashBytes` are known. */
export function mixHash(bytesHash: number): number {
  let hash = Math.imul(bytesHash ^ (bytesHash >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return hash ^ (hash >>> 16);
}

function bytesOf(capacity: number): number {
  return capacity * 10 + 400;
}

const FIRST_CAPACITY = 16;
/** Beyond that, what is not there is looked for in too many slots. */
const MOST_FULL = 0.8;
const TWO_TO_32 = 2 ** 32;
const touched = new Int32Array(1);
