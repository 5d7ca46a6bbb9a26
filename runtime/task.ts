import type { Batch } from "../base/batch.ts";
import type { Control } from "../dataflow/operator.ts";

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
  /** A frontier, watermark, status, fault or decision of one input, uncombined. */
  control(input: number, element: Control): void;
  /** Nothing more will come on this input; the operators' own end follows that of the last input. */
  end(input: number): void;
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

/**
 * The second half of the protocol: what a driver that survives crashes calls besides. Written down so that both
 * runners are built on one contract; a task that can be checkpointed implements it whole.
 */
export interface CheckpointedTask extends Task {
  /** Processing time moved, for timers on it. */
  processingTime(time: number): void;
  /**
   * All inputs have reached barrier n: everything emitted so far belongs to checkpoint n. The parts are then pulled
   * one key group at a time while records flow; each holds the state as it was at the barrier.
   */
  barrier(checkpoint: number): Iterable<CheckpointPart>;
  /** Before any batch: takes in the parts of the key groups that this subtask owns now. */
  restore(parts: Iterable<CheckpointPart>): void;
  /** Checkpoint n is durable: its outputs may go out. */
  commit(checkpoint: number): void;
  /** Checkpoint n will never be durable: its outputs stay in the next one. */
  abort(checkpoint: number): void;
}

/** State and timers of one operator in one key group. */
export interface CheckpointPart {
  readonly uid: string;
  readonly keyGroup: number;
  readonly bytes: Uint8Array;
}
