import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import { entryLayout, isEmpty, type ValueCodec } from "./entry-layout.ts";
import { HashBag } from "./hash-bag.ts";
import { hashBytes, keyGroupOf } from "./key-groups.ts";
import type { StoreTable } from "./state-store.ts";
import type { Timer, TimerQueue } from "./timer-queue.ts";

/** All that is kept of one key of an operator: its timers and a value per state. */
interface Entry {
  readonly key: Key;
  readonly values: unknown[];
  /** Queue and time of each timer, in turns. */
  timers: number[];
  dirty: boolean;
  /** The table has a record of it. */
  stored: boolean;
  /** Looked at again since the cache was last gone through. */
  used: boolean;
  /** About what it takes as objects. */
  weight: number;
}

const NO_TIMERS: number[] = [];

/** Weight of an entry that was never written, before any was; then it is about that of those that were. */
const FRESH_WEIGHT = 3_000;
/** Of how many that were written the weight of a fresh one is the mean, the later ones counting more. */
const WEIGHED = 64;
/** What the objects of a record take for each of its bytes, as measured with the keys of checks; a codec may know better. */
const WEIGHT_PER_BYTE = 14;
const LEAST_WEIGHT = 1_000;

/**
 * The keyed state of one operator of one subtask: one record a key in a table of the state store, which holds the key's
 * timers and its value of every state. Records are decoded when they are asked for, kept as objects while there is room,
 * and written back when they make way for others, or at a barrier (`flush`).
 */
export class KeyedEntries {
  /** About what decoded records may take. */
  cacheBytes: number;
  readonly #table: StoreTable;
  readonly #codecs: ValueCodec<unknown>[] = [];
  readonly #counts: number[] = [];
  readonly #queues: TimerQueue[] = [];
  readonly #cache = new Map<Key, Entry>();
  readonly #dirty = new Set<Entry>();
  #weight = 0;
  #freshWeight = FRESH_WEIGHT;
  /** That of its heaviest state. */
  #weightPerByte = WEIGHT_PER_BYTE;
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

  constructor(table: StoreTable, cacheBytes: number) {
    this.#table = table;
    this.cacheBytes = cacheBytes;
  }

  /** Declares the next state: its place in the record is the order of declaration. */
  state<T>(codec: ValueCodec<T>): EntryState<T> {
    const index = this.#codecs.push(codec as ValueCodec<unknown>) - 1;
    this.#weightPerByte = Math.max(...this.#codecs.map(({ weightPerByte = WEIGHT_PER_BYTE }) => weightPerByte));
    this.#counts.push(0);
    return new EntryState<T>(this, index);
  }

  /** Declares the next timers. The queue gives their order; that they exist is in the records. */
  timers(queue: TimerQueue): EntryTimers {
    return new EntryTimers(this, queue, this.#queues.push(queue) - 1);
  }

  /** Keys that have a value of a state. */
  count(state: number): number {
    return this.#counts[state]!;
  }

  /** False for nearly all keys of which nothing is kept, by the hash of their bytes: no key is looked at. */
  mayHave(hash: number): boolean {
    return this.#unwritten.has(hash) || this.#table.countOf(keyGroupOf(hash), hash) > 0;
  }

  get(key: Key, state: number): unknown {
    const entry = this.#find(key);
    const value = entry?.values[state];
    if (value !== undefined) this.#touch(entry!);
    return value;
  }

  set(key: Key, state: number, value: unknown): void {
    const entry = this.#find(key) ?? this.#add(key);
    if ((entry.values[state] === undefined) !== (value === undefined))
      this.#counts[state]! += value === undefined ? -1 : 1;
    entry.values[state] = value;
    if (value === undefined) this.#lessen(entry);
    else this.#touch(entry);
  }

  delete(key: Key, state: number): void {
    if (this.#find(key)?.values[state] !== undefined) this.set(key, state, undefined);
  }

  forEach(state: number, visit: (key: Key, value: unknown) => void): void {
    this.flush();
    const input = new ByteReader();
    this.#table.forEach((_group, key, record) => {
      const values = this.#decode(input.reset(record, 0, record.length)).values;
      if (values[state] !== undefined) visit(key.toString("utf8"), values[state]);
    });
  }

  /** Notes a timer; false if the key has it already. */
  addTimer(key: Key, queue: number, time: number): boolean {
    const entry = this.#find(key) ?? this.#add(key);
    const { timers } = entry;
    for (let i = 0; i < timers.length; i += 2) if (timers[i] === queue && timers[i + 1] === time) return false;
    // Of most keys there is one: an array that is pushed to has room for many.
    if (timers.length === 0) entry.timers = [queue, time];
    else timers.push(queue, time);
    this.#touch(entry);
    return true;
  }

  /** Forgets a timer; false if the key has no such one. */
  removeTimer(key: Key, queue: number, time: number): boolean {
    const entry = this.#find(key);
    if (entry === undefined) return false;
    const { timers } = entry;
    for (let i = 0; i < timers.length; i += 2) {
      if (timers[i] !== queue || timers[i + 1] !== time) continue;
      timers.splice(i, 2);
      this.#lessen(entry);
      return true;
    }
    return false;
  }

