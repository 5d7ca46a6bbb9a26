import { hashBytes } from "./key-groups.ts";
import type { RecordLog } from "./record-log.ts";

/**
 * Where the records of one group of a table are: open addressing by the key's hash, in typed arrays, with no gaps left
 * by removals. Keys are in the log alone, and compared there.
 */
export class GroupIndex {
  count = 0;
  #hashes: Int32Array;
  /** 0: the slot is free. */
  #blocks: Uint32Array;
  #offsets: Uint16Array;
  #mask: number;

  constructor(capacity = FIRST_CAPACITY) {
    this.#hashes = new Int32Array(capacity);
    this.#blocks = new Uint32Array(capacity);
    this.#offsets = new Uint16Array(capacity);
    this.#mask = capacity - 1;
  }

  /** Memory taken. */
  get bytes(): number {
    return bytesOf(this.#mask + 1);
  }

  /** Memory that the next `insert` would take more, for `grow`; 0 while there is room. */
  get wanted(): number {
    const capacity = this.#mask + 1;
    return this.count < capacity - (capacity >> 2) ? 0 : bytesOf(2 * capacity) - bytesOf(capacity);
  }

  /** The slot of a key, with `log.record` pointed at its record; −1 if it is not there. */
  find(log: RecordLog, hash: number, key: Uint8Array, start: number, end: number): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
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
      const slot = mixHash(hashes[i]!) & this.#mask;
      seen ^= this.#blocks[slot]! ^ this.#hashes[slot]! ^ this.#offsets[slot]!;
    }
    // Else it would be optimised away.
    touched[0] = seen;
  }

  /** The slot of the only key with a hash; −1 if there is none or several. */
  only(hash: number): number {
    let only = -1;
    for (let slot = hash & this.#mask; this.#blocks[slot] !== 0; slot = (slot + 1) & this.#mask) {
      if (this.#hashes[slot] !== hash) continue;
      if (only >= 0) return -1;
      only = slot;
    }
    return only;
  }

  /** The slot that points at this very record; −1 if none does. */
  slotOf(hash: number, block: number, offset: number): number {
    for (let slot = hash & this.#mask; this.#blocks[slot] !== 0; slot = (slot + 1) & this.#mask) {
      if (this.#blocks[slot] === block && this.#offsets[slot] === offset) return slot;
    }
    return -1;
  }

  /** How many keys have a hash. */
  countOf(hash: number): number {
    let count = 0;
    for (let slot = hash & this.#mask; this.#blocks[slot] !== 0; slot = (slot + 1) & this.#mask) {
      if (this.#hashes[slot] === hash) count++;
    }
    return count;
  }

  /** Points `log.record` at the record of each key with a hash in turn. */
  forHash(log: RecordLog, hash: number, visit: () => void): void {
    for (let slot = hash & this.#mask; this.#blocks[slot] !== 0; slot = (slot + 1) & this.#mask) {
      if (this.#hashes[slot] !== hash) continue;
      log.read(this.#blocks[slot]!, this.#offsets[slot]!);
      visit();
    }
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
    let slot = hash & this.#mask;
    while (this.#blocks[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#hashes[slot] = hash;
    this.point(slot, block, offset);
    this.count++;
  }

  /** Frees a slot, and moves up those behind it that were pushed on by it. */
  remove(slot: number): void {
    let gap = slot;
    for (let at = (slot + 1) & this.#mask; this.#blocks[at] !== 0; at = (at + 1) & this.#mask) {
      const home = this.#hashes[at]! & this.#mask;
      if (((at - home) & this.#mask) < ((at - gap) & this.#mask)) continue;
      this.#hashes[gap] = this.#hashes[at]!;
      this.point(gap, this.#blocks[at]!, this.#offsets[at]!);
      gap = at;
    }
    this.#blocks[gap] = 0;
    this.count--;
  }

  grow(): void {
    const next = new GroupIndex(2 * (this.#mask + 1));
    for (let slot = 0; slot <= this.#mask; slot++) {
      const block = this.#blocks[slot]!;
      if (block !== 0) next.insert(this.#hashes[slot]!, block, this.#offsets[slot]!);
    }
    this.#hashes = next.#hashes;
    this.#blocks = next.#blocks;
    this.#offsets = next.#offsets;
    this.#mask = next.#mask;
  }

  /** Where all its records are, as block × 65536 + offset, in the order of the log's blocks. */
  locations(): Float64Array {
    const all = new Float64Array(this.count);
    let at = 0;
    for (let slot = 0; slot <= this.#mask; slot++) {
      const block = this.#blocks[slot]!;
      if (block !== 0) all[at++] = block * 65_536 + this.#offsets[slot]!;
    }
    return all.sort();
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
const touched = new Int32Array(1);
