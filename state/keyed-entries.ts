import { ByteReader } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import { EntryCache } from "./entry-cache.ts";
import { entryLayout, type ValueCodec } from "./entry-layout.ts";
import type { StoreTable } from "./state-store.ts";
import type { Timer, TimerQueue } from "./timer-queue.ts";

/**
 * The keyed state of one operator of one subtask: one record a key in a table of the state store, which holds the key's
 * timers and its value of every state.
 */
export class KeyedEntries {
  readonly #table: StoreTable;
  readonly #entries: EntryCache;
  readonly #counts: number[] = [];
  readonly #queues: TimerQueue[] = [];

  /** `cacheBytes`: about what records may take as objects. */
  constructor(table: StoreTable, cacheBytes: number) {
    this.#table = table;
    this.#entries = new EntryCache(table, cacheBytes);
  }

  /** About what records may take as objects. */
  get cacheBytes(): number {
    return this.#entries.limit;
  }

  set cacheBytes(bytes: number) {
    this.#entries.limit = bytes;
  }

  /** Declares the next state: its place in the record is the order of declaration. */
  state<T>(codec: ValueCodec<T>): EntryState<T> {
    this.#counts.push(0);
    return new EntryState<T>(this, this.#entries.declare(codec as ValueCodec<unknown>));
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
    return this.#entries.mayHave(hash);
  }

  get(key: Key, state: number): unknown {
    const entry = this.#entries.find(key);
    const value = entry?.values[state];
    if (value !== undefined) this.#entries.touch(entry!);
    return value;
  }

  set(key: Key, state: number, value: unknown): void {
    const entry = this.#entries.find(key) ?? this.#entries.add(key);
    if ((entry.values[state] === undefined) !== (value === undefined))
      this.#counts[state]! += value === undefined ? -1 : 1;
    entry.values[state] = value;
    if (value === undefined) this.#entries.lessen(entry);
    else this.#entries.touch(entry);
  }

  delete(key: Key, state: number): void {
    if (this.#entries.find(key)?.values[state] !== undefined) this.set(key, state, undefined);
  }

  forEach(state: number, visit: (key: Key, value: unknown) => void): void {
    this.flush();
    const input = new ByteReader();
    this.#table.forEach((_group, key, record) => {
      const values = this.#entries.decode(input.reset(record, 0, record.length)).values;
      if (values[state] !== undefined) visit(key.toString("utf8"), values[state]);
    });
  }

  /** Notes a timer; false if the key has it already. */
  addTimer(key: Key, queue: number, time: number): boolean {
    const entry = this.#entries.find(key) ?? this.#entries.add(key);
    const { timers } = entry;
    for (let i = 0; i < timers.length; i += 2) if (timers[i] === queue && timers[i + 1] === time) return false;
    // Of most keys there is one: an array that is pushed to has room for many.
    if (timers.length === 0) entry.timers = [queue, time];
    else timers.push(queue, time);
    this.#entries.touch(entry);
    return true;
  }

  /** Forgets a timer; false if the key has no such one. */
  removeTimer(key: Key, queue: number, time: number): boolean {
    const entry = this.#entries.find(key);
    if (entry === undefined) return false;
    const { timers } = entry;
    for (let i = 0; i < timers.length; i += 2) {
      if (timers[i] !== queue || timers[i + 1] !== time) continue;
      timers.splice(i, 2);
      this.#entries.lessen(entry);
      return true;
    }
    return false;
  }

  /** Lets go of records that take too much memory. Between calls of the operator only. */
  trim(): void {
    this.#entries.trim();
  }

  /** Writes all that changed to the table. */
  flush(): void {
    this.#entries.flush();
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
