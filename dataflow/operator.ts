import type { Batch } from "../base/batch.ts";
import type { Key } from "../base/key.ts";
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
  /** A person resumed what the suspension stopped. */
  | { readonly type: "resumed"; readonly suspension: string };

/** State of an operator by key: synchronous, owned by one subtask. Values are the operator's own and may be changed in place. */
export interface KeyedState<T> {
  get(key: Key): T | undefined;
  set(key: Key, value: T): void;
  delete(key: Key): void;
  /** All keys and values, in no order. */
  entries(): Iterable<readonly [Key, T]>;
  readonly size: number;
}

/** Timers by key: an operator pulls those that are due when time moves. Several for one key and time count once. */
export interface Timers {
  register(key: Key, time: number): void;
  /** Removes and gives the earliest timer at or before `through`; ties by key. */
  next(through: number): { readonly key: Key; readonly time: number } | undefined;
}

/** What an operator gets when it is opened. */
export interface OperatorContext {
  /** Keyed state under a name that is unique in the operator. */
  state<T>(name: string): KeyedState<T>;
  /** Event-time timers under a name that is unique in the operator. */
  timers(name: string): Timers;
  /** Hands a batch on to the next operators; it may be refilled afterwards. */
  forward(batch: Batch): void;
  /** Hands a record to the sinks of a side output. */
  emit(output: string, record: unknown): void;
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
  /** All inputs have ended; called once, last. */
  end(): void;
}
