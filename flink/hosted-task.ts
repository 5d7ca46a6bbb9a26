import type { Batch, Layout } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { AskingTask, StateFiles } from "../runtime/task.ts";
import type { TaskPlace } from "./frames.ts";

/** A task of a plan as a Flink subtask hosts it, with all that its driver must know. */
export interface HostedTask {
  readonly task: AskingTask;
  readonly format: TaskFormat;
  /** Of the first task only, which has the sources: where raw records come in. */
  readonly sources?: SourceInlet;
  readonly results: ResultOutlet;
  /**
   * Where Flink restores nothing, once the task is open and before anything else: brings the task what the job goes on from,
   * such as a savepoint of the embedded runner, by `take` and `restored`.
   */
  begin?(): void | Promise<void>;
  /**
   * Before anything is restored but parts: brings the task what it owns of the files of a former subtask, which are in a folder
   * of their own, and removes that. STATE_CORRUPT, STATE_MEMORY_EXCEEDED.
   */
  takeFiles(files: StateFiles, folder: string): void;
  /** What is counted, by the uid of the operator or the name of the source; plain JSON, made anew at each call. */
  metrics(): readonly TaskMetrics[];
  /** Nobody drives the task any more; its files go. */
  close(): void;
}

/**
 * Makes the task of a place; `results` come with it because a task may emit from the moment it is opened. `alive` is to be
 * called where the task may be at work for long in one call, as in a restore: Flink takes a process that says nothing meanwhile
 * for a hanging one. What is emitted says so by itself.
 */
export type MakeHostedTask = (
  place: TaskPlace,
  sinks: SinkOutput,
  alive: () => void,
) => HostedTask | Promise<HostedTask>;

/** How rows go from task to task. */
export interface TaskFormat {
  /** Layouts of the task's inputs. */
  readonly inputs: readonly Layout[];
  /** Where the rows of each output go: a task of the plan, and which of its inputs. */
  readonly outputs: readonly { readonly task: number; readonly input: number }[];
  /** Appends the rows of a frame to a batch of the input's layout. */
  readRows(input: number, from: ByteReader, into: Batch): void;
  /** Cuts a batch by the subtasks behind an output, and hands out a piece for each that gets rows. */
  cutRows(output: number, batch: Batch, take: (subtask: number, piece: RowsPiece) => void): void;
}

/** Rows of a batch that go to one subtask; valid during the call that gets them. */
export interface RowsPiece {
  /** Appends them in the form that `readRows` reads. */
  write(out: ByteWriter): void;
  /** Appends them to a batch of the same layout. */
  copy(into: Batch): void;
}

/** Takes what the job's first task reads. A promise only while something must be fetched for it, such as a schema. */
export interface SourceInlet {
  /** All that is to be restored was taken in: says how far the sources have been read. */
  start(): void;
  /** Records of one split, in order; `payload` is that of a `TO_TASK.records` frame, valid until the call is over. */
  records(payload: Buffer): void | Promise<void>;
  /** Heartbeat rows with the ends that prove what they say; `payload` is that of a `TO_TASK.proof` frame. */
  proof(payload: Buffer): void | Promise<void>;
}

/** Where results go that Flink's sinks write. */
export interface SinkOutput {
  /** A record for a sink of the plan, by its number: key and value as the topic gets them, time in epoch ms. */
  record(sink: number, key: Uint8Array | null, value: Uint8Array, timeMs: number): void;
}

/** Results of a task: what Flink writes goes out at once; what is delivered from here waits until its checkpoint is confirmed. */
export interface ResultOutlet {
  /** What the task emits, in order. */
  emit(tag: string, record: unknown): void;
  /** What is not delivered yet, at a barrier: all that was emitted before belongs to the checkpoint. */
  save(checkpoint: number): Uint8Array;
  /** Takes in what former subtasks saved, before anything is emitted; each of them is taken in by one subtask only. */
  restore(saved: readonly Uint8Array[]): void;
  /** The checkpoint, and all before it, is confirmed: delivers what belongs to it, as long as it takes. */
  confirmed(checkpoint: number): void;
  /** So much waits, for checkpoints or for servers, that rows are to be taken in slowly. */
  readonly isFull: boolean;
  /** So much waits for servers alone, of checkpoints that are confirmed, that no rows are to be taken in before they took some. */
  readonly isStuck: boolean;
}

/** Counts of an operator or source for Flink's metrics; a name says the unit. */
export interface TaskMetrics {
  /** Uid of the operator, or the name of the source. */
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}
