import { assert } from "../base/errors.ts";
import type { Key } from "../base/key.ts";

/** The longest record, and the longest key of one. */
const MOST_RECORD_BYTES = 16_384;
const MOST_KEY_BYTES = 1_024;

/** What is noted of a record. */
export const RecordFlags = {
  /** It differs from what the table has. */
  dirty: 1,
  /** The table has a record of the key. */
  stored: 2,
  /** It is at another address now, or gone. */
  dead: 4,
  /** The same as `dirty`: which of the two says so of what is changed now, and which of what was before a cut, takes turns. */
  dirtyToo: 8,
} as const;

/**
 * Records in one buffer, in a ring of pages: they are appended to the last page, and when it is full, go on in the page
 * behind it, which must be empty; who owns the arena then empties the next. Memory that was never reached costs nothing.
 *
 * A record is its key, padded to 8 bytes; four words; and the body, whose place is the record's address. Sizes and places
 * in a page are in units of 8 where not in bytes. The words:
 * - the key's hash;
 * - room for the body (12 bits), flags (4 bits), and where in the page the record is that became dirty before it;
 * - bytes of the key (16 bits), and where in the page the record before it is;
 * - bytes of the body (16 bits), and of what the table has of it.
 */
export class Arena {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly pages: number;
  /** Records go to another page than before: the one behind it is to be emptied. */
  hasTurned = false;
  /** The flag that what is changed now gets. */
  dirtyFlag: number = RecordFlags.dirty;
  /** By page: where its last record is, and the one that became dirty last; 0: there is none. */
  readonly #last: Uint16Array;
  readonly #dirty: Uint16Array;
  /** By page: where the record is that became dirty last in front of the cut; 0: there is none; `UNLISTED`. */
  readonly #front: Uint16Array;
  #page = 0;
  #at = 0;

  /** `bytes`: all that it takes when it is full, at least five pages and less than 2 GiB. */
  constructor(bytes: number) {
    const pages = Math.min(Math.max(Math.floor(bytes / PAGE_BYTES), LEAST_PAGES), MOST_PAGES);
    const memory = new ArrayBuffer(pages * PAGE_BYTES);
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    // The last page is the place for a record that is only shown.
    this.pages = pages - 1;
    this.#last = new Uint16Array(pages);
    this.#dirty = new Uint16Array(pages);
    this.#front = new Uint16Array(pages);
  }

  /** Appends a record whose body is not written yet, with room for so many bytes more behind it; gives its address. */
  append(
    hash: number,
    key: Uint8Array,
    start: number,
    end: number,
    length: number,
    flags: number,
    more: number,
  ): number {
    assert(length <= MOST_RECORD_BYTES && end - start <= MOST_KEY_BYTES, "a record is as long as its owner allows");
    const room = Math.min(padded(length + more), MOST_RECORD_BYTES);
    const at = this.#room(padded(end - start) + HEADER_BYTES + room);
    const address = this.#lay(at, hash, key, start, end, length, flags);
    this.words[(address >> 2) - 3] = (room >> 3) | (flags << 12);
    this.#enter(address, end - start, flags);
    return address;
  }

  /** Appends a record anew with another length and its own bytes, as dirty; the former one is dead. */
  move(address: number, length: number): number {
    assert(length <= MOST_RECORD_BYTES, "a record is as long as its owner allows");
    const { words } = this;
    const word = address >> 2;
    const keyBytes = words[word - 2]! & 0xffff;
    const front = padded(keyBytes) + HEADER_BYTES;
    const to = this.#room(front + padded(length)) + front;
    this.bytes.copyWithin(to - front, address - front, address + Math.min(this.lengthAt(address), length));
    const flags = this.flagsAt(address) | this.dirtyFlag;
    words[word - 3]! |= RecordFlags.dead << 12;
    words[(to >> 2) - 3] = (padded(length) >> 3) | (flags << 12);
    words[(to >> 2) - 1] = (words[word - 1]! & ~0xffff) | length;
    this.#enter(to, keyBytes, flags);
    return to;
  }

