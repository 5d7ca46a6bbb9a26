import type { RecordBatch } from "../../base/record-batch.ts";

/** Reads the raw records of one partition, in order. A file log's and a broker's reader fit it alike. */
export interface PartitionReader {
  /** Offset of the record that `read` gives next. */
  readonly offset: number;
  /**
   * The next records, at most about `maxBytes`; null when there are none yet; what a complete log ends with, again and
   * again, once all before it was given. A batch and its buffer stay as they are until the next `read`.
   */
  read(maxBytes: number): RecordBatch | EndOfLog | null;
  /** Makes `offset` the next to be read; raises an error where the log does not reach so far. */
  seek(offset: number): void;
  /**
   * Offset after the last record, as the log tells it once a heartbeat row that was read at `since`, in epoch ms, can have
   * overtaken nothing any more; undefined until it told. A file log tells it at once.
   */
  endOffset(since: number): number | undefined;
  close(): void;
}

/** Says that a partition holds everything up to and including this event time, in ms, and will hold nothing more. */
export interface EndOfLog {
  readonly throughMs: number;
}

/** One partition of a table's topic, with what reads it. */
export interface TablePartition {
  readonly table: string;
  readonly partition: number;
  /** As a split has it. */
  readonly gathered?: boolean;
  readonly topicId?: string | undefined;
  readonly reader: PartitionReader;
}
