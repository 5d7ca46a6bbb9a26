import { assert } from "../base/errors.ts";
import type { Key } from "../base/key.ts";
import { Arena, RecordFlags } from "./arena.ts";
import { HotIndex } from "./hot-index.ts";
import { hashBytes, keyGroupOf } from "./key-groups.ts";
import { RecordRoom } from "./record-room.ts";
import type { StoreTable } from "./store-table.ts";
import type { WriteBehind } from "./write-behind.ts";

/** Where records are kept, and what those in memory may take. */
export interface HotRecordsOptions {
  readonly table: StoreTable;
  readonly arenaBytes: number;
}

/**
 * Records by key, as bytes that their owner changes in place: what `Records` of `dataflow` says. Those that were asked for
 * or made last are in an arena; a table of the store has the others, and takes in what was changed when its page in the
 * arena is needed for others, for a checkpoint (`putFront`, behind the barrier), or by `flush`. May fail as the store does.
 *
 * A page is emptied right behind the call that filled the one before it, so that a call never moves what it works on, and
 * the address that it gives is good until the next call.
 */
export class HotRecords implements WriteBehind {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly #table: StoreTable;
  readonly #arena: Arena;
  readonly #index = new HotIndex();
  readonly #room = new RecordRoom();
  /** Records that the table knows nothing of. */
  #fresh = 0;
  /** Records may be in front of a cut, from this page on. */
  #hasFront = false;
  #frontPage = 0;
  /** What is asked for next, how much of it was touched, and in how many look-ups more is. */
  #next: Int32Array = NONE;
  #nextCount = 0;
  #touched = 0;
  #untilTouch = 0;
  /** Scratch of `#touchSome`: places in words; and what was read, without which nobody would have to read it. */
  readonly #near = new Int32Array(TOUCHED_AT_ONCE);
  #read = 0;

  constructor({ table, arenaBytes }: HotRecordsOptions) {
    this.#table = table;
    table.heldBackBy(this);
    this.#arena = new Arena(arenaBytes);
    this.bytes = this.#arena.bytes;
    this.words = this.#arena.words;
    this.doubles = this.#arena.doubles;
  }

  /** Number of keys. */
  get size(): number {
    return this.#table.size + this.#fresh;
  }

  /** What is asked for next is read ahead, some at a time, so that it is still near when it is asked for. */
  touch(hashes: Int32Array, count: number): void {
    this.#next = hashes;
    this.#nextCount = count;
    this.#touched = 0;
    this.#touchSome();
  }

