import { assert } from "../base/errors.ts";

/**
 * What travels over the socket between a Flink subtask and its task in Node. A frame is its length (4 bytes, of all that
 * follows), its type (1 byte) and its payload; numbers are little-endian, and of fixed length where Java reads them.
 * `Frames.java` has the same numbers.
 */

/** From Flink to the task. */
export const TO_TASK = {
  /** JSON: `TaskPlace`. The first frame. */
  open: 1,
  /** Part of a key group, as `FROM_TASK.part` brought it. */
  restore: 2,
  /** What a former subtask kept besides, in the order of subtasks, as `FROM_TASK.barrier` brought it. */
  restoreOwn: 3,
  /** All that is to be restored has been sent. */
  start: 4,
  /** Input (1 byte), rows as `ROWS` says. */
  batch: 5,
  /** Input (1 byte), control element with its origin. */
  control: 6,
  /** Input (1 byte). */
  end: 7,
  /** Epoch ms (8 bytes). */
  processingTime: 8,
  /** Checkpoint (8 bytes). */
  barrier: 9,
  /** Checkpoint (8 bytes): asks for some more parts. */
  pull: 10,
  /** Checkpoint (8 bytes): nobody asks for its parts, nor reads its files, any more. */
  abort: 11,
  /** Everything has ended, and this is not a pause for a savepoint. */
  finish: 12,
  /**
   * Split (4 bytes, its number in the plan), how many records (4 bytes), and of each: offset (8 bytes, floating point),
   * timestamp in ms (8 bytes, floating point), key, value and headers, each with its length in front (4 bytes, −1 for null or
   * none). Headers are in Kafka's own encoding, from their number on.
   */
  records: 13,
  /**
   * How many ends (4 bytes), of each the split (4 bytes) and the offset behind its last record that can be read (8 bytes,
   * floating point); then how many pieces (4 bytes), each with its length in front (4 bytes) and as in `records`: heartbeat
   * rows that the ends prove.
   */
  proof: 14,
  /** Checkpoint (8 bytes): it is confirmed. */
  confirmed: 15,
  /** Checkpoint (8 bytes): asks for the files that it is in, instead of parts, which stay as they are until `abort`. */
  files: 16,
  /** JSON: `FormerFiles`, of a former subtask. The task takes in what it owns of them, and removes them. */
  restoreFiles: 17,
} as const;

/** From the task to Flink. */
export const FROM_TASK = {
  /** The task is open and restored. */
  ready: 1,
  /** Sink (1 byte), timestamp in ms (8 bytes, floating point), key and value, each with its length in front (4 bytes; −1 for no key). */
  record: 2,
  /** Output (1 byte), subtask behind it (4 bytes), rows for that subtask as `ROWS` says. */
  forward: 3,
  /** Output (1 byte), control element with its origin, for all subtasks behind. */
  control: 4,
  /** Output (1 byte). */
  end: 5,
  /** How many frames the task has taken in by now (8 bytes); what came of them has been sent before. */
  taken: 6,
  /**
   * Checkpoint (8 bytes), what the task keeps besides its keys' state: all that was sent before belongs to the checkpoint,
   * nothing behind does.
   */
  barrier: 7,
  /** Checkpoint (8 bytes), key group (4 bytes), part; in no order. */
  part: 8,
  /** Checkpoint (8 bytes): an answer to a pull has been sent. */
  pulled: 9,
  /** Checkpoint (8 bytes): there are no more parts. */
  partsEnd: 10,
  /** Text: the task has failed, and says why; then a text to follow that: the stack, with places in the job's own files. */
  failed: 11,
  /** JSON: `TaskMetrics` of all operators and sources, about once a second. */
  metrics: 12,
  /** Checkpoint (8 bytes), JSON: `WrittenFiles`, the files of the task's folder that the checkpoint is in. */
  files: 13,
} as const;

/** How rows travel: a byte in front of them. */
export const ROWS = {
  /** The rows. */
  written: 0,
  /** A ticket: the rows are in the process already (`Handover`). */
  handed: 1,
} as const;

/** Where a task stands in the job, and which key groups are its own. */
export interface TaskPlace {
  /** Its number in the plan. */
  readonly task: number;
  readonly subtask: number;
  readonly parallelism: number;
  readonly keyGroups: number;
  /** How many subtasks are behind each of its outputs. */
  readonly outputs: readonly number[];
  /** True where Flink restores a checkpoint or savepoint of its own. */
  readonly restores: boolean;
  /** An empty folder for the task's files, which is removed with the child. */
  readonly folder: string;
}

const HEADER = 4;
const MOST_BYTES = 1 << 30;

/** Room for frames; Flink lets about half of it be in flight. */
const ROOM_BYTES = 1 << 20;

/**
 * Cuts a byte stream into frames. What is pushed is copied; payloads are views of a buffer that is used again once `letGo`
 * was called, and without that stay as they are.
 */
export class FrameSplitter {
  readonly #take: (type: number, payload: Buffer) => void;
  #bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** Where the first frame begins that is not whole yet, and where what was pushed ends. */
  #start = 0;
  #end = 0;

  constructor(take: (type: number, payload: Buffer) => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#moveTo(this.#roomFor(chunk.length));
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
    const bytes = this.#bytes;
    while (this.#end - this.#start >= HEADER) {
      const length = bytes.readUInt32LE(this.#start);
      assert(length > 0 && length <= MOST_BYTES, `a frame of ${length} bytes`);
      const at = this.#start + HEADER;
      if (at + length > this.#end) break;
      this.#start = at + length;
      this.#take(bytes[at]!, bytes.subarray(at + 1, at + length));
    }
  }

  /** Nobody looks at a payload any more. */
  letGo(): void {
    if (this.#start < this.#end && this.#start < this.#bytes.length / 2) return;
    // Room that a large frame took is given back.
    const isLarge = this.#bytes.length > ROOM_BYTES && this.#end - this.#start < ROOM_BYTES;
    this.#moveTo(isLarge ? Buffer.allocUnsafeSlow(ROOM_BYTES) : this.#bytes);
  }

  #roomFor(more: number): Buffer<ArrayBuffer> {
    const needed = this.#end - this.#start + more;
    return Buffer.allocUnsafeSlow(Math.max(ROOM_BYTES, needed > ROOM_BYTES / 2 ? 2 * needed : 0));
  }

  #moveTo(bytes: Buffer<ArrayBuffer>): void {
    this.#bytes.copy(bytes, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = bytes;
  }
}
