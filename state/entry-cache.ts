import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import type { Key } from "../base/key.ts";
import { entryLayout, isEmpty, type ValueCodec } from "./entry-layout.ts";
import { HashBag } from "./hash-bag.ts";
import { hashBytes, keyGroupOf } from "./key-groups.ts";
import type { StoreTable } from "./state-store.ts";
import type { WriteBehind } from "./write-behind.ts";

/** All that is kept of one key of an operator: its timers and a value per state. */
export interface Entry {
  readonly key: Key;
  readonly values: unknown[];
  /** Queue and time of each timer, in turns. */
  timers: number[];
  dirty: boolean;
  /** The table has a record of it. */
  stored: boolean;
  /** Looked at again since the cache was last gone through. */
  used: boolean;
  /** As it was read or last written; 0 before. */
  bytes: number;
  /** About what it takes as objects. */
  weight: number;
}

const NO_TIMERS: number[] = [];

/** Weight of an entry that was never written, before any was; then it is about that of those when they first were. */
const FRESH_WEIGHT = 3_000;
/** Of how many that were written for the first time the weight of a fresh one is the mean, the later ones counting more. */
const WEIGHED = 64;
/** What the objects of a record take for each of its bytes, as measured with the keys of checks; a codec may know better. */
const WEIGHT_PER_BYTE = 14;
const LEAST_WEIGHT = 1_000;

/**
 * The entries of an operator, each a record in a table of the state store. They are decoded when they are asked for, kept as
 * objects while there is room, and written back when they make way for others, or for a checkpoint.
 */
export class EntryCache implements WriteBehind {
  /** About what decoded records may take. */
  limit: number;
  readonly #table: StoreTable;
  readonly #codecs: ValueCodec<unknown>[] = [];
  readonly #entries = new Map<Key, Entry>();
  #dirty = new Set<Entry>();
  /** Those that are dirty since before a cut, and were not asked for since. */
  #front = new Set<Entry>();
  #weight = 0;
  /** One that takes most of the room, the last such one: while it is asked for it is kept besides, for to read it takes long. */
  #giant: Entry | undefined;
  #freshWeight = FRESH_WEIGHT;
  /** That of its heaviest state. */
  #weightPerByte = WEIGHT_PER_BYTE;
  /** Values of some state may be bytes in part. */
  #leavesBytes = false;
  #last: Entry | undefined;
  /** A key of which nothing is kept, and its hash: who finds that out is about to change it. */
  #lastMissing: Key | undefined;
  #missingHash = 0;
  /** Hashes of keys that the table knows nothing of yet. */
  readonly #unwritten = new HashBag();
  readonly #keyBytes = new ByteWriter(64);
  /** Of the key in it. */
  #hash = 0;
  readonly #out = new ByteWriter(1024);
  readonly #input = new ByteReader();

  constructor(table: StoreTable, limit: number) {
    table.heldBackBy(this);
    this.#table = table;
    this.limit = limit;
  }

  /** Entries have one value more; gives its place. */
  declare(codec: ValueCodec<unknown>): number {
    const index = this.#codecs.push(codec) - 1;
    this.#leavesBytes ||= codec.bytesLeft !== undefined;
    this.#weightPerByte = Math.max(...this.#codecs.map(({ weightPerByte = WEIGHT_PER_BYTE }) => weightPerByte));
    return index;
  }