  find(hash: number, key: Uint8Array, start: number, end: number): number {
    if (--this.#untilTouch === 0) this.#touchSome();
    const index = this.#index;
    for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash)) {
      const address = index.addressAt(slot);
      if (!this.#arena.hasKey(address, key, start, end)) continue;
      if (this.#hasFront) this.#putIfFront(address);
      return address;
    }
    return this.#fetch(hash, key, start, end);
  }

  add(hash: number, key: Uint8Array, start: number, end: number, length: number): number {
    const address = this.#arena.append(hash, key, start, end, length, this.#arena.dirtyFlag, this.#room.bytes);
    this.#room.made();
    this.#index.insert(hash, address);
    this.#fresh++;
    this.#makeRoom();
    return address;
  }

  resize(address: number, length: number): number {
    const arena = this.#arena;
    const more = length - arena.lengthAt(address);
    if (more > 0) this.#room.grew(more);
    if (arena.setLength(address, length)) {
      arena.markDirty(address);
      return address;
    }
    const hash = arena.hashAt(address);
    const slot = this.#index.slotOf(hash, address);
    const moved = arena.move(address, length);
    this.#index.point(slot, moved);
    this.#makeRoom();
    return moved;
  }

  changed(address: number): void {
    this.#arena.markDirty(address);
  }

  remove(address: number): void {
    const arena = this.#arena;
    const flags = arena.flagsAt(address);
    const hash = arena.hashAt(address);
    this.#index.remove(this.#index.slotOf(hash, address));
    arena.setFlags(address, RecordFlags.dead);
    if ((flags & RecordFlags.stored) === 0) this.#fresh--;
    else this.#table.remove(keyGroupOf(hash), arena.bytes, arena.keyStart(address), arena.keyEnd(address), hash);
  }

  lengthAt(address: number): number {
    return this.#arena.lengthAt(address);
  }

  hashAt(address: number): number {
    return this.#arena.hashAt(address);
  }

  keyAt(address: number): Key {
    return this.#arena.keyAt(address);
  }

  /** Those in the arena come first, so that the disk is hardly ever asked. */
  withHash(hash: number, visit: (address: number) => boolean): void {
    const index = this.#index;
    const slot = index.first(hash);
    let stored = 0;
    if (slot >= 0 && index.next(slot, hash) < 0) {
      const address = index.addressAt(slot);
      if (this.#hasFront) this.#putIfFront(address);
      stored = this.#arena.flagsAt(address) & RecordFlags.stored ? 1 : 0;
      if (visit(address)) return;
    } else if (slot >= 0) stored = -1;
    if (stored === 0 && this.#table.lacks(hash)) return;
    if (stored >= 0 && this.#table.countOf(keyGroupOf(hash), hash) === stored) return;
    for (const key of this.#keysOf(hash)) {
      const address = this.find(hash, key, 0, key.length);
      if (address >= 0 && visit(address)) return;
    }
  }

  forEach(visit: (address: number) => void): void {
    this.flush();
    this.#table.forEach((_group, key, value) => {
      visit(this.#arena.show(hashBytes(key, 0, key.length), key, value));
    });
  }

  /** Visits all records, and removes each behind its visit. Other state of the store may be changed meanwhile. */
  drain(visit: (address: number) => void): void {
    this.flush();
    for (let page = 0; page < this.#arena.pages; page++) this.#empty(page);
    this.#table.drain((_group, key, value) => {
      visit(this.#arena.show(hashBytes(key, 0, key.length), key, value));
    });
  }

  cut(): void {
    assert(!this.#hasFront, "one cut at a time");
    this.#arena.cut();
    this.#hasFront = true;
    this.#frontPage = 0;
  }

  putFront(enough: () => boolean): boolean {
    const arena = this.#arena;
    for (; this.#hasFront; this.#frontPage++) {
      if (this.#frontPage === arena.pages) this.#hasFront = false;
      else if (arena.hasFront(this.#frontPage)) {
        if (enough()) return false;
        this.#putFrontOf(this.#frontPage);
      }
    }
    return true;
  }

  /** Puts all that was changed into the table. */
  flush(): void {
    this.#table.inFront(() => this.putFront(() => false));
    const arena = this.#arena;
    for (let page = 0; page < arena.pages; page++) {
      for (let address = arena.lastDirty(page), before = -1; address >= 0; address = before) {
        before = arena.dirtyBefore(address);
        if (isDirty(arena.flagsAt(address))) this.#store(address);
      }
      arena.clean(page);
    }
  }

  /**
   * Reads a little of each of some records, and of nothing else: the processor has many reads under way that do not wait for
   * one another, which look-ups one at a time do not let it.
   */
  #touchSome(): void {
    const { words } = this;
    const from = this.#touched;
    const count = Math.min(TOUCHED_AT_ONCE, this.#nextCount - from);
    this.#untilTouch = count;
    this.#touched = from + count;
    const near = this.#near;
    for (let i = 0; i < count; i++) near[i] = this.#index.near(this.#next[from + i]!) >> 2;
    let read = 0;
    for (let i = 0; i < count; i++) {
      const word = near[i]!;
      if (word >= 8) read ^= words[word - 8]! ^ words[word - 4]! ^ words[word + 12]! ^ words[word + 28]!;
    }
    this.#read ^= read;
  }

  /** Puts what is in front of the cut in a page. */
  #putFrontOf(page: number): void {
    const arena = this.#arena;
    const last = arena.lastFront(page);
    for (let address = last < 0 ? arena.lastOf(page) : last, before = -1; address >= 0; address = before) {
      before = last < 0 ? arena.before(address) : arena.dirtyBefore(address);
      if (arena.isFront(address)) this.#store(address);
    }
    arena.clearFront(page);
  }

  /** In front of a change. */
  #putIfFront(address: number): void {
    if (!this.#arena.isFront(address)) return;
    this.#table.inFront(() => this.#store(address));
    this.#arena.unlistFront(address);
  }

  /** Takes a record of the table into the arena; −1 if there is none. */
  #fetch(hash: number, key: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    if (table.lacks(hash)) return -1;
    if (!table.find(keyGroupOf(hash), key, start, end, hash)) return -1;
    const address = this.#arena.append(hash, key, start, end, table.end - table.start, RecordFlags.stored, 0);
    table.buffer.copy(this.#arena.bytes, address, table.start, table.end);
    this.#index.insert(hash, address);
    this.#makeRoom();
    return address;
  }

  /** Keys of all records with a hash: those of the table, and those that it knows nothing of. */
  #keysOf(hash: number): Uint8Array[] {
    const arena = this.#arena;
    const index = this.#index;
    const keys: Uint8Array[] = this.#table.keysOf(keyGroupOf(hash), hash);
    for (let slot = index.first(hash); slot >= 0; slot = index.next(slot, hash)) {
      const address = index.addressAt(slot);
      if ((arena.flagsAt(address) & RecordFlags.stored) !== 0) continue;
      keys.push(Uint8Array.prototype.slice.call(arena.bytes, arena.keyStart(address), arena.keyEnd(address)));
    }
    return keys;
  }

  /** Behind a record that went to another page: empties the one that is next. */
  #makeRoom(): void {
    if (!this.#arena.hasTurned) return;
    this.#arena.hasTurned = false;
    this.#empty(this.#arena.nextPage);
  }

  #empty(page: number): void {
    const arena = this.#arena;
    if (arena.hasFront(page)) this.#table.inFront(() => this.#putFrontOf(page));
    for (let address = arena.lastOf(page); address >= 0; address = arena.before(address)) {
      const flags = arena.flagsAt(address);
      if ((flags & RecordFlags.dead) !== 0) continue;
      if (isDirty(flags)) this.#store(address);
      this.#index.remove(this.#index.slotOf(arena.hashAt(address), address));
    }
    arena.clear(page);
  }

  #store(address: number): void {
    const arena = this.#arena;
    const { bytes } = arena;
    const hash = arena.hashAt(address);
    const end = address + arena.lengthAt(address);
    const [from, to] = [arena.keyStart(address), arena.keyEnd(address)];
    const group = keyGroupOf(hash);
    if ((arena.flagsAt(address) & RecordFlags.stored) !== 0) {
      this.#table.replace(group, bytes, from, to, bytes, address, end, arena.storedLengthAt(address), hash);
    } else {
      this.#table.putNew(group, bytes, from, to, bytes, address, end, hash);
      this.#fresh--;
    }
    arena.setStored(address);
  }
}

/** So many that what was read of them is still in the processor's cache, and its tables of pages, when the last is asked for. */
const TOUCHED_AT_ONCE = 32;
const NONE = new Int32Array(0);

function isDirty(flags: number): boolean {
  return (flags & (RecordFlags.dirty | RecordFlags.dirtyToo)) !== 0 && (flags & RecordFlags.dead) === 0;
}