  /** Puts a record at a place of its own until the next call; gives its address. */
  show(hash: number, key: Uint8Array, value: Uint8Array): number {
    const address = this.#lay(this.pages * PAGE_BYTES, hash, key, 0, key.length, value.length, RecordFlags.stored);
    this.bytes.set(value, address);
    return address;
  }

  /** The page behind the last one. */
  get nextPage(): number {
    return this.#page + 1 < this.pages ? this.#page + 1 : 0;
  }

  /** The last record of a page; −1 if it has none. With `before`, all of a page, the dead ones too. */
  lastOf(page: number): number {
    return addressIn(page, this.#last[page]!);
  }

  /** The record before another one in its page; −1 in front of the first. */
  before(address: number): number {
    return addressIn(address >> PAGE_BITS, this.words[(address >> 2) - 2]! >>> 16);
  }

  /** Forgets the records of a page. */
  clear(page: number): void {
    this.#last[page] = 0;
    this.#dirty[page] = 0;
    this.#front[page] = 0;
  }

  /** The record of a page that became dirty last; −1 if there is none. With `dirtyBefore`, all of them, also those that are dead now. */
  lastDirty(page: number): number {
    return addressIn(page, this.#dirty[page]!);
  }

  /** The one that became dirty before another one in its page; −1 in front of the first. */
  dirtyBefore(address: number): number {
    return addressIn(address >> PAGE_BITS, this.words[(address >> 2) - 3]! >>> 16);
  }

  /** Records that are dirty are in front of a cut from now on. There are none of an earlier one. */
  cut(): void {
    this.#front.set(this.#dirty);
    this.#dirty.fill(0);
    this.dirtyFlag ^= RecordFlags.dirty ^ RecordFlags.dirtyToo;
  }

  /** Whether a record is dirty since before the cut. */
  isFront(address: number): boolean {
    const former = RecordFlags.dirty ^ RecordFlags.dirtyToo ^ this.dirtyFlag;
    return (this.flagsAt(address) & (former | RecordFlags.dead)) === former;
  }

  /** A page may have such records. */
  hasFront(page: number): boolean {
    return this.#front[page] !== 0;
  }

  /** A page has none any more. */
  clearFront(page: number): void {
    this.#front[page] = 0;
  }

  /** The last of those of a page, to go on from with `dirtyBefore`; −1: they are in no list, and to be looked for in all of the page. */
  lastFront(page: number): number {
    const last = this.#front[page]!;
    return last === UNLISTED ? -1 : addressIn(page, last);
  }

  /** One of them is about to be in front of the cut no more, while others of its page are. */
  unlistFront(address: number): void {
    this.#front[address >> PAGE_BITS] = UNLISTED;
  }

  /** No record of a page is dirty any more. */
  clean(page: number): void {
    this.#dirty[page] = 0;
  }

  flagsAt(address: number): number {
    return (this.words[(address >> 2) - 3]! >>> 12) & 15;
  }

  setFlags(address: number, flags: number): void {
    const word = (address >> 2) - 3;
    this.words[word] = (this.words[word]! & ~0xf000) | (flags << 12);
  }

  markDirty(address: number): void {
    const word = (address >> 2) - 3;
    const flag = this.dirtyFlag << 12;
    if ((this.words[word]! & flag) !== 0) return;
    this.words[word]! |= flag;
    this.#enlist(address);
  }

  hashAt(address: number): number {
    return this.words[(address >> 2) - 4]!;
  }

  /** Bytes of a record's body. */
  lengthAt(address: number): number {
    return this.words[(address >> 2) - 1]! & 0xffff;
  }

  /** Bytes that the table has of a record that is stored. */
  storedLengthAt(address: number): number {
    return this.words[(address >> 2) - 1]! >>> 16;
  }

  /** The table has the record as it is. */
  setStored(address: number): void {
    const word = address >> 2;
    this.words[word - 3] = (this.words[word - 3]! & 0xfff) | (RecordFlags.stored << 12);
    this.words[word - 1] = (this.words[word - 1]! & 0xffff) * 0x10001;
  }

  /** Changes a record's length where it is; false if it has no room for that. */
  setLength(address: number, length: number): boolean {
    const word = address >> 2;
    const room = (this.words[word - 3]! & 0xfff) << 3;
    if (length > room && !this.#extend(address, room, padded(length))) return false;
    this.words[word - 1] = (this.words[word - 1]! & ~0xffff) | length;
    return true;
  }

  /** Where a record's key starts, and where it ends. */
  keyStart(address: number): number {
    return address - HEADER_BYTES - padded(this.words[(address >> 2) - 2]! & 0xffff);
  }

  keyEnd(address: number): number {
    const keyBytes = this.words[(address >> 2) - 2]! & 0xffff;
    return address - HEADER_BYTES - padded(keyBytes) + keyBytes;
  }

  keyAt(address: number): Key {
    return this.bytes.toString("utf8", this.keyStart(address), this.keyEnd(address));
  }

  /** Whether a record's key is `key[start .. end)`. */
  hasKey(address: number, key: Uint8Array, start: number, end: number): boolean {
    const { bytes } = this;
    const keyBytes = this.words[(address >> 2) - 2]! & 0xffff;
    if (end - start !== keyBytes) return false;
    let at = address - HEADER_BYTES - padded(keyBytes);
    for (let i = start; i < end; i++, at++) if (bytes[at] !== key[i]) return false;
    return true;
  }

  /** Gives the record behind which nothing is in its page more room; false if it is another, or the page is full. */
  #extend(address: number, former: number, room: number): boolean {
    const end = address + room;
    if (address + former !== this.#at || room > MOST_RECORD_BYTES || end > (this.#page + 1) * PAGE_BYTES) return false;
    const word = (address >> 2) - 3;
    this.words[word] = (this.words[word]! & ~0xfff) | (room >> 3);
    this.#at = end;
    return true;
  }

  /** Room behind the last record, in one page. */
  #room(length: number): number {
    let at = this.#at;
    if (at + length > (this.#page + 1) * PAGE_BYTES) {
      this.#page = this.nextPage;
      this.hasTurned = true;
      at = this.#page * PAGE_BYTES;
    }
    this.#at = at + length;
    return at;
  }

  /** Writes key and header of a record; gives its address. */
  #lay(
    place: number,
    hash: number,
    key: Uint8Array,
    start: number,
    end: number,
    length: number,
    flags: number,
  ): number {
    const { bytes, words } = this;
    for (let i = start, at = place; i < end; i++, at++) bytes[at] = key[i]!;
    const address = place + padded(end - start) + HEADER_BYTES;
    const word = address >> 2;
    words[word - 4] = hash;
    words[word - 3] = (padded(length) >> 3) | (flags << 12);
    words[word - 2] = end - start;
    words[word - 1] = length * 0x10001;
    return address;
  }

  /** Makes a record the last of its page. */
  #enter(address: number, keyBytes: number, flags: number): void {
    const page = address >> PAGE_BITS;
    this.words[(address >> 2) - 2] = keyBytes | (this.#last[page]! << 16);
    this.#last[page] = (address & (PAGE_BYTES - 1)) >> 3;
    if ((flags & this.dirtyFlag) !== 0) this.#enlist(address);
  }

  /** Makes a record, which is in no such list, the one of its page that became dirty last. */
  #enlist(address: number): void {
    const page = address >> PAGE_BITS;
    const word = (address >> 2) - 3;
    this.words[word] = (this.words[word]! & 0xffff) | (this.#dirty[page]! << 16);
    this.#dirty[page] = (address & (PAGE_BYTES - 1)) >> 3;
  }
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

function addressIn(page: number, units: number): number {
  return units === 0 ? -1 : page * PAGE_BYTES + (units << 3);
}

const PAGE_BITS = 16;
const PAGE_BYTES = 1 << PAGE_BITS;
const LEAST_PAGES = 5;
const MOST_PAGES = 32_767;
const HEADER_BYTES = 16;
/** No place in a page, in units of 8. */
const UNLISTED = 0xffff;