  /** False for nearly all keys of which nothing is kept, by the hash of their bytes: no key is looked at. */
  mayHave(hash: number): boolean {
    if (this.#unwritten.has(hash)) return true;
    return !this.#table.lacks(hash) && this.#table.countOf(keyGroupOf(hash), hash) > 0;
  }

  /** The entry of a key, if anything is kept of it; good until others are asked for by another call of the operator. */
  find(key: Key): Entry | undefined {
    if (this.#last?.key === key) return this.#last;
    if (this.#lastMissing === key) return undefined;
    const cached = this.#entries.get(key);
    if (cached !== undefined) {
      this.#leaveLast();
      cached.used = true;
      this.#last = cached;
      if (this.#front.size > 0 && this.#front.has(cached)) this.#table.inFront(() => this.#rewrite(cached));
      assert(this.#last === cached, "an entry that is empty is in no front: it went when it became so");
      return cached;
    }
    const group = this.#locate(key);
    const bytes = this.#keyBytes;
    const table = this.#table;
    if (!table.find(group, bytes.buffer, 0, bytes.length)) {
      this.#lastMissing = key;
      this.#missingHash = this.#hash;
      return undefined;
    }
    const { values, timers } = this.decode(this.#input.reset(table.buffer, table.start, table.end));
    const entry = {
      key,
      values,
      timers,
      dirty: false,
      stored: true,
      used: false,
      bytes: table.end - table.start,
      weight: 0,
    };
    entry.weight = this.#weightOf(entry);
    return this.#keep(entry);
  }

  /** An entry for a key that was just found to have none. */
  add(key: Key): Entry {
    const values = new Array<unknown>(this.#codecs.length).fill(undefined);
    const weight = this.#freshWeight;
    this.#unwritten.add(this.#missingHash);
    return this.#keep({ key, values, timers: NO_TIMERS, dirty: false, stored: false, used: false, bytes: 0, weight });
  }

  /** An entry was changed. */
  touch(entry: Entry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.add(entry);
  }

  /** Something of an entry went: where nothing is left, all trace of it goes at once. */
  lessen(entry: Entry): void {
    if (!isEmpty(entry)) {
      this.touch(entry);
      return;
    }
    this.#takeOff(entry);
    this.#forget(entry);
    if (entry.dirty || entry.stored) this.#write(entry);
    else this.#forgetUnwritten(entry.key);
  }

  /**
   * Lets go of records that make the cache too large, and of a tenth of it at a time: the front of a map, from which
   * entries were taken, is walked through anew for each time that it is looked at. Between calls of the operator only.
   */
  trim(): void {
    if (this.#weight - this.#besides <= this.limit) return;
    const room = this.limit * 0.9;
    const giant = this.#giant?.used === true ? this.#giant : undefined;
    for (const entry of this.#entries.values()) {
      // Fresh weights are means: what is left of a sum of them need not be nothing.
      if (this.#weight - this.#besides <= room || (entry === giant && this.#entries.size === 1)) return;
      this.#entries.delete(entry.key);
      if (entry.used || entry === giant) {
        entry.used = false;
        this.#entries.set(entry.key, entry);
        continue;
      }
      this.#takeOff(entry);
      if (this.#last === entry) this.#last = undefined;
      if (this.#front.has(entry)) this.#table.inFront(() => this.#write(entry));
      else if (entry.dirty) this.#write(entry);
    }
  }

  cut(): void {
    assert(this.#front.size === 0, "one cut at a time");
    [this.#front, this.#dirty] = [this.#dirty, this.#front];
    this.#leaveLast();
    this.#last = undefined;
  }

  putFront(enough: () => boolean): boolean {
    for (const entry of this.#front) {
      if (enough()) return false;
      this.#rewrite(entry);
    }
    return true;
  }

  /** Writes all that changed to the table. */
  flush(): void {
    this.#table.inFront(() => this.putFront(() => false));
    for (const entry of this.#dirty) this.#rewrite(entry);
  }

  /** Timers and values of a record. */
  decode(input: ByteReader): { values: unknown[]; timers: number[] } {
    const timers = entryLayout.readTimers(input);
    const values = new Array<unknown>(this.#codecs.length).fill(undefined);
    entryLayout.readValues(input, (state, record) => {
      values[state] = this.#codecs[state]!.read(record);
    });
    return { values, timers };
  }

  #keep(entry: Entry): Entry {
    this.#leaveLast();
    this.#entries.set(entry.key, entry);
    this.#putOn(entry);
    this.#last = entry;
    this.#lastMissing = undefined;
    return entry;
  }

  /** Others are asked for from now on: what was left as bytes in the last one may be objects by now. */
  #leaveLast(): void {
    const last = this.#last;
    if (last === undefined || !this.#leavesBytes) return;
    const weight = this.#weightOf(last);
    if (weight <= last.weight) return;
    this.#takeOff(last);
    last.weight = weight;
    this.#putOn(last);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.key);
    if (this.#last === entry) this.#last = undefined;
  }

  #forgetUnwritten(key: Key): void {
    this.#locate(key);
    this.#unwritten.delete(this.#hash);
  }

  /** Puts the key's bytes into `#keyBytes`, and gives its group. */
  #locate(key: Key): number {
    const bytes = this.#keyBytes;
    bytes.clear();
    writeKey(bytes, key);
    this.#hash = hashBytes(bytes.buffer, 0, bytes.length);
    return keyGroupOf(this.#hash);
  }

  /** Writes an entry that stays in memory. */
  #rewrite(entry: Entry): void {
    this.#takeOff(entry);
    this.#write(entry);
    if (isEmpty(entry)) this.#forget(entry);
    else this.#putOn(entry);
  }

  #putOn(entry: Entry): void {
    this.#weight += entry.weight;
    if (entry.weight <= this.limit / 2) return;
    this.#giant = entry;
    entry.used = true;
  }

  #takeOff(entry: Entry): void {
    this.#weight -= entry.weight;
    if (this.#giant === entry) this.#giant = undefined;
  }

  /** Weight that is not counted. */
  get #besides(): number {
    return this.#giant?.weight ?? 0;
  }

  #write(entry: Entry): void {
    entry.dirty = false;
    if (!this.#front.delete(entry)) this.#dirty.delete(entry);
    const group = this.#locate(entry.key);
    const key = this.#keyBytes;
    if (!entry.stored) this.#unwritten.delete(this.#hash);
    const { values, timers } = entry;
    if (isEmpty(entry)) {
      if (entry.stored) this.#table.remove(group, key.buffer, 0, key.length);
      entry.stored = false;
      return;
    }
    const out = this.#out;
    out.clear();
    entryLayout.write(out, timers, values, this.#codecs);
    this.#table.put(group, key.buffer, 0, key.length, out.buffer, 0, out.length);
    entry.bytes = out.length;
    entry.weight = this.#weightOf(entry);
    // A record that grows for ever is written again and again: others are not like it.
    if (!entry.stored) this.#freshWeight += (this.#weightAsObjects(entry.bytes) - this.#freshWeight) / WEIGHED;
    entry.stored = true;
  }

  #weightOf({ values, bytes }: Pick<Entry, "values" | "bytes">): number {
    if (!this.#leavesBytes) return this.#weightAsObjects(bytes);
    let left = 0;
    for (let state = 0; state < values.length; state++) {
      if (values[state] !== undefined) left += this.#codecs[state]!.bytesLeft?.(values[state]) ?? 0;
    }
    return this.#weightAsObjects(Math.max(0, bytes - left)) + left;
  }

  #weightAsObjects(bytes: number): number {
    return Math.max(LEAST_WEIGHT, bytes * this.#weightPerByte);
  }
}

function writeKey(out: ByteWriter, key: Key): void {
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code > 127) {
      const bytes = Buffer.from(key.slice(i), "utf8");
      out.raw(bytes, 0, bytes.length);
      return;
    }
    out.byte(code);
  }
}
