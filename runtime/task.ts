import type { Batch } from "../base/batch.ts";
import type { Control } from "../dataflow/operator.ts";
import type { StorePart } from "../state/state-store.ts";

/**
 * The task protocol. A task is a chain of operators between two exchanges; whoever drives it (the embedded runner, a
 * Flink subtask through a socket) speaks exactly this, and the task does not know who it is. Calls come one at a time.
 * All of them are synchronous: a task waits for nothing.
 *
 * Order is the contract: what a driver hands in on one input, batches and control elements alike, takes effect in that
 * order; outputs come back during the call that caused them, in the order in which they are to travel on.
 */
export interface Task {
  /** Builds the operators; called once, before anything else. */
  open(output: TaskOutput): void;
  /** Rows of one input, already exchanged by key. The batch may be refilled once the call has returned. */
  batch(input: number, batch: Batch): void;
  /** A control element of one input; where it came over several channels, they are merged by then. */
  control(input: number, element: Control): void;
  /** Processing time has reached this, for timers on it. */
  processingTime(time: number): void;
  /** Nothing more will come on this input; the operators' own end follows that of the last input. */
  end(input: number): void;
  /** Everything has ended: hands out what is known of every key, and changes nothing. */
  report(): void;
}

/** Where a task's results go. */
export interface TaskOutput {
  /** Rows of one of the task's outputs; valid only during the call. */
  forward(output: number, batch: Batch): void;
  /** A control element of an output, in order with its rows. */
  control(output: number, element: Control): void;
  /** An output has ended. */
  end(output: number): void;
  /** A record of a side output, by tag. */
  emit(tag: string, record: unknown): void;
}

/** The second half of the protocol: what survives the task. */
export interface CheckpointedTask extends Task {
  /** What the task keeps, by operator: says whether another version of the job can take it in. */
  readonly kept: readonly KeptState[];
  /** All inputs have reached a barrier: everything emitted so far belongs to its checkpoint. */
  barrier(): PartsAtBarrier;
  /**
   * Before anything but `open`: takes in a part of a key group that this subtask owns now, or one of any former subtask
   * that belongs to no key group.
   */
  take(part: CheckpointPart): void;
  /**
   * All parts were taken, of operators that kept `kept`; `isFirst` is true for one of the subtasks. The driver then says
   * again where each input stood, frontiers and watermark. A promise only where logs must be asked. STATE_INCOMPATIBLE,
   * KAFKA_TOPIC_RECREATED.
   */
  restored(kept: readonly KeptState[], isFirst: boolean): void | Promise<void>;
}

/**
 * A task with look-ups, which ask others and get their results between the task's calls, or with operators that do what takes
 * long bit by bit. Whoever drives it
 * - calls `poll` when it was woken, and now and then besides, since time that passes gives it something to do; but not from a
 *   barrier on the first of its inputs until its parts are taken, for what it hands out then comes behind the barrier;
 * - hands in no rows while it is full, except those in front of a barrier that is on its way: it waits for no answer;
 * - ends it, by `report` and by leaving, when it is no longer busy: all that was handed in goes out before, `end` too.
 *
 * Rows in hand are among the parts of no key group. Where `restored` gets what several subtasks had, the first takes all.
 */
export interface AskingTask extends CheckpointedTask {
  /** `wake` is called, outside of all calls, when `poll` has something to do. */
  open(output: TaskOutput, wake?: () => void): void;
  /** Outputs of what has come since; false when there was nothing. `now`: processing time in ms. JOB_LOOKUP_FAILED. */
  poll(now: number): boolean;
  /** Something is in hand that has not been handed on. */
  readonly isBusy: boolean;
  readonly isFull: boolean;
  /** Nobody waits for results any more. */
  close(): void;
}

/**
 * The task that has the sources: no rows come to it by `batch`, for it reads them itself. Whoever drives it puts records
 * into the partitions that its readers read, and says so by `read`.
 */
export interface SourcesTask extends AskingTask {
  /** Says how far its sources have been read; once, when all that is to be restored was taken in. */
  announce(): void;
  /** Number of a split that the task reads. */
  splitOf(source: string, topic: string, partition: number): number;
  /**
   * Reads what has been put into a split, and hands it on. A promise only while something must be fetched for it: until it
   * has settled nothing else is called but `poll`. SOURCE_STOPPED, and what its readers raise.
   */
  read(split: number): void | Promise<void>;
}

/**
 * State as it was at a barrier, pulled bit by bit while records flow. It takes room until the last part was pulled, or
 * `release`.
 */
export interface PartsAtBarrier {
  /** The parts that belong to no key group: there at once, for drivers that must write them before records flow. */
  readonly own: readonly CheckpointPart[];
  /**
   * Works for a millisecond or two, and gives the parts of key groups that came of it: in no order, several for a key group,
   * and often none. Undefined when there are no more.
   */
  next(): readonly CheckpointPart[] | undefined;
  /** The same in files of the task's folder, which stay as they are until `release`; instead of `next`, and in front of it. */
  files(): StateFiles;
  release(): void;
}

/** State and timers of all key groups as they lie in the task's folder: in a store's files, and what is in none. */
export interface StateFiles {
  readonly store: StorePart;
  /** The uid that the records of a table have in parts; tables that are not named do not belong to it. */
  readonly uids: ReadonlyMap<string, string>;
  readonly keyed: readonly CheckpointPart[];
}

/** State and timers of one operator in one key group, or its records of one name. */
export interface CheckpointPart {
  readonly uid: string;
  /** −1 for what the operator keeps besides its keys' state. */
  readonly keyGroup: number;
  readonly bytes: Uint8Array;
}

/** What one operator keeps for each key: its states with their schemas, its timers, its records, in order of declaration. */
export interface KeptState {
  readonly uid: string;
  readonly states: readonly { readonly name: string; readonly schema: string }[];
  readonly timers: readonly string[];
  /** Undefined where the operator has none. */
  readonly records?: readonly { readonly name: string; readonly schema: string }[];
}
