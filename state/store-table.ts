import { GroupIndex, indexHash, mixHash } from "./group-index.ts";
import { KeyFilter } from "./key-filter.ts";
import { hashBytes } from "./key-groups.ts";
import { RecordCursor, recordBytes } from "./record.ts";
import type { RecordLog } from "./record-log.ts";
import type { WriteBehind } from "./write-behind.ts";

/**
 * The records of one state: values by group and key, both ranges of bytes. Groups count from 0, without large gaps. Keys
 * handed in must not lie in the store's own buffers; the value of a `put` may be the one that was found last.
 */
export class StoreTable {
  readonly name: string;
  /** Number of records. */
  size = 0;
  /** What `find` found: `buffer[start .. end)`, valid until the next call on the store. */
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  readonly #id: number;
  readonly #log: RecordLog;
  readonly #groups: (GroupIndex | undefined)[] = [];
  readonly #filter: KeyFilter;

  /** `id`: the table's number in new segments. Made by the store. */
  constructor(name: string, id: number, log: RecordLog) {
    this.name = name;
    this.#id = id;
    this.#log = log;
    this.#filter = new KeyFilter(log.cache, this.#groups);
  }

  /**
   * Looks a key up: where it is there, its value is in `buffer[start .. end)`. STATE_CORRUPT if its block is damaged.
   * Who knows the key's `hashBytes` gives it, here and below.
   */
  find(group: number, key: Uint8Array, start: number, end: number, hash = hashBytes(key, start, end)): boolean {
    const index = this.#groups[group];
    if (index === undefined || index.find(this.#log, mixHash(hash), key, start, end) < 0) return false;
    const { record } = this.#log;
    this.buffer = record.buffer;
    this.start = record.start;
    this.end = record.end;
    return true;
  }

  /** Sets the value of a key; both are copied. STATE_MEMORY_EXCEEDED if the index does not fit. */
  put(
    group: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    start: number,
    end: number,
    keyHash = hashBytes(key, keyStart, keyEnd),
  ): void {
    const log = this.#log;
    const index = this.#indexOf(group);
    this.#reserve(index);
    const hash = mixHash(keyHash);
    log.append(this.#id, group, key, keyStart, keyEnd, value, start, end);
    const { block, offset, length } = log;
    this.#set(index, hash, log.buffer, log.keyStart, log.keyEnd, block, offset, length);
  }

  /** Sets the value of a key that is not there, as `find` has just told. */
  putNew(
    group: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    start: number,
    end: number,
    hash = hashBytes(key, keyStart, keyEnd),
  ): void {
    const log = this.#log;
    const index = this.#indexOf(group);
    this.#reserve(index);
    log.append(this.#id, group, key, keyStart, keyEnd, value, start, end);
    log.enlist(log.block, log.length);
    this.#insert(index, mixHash(hash), log.block, log.offset);
  }

  /** Sets the value of a key that is there, with a value of so many bytes: the former record is hardly ever read for it. */
  replace(
    group: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    start: number,
    end: number,
    formerBytes: number,
    hash = hashBytes(key, keyStart, keyEnd),
  ): void {
    const index = this.#groups[group];
    const slot = index?.only(mixHash(hash)) ?? -1;
    if (index === undefined || slot < 0) {
      this.put(group, key, keyStart, keyEnd, value, start, end, hash);
      return;
    }
    const log = this.#log;
    const [block, offset] = [index.blockAt(slot), index.offsetAt(slot)];
    const number = log.cache.segmentOf(block).tables.indexOf(this.name);
    log.append(this.#id, group, key, keyStart, keyEnd, value, start, end);
    log.enlist(log.block, log.length);
    log.displace(block, offset, recordBytes(number, group, keyEnd - keyStart, formerBytes));
    index.point(slot, log.block, log.offset);
  }

  /** Someone holds back records of it. */
  heldBackBy(writer: WriteBehind): void {
    this.#log.writers.push(writer);
  }

  /** What `act` puts belongs to the checkpoint that is being written, if there is one. */
  inFront(act: () => void): void {
    this.#log.inFront(act);
  }

  /** Has the CPU fetch where keys with these hashes are to be looked for, many at once: look-ups behind it wait less. */
  prefetch(group: number, hashes: Int32Array, count: number): void {
    this.#groups[group]?.touch(hashes, count);
  }

  /** Removes a key; gives whether it was there. */
  remove(group: number, key: Uint8Array, start: number, end: number, hash = hashBytes(key, start, end)): boolean {
    const index = this.#groups[group];
    if (index === undefined) return false;
    const log = this.#log;
    const slot = index.find(log, mixHash(hash), key, start, end);
    if (slot < 0) return false;
    this.#unset(index, slot);
    const { record } = log;
    log.append(this.#id, group, record.buffer, record.keyStart, record.keyEnd, undefined, 0, 0);
    return true;
  }

  /** True: no key has a hash, as `hashBytes` gives it. Of most that none has it says so, at less cost than `find`. */
  lacks(hash: number): boolean {
    return this.#filter.lacks(mixHash(hash));
  }

  /** How many keys of a group have a hash, as `hashBytes` gives it. */
  countOf(group: number, hash: number): number {
    return this.#groups[group]?.countOf(mixHash(hash)) ?? 0;
  }

  /** Those keys, copied. */
  keysOf(group: number, hash: number): Uint8Array[] {
    const { record } = this.#log;
    const keys: Uint8Array[] = [];
    this.#groups[group]?.forHash(this.#log, mixHash(hash), () => {
      keys.push(copyOf(record.buffer, record.keyStart, record.keyEnd));
    });
    return keys;
  }

  /** Calls `visit` with every record, in no order, and removes each behind its visit. Other tables may be changed meanwhile. */
  drain(visit: (group: number, key: Uint8Array, value: Uint8Array) => void): void {
    const log = this.#log;
    log.seal();
    const record = new RecordCursor();
    for (const { tables, blocks } of [...log.segments]) {
      const number = tables.indexOf(this.name);
      if (number < 0) continue;
      for (const block of [...blocks]) {
        const found: { group: number; key: Uint8Array; value: Uint8Array }[] = [];
        log.scan(block, record, (offset) => {
          if (record.table !== number || this.#slotOf(record, block, offset) < 0) return;
          const { buffer, group, keyStart, keyEnd, start, end } = record;
          found.push({ group, key: copyOf(buffer, keyStart, keyEnd), value: copyOf(buffer, start, end) });
        });
        for (const { group, key, value } of found) {
          visit(group, key, value);
          this.remove(group, key, 0, key.length);
        }
      }
    }
  }

  /**
   * Calls `visit` with every record, in no order. Key and value are views, valid until the next call on the store, and
   * nothing may be put or removed meanwhile. Reads each block once.
   */
  forEach(visit: (group: number, key: Buffer, value: Buffer) => void): void {
    const log = this.#log;
    if (log.bytes * 2 <= log.cache.limit) {
      for (const [group, index] of this.#groups.entries()) {
        if (index === undefined) continue;
        for (const location of index.locations()) {
          log.read(Math.floor(location / 65_536), location % 65_536);
          visit(group, log.record.key, log.record.value);
        }
      }
      return;
    }
    log.seal();
    const record = new RecordCursor();
    for (const segment of log.segments) {
      const number = segment.tables.indexOf(this.name);
      if (number >= 0 && segment.liveBytes > 0) {
        for (const block of segment.blocks) {
          log.scan(block, record, (offset) => {
            if (record.table === number && this.isNewest(record, block, offset)) {
              visit(record.group, record.key, record.value);
            }
          });
        }
      }
    }
  }

  /** Whether a record of this table, which is at this place of the log, is the newest of its key. */
  isNewest(record: RecordCursor, block: number, offset: number): boolean {
    return this.#slotOf(record, block, offset) >= 0;
  }

  /** Takes in a record that is in the log already and newer than all that were taken in before. */
  restore(record: RecordCursor, block: number, offset: number, length: number): void {
    const hash = indexHash(record.buffer, record.keyStart, record.keyEnd);
    if (!record.isRemoval) {
      const index = this.#indexOf(record.group);
      this.#reserve(index);
      this.#set(index, hash, record.buffer, record.keyStart, record.keyEnd, block, offset, length);
      return;
    }
    const index = this.#groups[record.group];
    const slot = index?.find(this.#log, hash, record.buffer, record.keyStart, record.keyEnd) ?? -1;
    if (slot >= 0) this.#unset(this.#indexOf(record.group), slot);
  }

  /** Appends a record anew if it is the newest of its key. */
  relocate(record: RecordCursor, block: number, offset: number, length: number): void {
    const slot = this.#slotOf(record, block, offset);
    if (slot < 0) return;
    const log = this.#log;
    const index = this.#indexOf(record.group);
    const { buffer, group, keyStart, keyEnd, start, end } = record;
    log.append(this.#id, group, buffer, keyStart, keyEnd, buffer, start, end);
    log.displace(block, offset, length);
    log.enlist(log.block, log.length);
    index.point(slot, log.block, log.offset);
  }

  #slotOf(record: RecordCursor, block: number, offset: number): number {
    const index = this.#groups[record.group];
    if (index === undefined || record.isRemoval) return -1;
    return index.slotOf(indexHash(record.buffer, record.keyStart, record.keyEnd), block, offset);
  }

  #set(
    index: GroupIndex,
    hash: number,
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    block: number,
    offset: number,
    length: number,
  ): void {
    const log = this.#log;
    const slot = index.find(log, hash, key, keyStart, keyEnd);
    log.enlist(block, length);
    if (slot < 0) {
      this.#insert(index, hash, block, offset);
      return;
    }
    log.displace(index.blockAt(slot), index.offsetAt(slot), log.record.length);
    index.point(slot, block, offset);
  }

  /** Frees the slot of the record that was read last. */
  #unset(index: GroupIndex, slot: number): void {
    this.#log.displace(index.blockAt(slot), index.offsetAt(slot), this.#log.record.length);
    index.remove(slot);
    this.size--;
  }

  #insert(index: GroupIndex, hash: number, block: number, offset: number): void {
    index.insert(hash, block, offset);
    this.#filter.add(hash);
    this.size++;
  }

  /** The index of a group, made if there is none. */
  #indexOf(group: number): GroupIndex {
    let index = this.#groups[group];
    if (index === undefined) {
      index = new GroupIndex();
      this.#log.cache.take(index.bytes);
      this.#groups[group] = index;
    }
    return index;
  }

  #reserve(index: GroupIndex): void {
    if (!index.isFull) return;
    const { cache } = this.#log;
    const factor = cache.hasPlenty(index.growthOf(2)) ? 2 : 1.25;
    cache.take(index.growthOf(factor));
    index.grow(factor);
  }
}

/** Bytes of their own, where a slice of a `Buffer` is a view. */
function copyOf(buffer: Buffer, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(buffer, start, end);
}