  /**
   * Lets go of records that make the cache too large, and of a tenth of it at a time: the front of a map, from which
   * entries were taken, is walked through anew for each time that it is looked at. Between calls of the operator only.
   */
  trim(): void {
    if (this.#weight <= this.cacheBytes) return;
    const room = this.cacheBytes * 0.9;
    for (const entry of this.#cache.values()) {
      if (this.#weight <= room) return;
      this.#cache.delete(entry.key);
      if (entry.used) {
        entry.used = false;
        this.#cache.set(entry.key, entry);
        continue;
      }
      this.#weight -= entry.weight;
      if (this.#last === entry) this.#last = undefined;
      if (entry.dirty) this.#write(entry);
    }
  }

  /** Writes all that changed to the table. */
  flush(): void {
    for (const entry of this.#dirty) {
      this.#weight -= entry.weight;
      this.#write(entry);
      if (isEmpty(entry)) this.#forget(entry);
      else this.#weight += entry.weight;
    }
  }

  /** Takes in what the table holds after a restore: fills the queues and counts. */
  recover(): void {
    const input = new ByteReader();
    this.#table.forEach((_group, key, record) => {
      input.reset(record, 0, record.length);
      const timers = entryLayout.readTimers(input);
      const name = timers.length > 0 ? key.toString("utf8") : "";
      for (let i = 0; i < timers.length; i += 2) this.#queues[timers[i]!]!.register(name, timers[i + 1]!);
      entryLayout.readValues(input, (state) => this.#counts[state]!++);
    });
  }

  #find(key: Key): Entry | undefined {
    if (this.#last?.key === key) return this.#last;
    if (this.#lastMissing === key) return undefined;
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      cached.used = true;
      this.#last = cached;
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
    const { values, timers } = this.#decode(this.#input.reset(table.buffer, table.start, table.end));
    const weight = this.#weightOf(table.end - table.start);
    return this.#keep({ key, values, timers, dirty: false, stored: true, used: false, weight });
  }

  #add(key: Key): Entry {
    const values = new Array<unknown>(this.#codecs.length).fill(undefined);
    const weight = this.#freshWeight;
    this.#unwritten.add(this.#missingHash);
    return this.#keep({ key, values, timers: NO_TIMERS, dirty: false, stored: false, used: false, weight });
  }

  #keep(entry: Entry): Entry {
    this.#cache.set(entry.key, entry);
    this.#weight += entry.weight;
    this.#last = entry;
    this.#lastMissing = undefined;
    return entry;
  }

  #forget(entry: Entry): void {
    this.#cache.delete(entry.key);
    if (this.#last === entry) this.#last = undefined;
  }

  /** Something of an entry went: where nothing is left, all trace of it goes at once. */
  #lessen(entry: Entry): void {
    if (!isEmpty(entry)) {
      this.#touch(entry);
      return;
    }
    this.#weight -= entry.weight;
    this.#forget(entry);
    if (entry.dirty || entry.stored) this.#write(entry);
    else this.#forgetUnwritten(entry.key);
  }

  #forgetUnwritten(key: Key): void {
    this.#locate(key);
    this.#unwritten.delete(this.#hash);
  }

  #touch(entry: Entry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.add(entry);
  }

  /** Puts the key's bytes into `#keyBytes`, and gives its group. */
  #locate(key: Key): number {
    const bytes = this.#keyBytes;
    bytes.clear();
    writeKey(bytes, key);
    this.#hash = hashBytes(bytes.buffer, 0, bytes.length);
    return keyGroupOf(this.#hash);
  }

  #write(entry: Entry): void {
    entry.dirty = false;
    this.#dirty.delete(entry);
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
    entry.stored = true;
    entry.weight = this.#weightOf(out.length);
    this.#freshWeight += (entry.weight - this.#freshWeight) / WEIGHED;
  }

  #weightOf(bytes: number): number {
    return Math.max(LEAST_WEIGHT, bytes * this.#weightPerByte);
  }

  #decode(input: ByteReader): { values: unknown[]; timers: number[] } {
    const timers = entryLayout.readTimers(input);
    const values = new Array<unknown>(this.#codecs.length).fill(undefined);
    entryLayout.readValues(input, (state, record) => {
      values[state] = this.#codecs[state]!.read(record);
    });
    return { values, timers };
  }
}

/** One state of the entries. */
export class EntryState<T> {
  readonly #entries: KeyedEntries;
  readonly #index: number;

  constructor(entries: KeyedEntries, index: number) {
    this.#entries = entries;
    this.#index = index;
  }

  get(key: Key): T | undefined {
    return this.#entries.get(key, this.#index) as T | undefined;
  }

  set(key: Key, value: T): void {
    this.#entries.set(key, this.#index, value);
  }

  delete(key: Key): void {
    this.#entries.delete(key, this.#index);
  }

  forEach(visit: (key: Key, value: T) => void): void {
    this.#entries.forEach(this.#index, visit as (key: Key, value: unknown) => void);
  }

  mayHave(hash: number): boolean {
    return this.#entries.mayHave(hash);
  }

  get size(): number {
    return this.#entries.count(this.#index);
  }
}

/** Timers of the entries. */
export class EntryTimers {
  readonly #entries: KeyedEntries;
  readonly #queue: TimerQueue;
  readonly #index: number;

  constructor(entries: KeyedEntries, queue: TimerQueue, index: number) {
    this.#entries = entries;
    this.#queue = queue;
    this.#index = index;
  }

  register(key: Key, time: number): void {
    if (this.#entries.addTimer(key, this.#index, time)) this.#queue.register(key, time);
  }

  remove(key: Key, time: number): void {
    this.#entries.removeTimer(key, this.#index, time);
  }

  /** What was got of other keys may be written out now. */
  next(through: number): Timer | undefined {
    this.#entries.trim();
    // The queue holds those that were removed until their time.
    for (let due = this.#queue.next(through); due !== undefined; due = this.#queue.next(through)) {
      if (this.#entries.removeTimer(due.key, this.#index, due.time)) return due;
    }
    return undefined;
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
