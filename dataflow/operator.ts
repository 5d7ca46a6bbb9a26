import type { Batch } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import type { Alarms, Records, RecordsOptions } from "./records.ts";
import type { RecordFault, Suspension } from "./source.ts";

/**
 * What travels between batches in the data channel, in order with them. A frontier or watermark says that no batch
 * behind it holds a change at or before its time, except changes counted as behind it.
 */
export type Control =
  /** All changes of the source through this event time have been read; its history is known since its seed's time. */
  | { readonly type: "frontier"; readonly source: string; readonly through: number; readonly since: number }
  /** The least of all sources' frontiers here: drives the timers of streams. */
  | { readonly type: "watermark"; readonly time: number }
  /** A stale source was polled in vain for too long, by processing time. */
  | { readonly type: "status"; readonly source: string; readonly status: "active" | "stale" }
  /**
   * A record that cannot be used, with the id fields of its row: those that can still be read, and those that the row
   * had before.
   */
  | {
      readonly type: "fault";
      readonly fault: RecordFault;
      readonly fields: readonly Readonly<Record<string, Key>>[];
    }
  /** A person replayed or discarded the faulty record. */
  | { readonly type: "settled"; readonly fault: string }
  | { readonly type: "suspension"; readonly suspension: Suspension }
  /** What the suspension stopped goes on: a person said so, or what was left out has been read. */
  | { readonly type: "resumed"; readonly suspension: string };

/**
 * State of an operator by key: synchronous, owned by one subtask. A value that `get` gave may be changed in place until
 * the operator's call returns, and counts as changed; beyond the call it must not be kept, since it may be written out.
 */
export interface KeyedState<T> {
  get(key: Key): T | undefined;
  set(key: Key, value: T): void;
  delete(key: Key): void;
  /** False for nearly all keys of which the operator keeps nothing as state, by the hash of their bytes (`hashBytes`). */
  mayHave(hash: number): boolean;
  /** Visits all keys, in no order. Values are to be looked at only; the state must not change meanwhile. */
  forEach(visit: (key: Key, value: T) => void): void;
  readonly size: number;
}

/** How values of a state are written down. */
export interface StateCodec<T> {
  /** Avro schema, as JSON text, of what a value is: says whether state of another version of the job can be read. */
  readonly schema: string;
  /** About how many bytes a value takes in memory for each that is written; default: that of nested objects, 14. */
  readonly weightPerByte?: number;
  /** How many of the bytes that a value is written as are left as they are in memory, and take no more there. Default: none. */
  bytesLeft?(value: T): number;
  write(value: T, out: ByteWriter): void;
  read(input: ByteReader): T;
  /** Reads values that were written under another schema; undefined where Avro's rules do not allow it. */
  readsFrom(schema: string): ((input: ByteReader) => T) | undefined;
}

/** Timers by key: an operator pulls those that are due when time moves. Several for one key and time count once. */
export interface Timers {
  register(key: Key, time: number): void;
  /** Takes a timer back; nothing happens where the key has no such one. */
  remove(key: Key, time: number): void;
  /** Removes and gives the earliest timer at or before `through`; ties by key. */
  next(through: number): { readonly key: Key; readonly time: number } | undefined;
}

/** What an operator gets when it is opened. All state and all timers are part of checkpoints. */
export interface OperatorContext {
  /** True in one of the operator's subtasks: what happens in all of them, and must come out once, comes out there. */
  readonly isFirst: boolean;
  /** Keyed state under a name that is unique in the operator. */
  state<T>(name: string, codec: StateCodec<T>): KeyedState<T>;
  /** Timers, of event time or of processing time as the operator sees it, under a name that is unique in the operator. */
  timers(name: string): Timers;
  /** Records of keys under a name that is unique in the operator; a key may have state besides. */
  records(name: string, options: RecordsOptions): Records;
  /** Times at which records are to be looked at; no part of checkpoints. */
  alarms(name: string): Alarms;
  /** Hands a batch on to the next operators; it may be refilled afterwards. */
  forward(batch: Batch): void;
  /** Hands a batch to a side output, by its tag; goes nowhere where nobody asked for it. */
  forwardTo(tag: string, batch: Batch): void;
  /** Hands a record to the sinks of a side output. */
  emit(output: string, record: unknown): void;
  /** Is told of each key that rows come of, where anybody outside relies on what is known of it. */
  readonly changed?: ((key: Key) => void) | undefined;
}

/**
 * An operator: a chain of them is a task, driven through the task protocol. Operators know nothing of files, sockets,
 * clocks or threads, and do nothing asynchronous.
 */
export interface Operator {
  open(context: OperatorContext): void;
  /** Rows of one input; the batch is valid only during the call. */
  batch(input: number, batch: Batch): void;
  /** A control element of one input, in order with its batches. */
  control(input: number, element: Control): void;
  /** Processing time has reached this, in epoch ms; called now and then. */
  processingTime?(time: number): void;
  /**
   * It has not done all that an element asked for, so that others may have their turn: `catchUp` is called until it has. What
   * is left is in its state by key, and rows and elements may come meanwhile. Absent: it never has.
   */
  readonly isBehind?: boolean;
  /** Does some of what is left. */
  catchUp?(): void;
  /** All inputs have ended; called once, last. */
  end(): void;
  /** Hands out what is known of every key when all has ended, for who asks; changes nothing. */
  report?(): void;
  /** Writes the operator's own state, which belongs to no key, at a barrier. */
  save?(out: ByteWriter): void;
  /**
   * Takes in what the operator's subtasks saved, in the order of subtasks, after the state of keys is there and before
   * anything else. There may be more or fewer of them than there are subtasks now, and every subtask gets all of them: what
   * must not be taken in twice is for the one that `isFirst`.
   */
  restore?(saved: readonly ByteReader[]): void;
  /** Behind `restore`, and behind the upgrade of records: sets alarms, and all else that follows from records. */
  recover?(): void;
}
