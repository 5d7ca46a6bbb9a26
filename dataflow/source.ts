import type { Batch } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import type { Model } from "./model.ts";

/** The name that a source's ends of transactions have among its tables; no table has it. */
export const TRANSACTIONS = "$transactions";

/** The column that stands for the name of a change's transaction; those of tables have no dot in their names. */
export const TRANSACTION_COLUMN = "transaction.id";

/** One partition of one table's topic, as a reader numbers them. */
export interface Split {
  readonly topic: string;
  readonly partition: number;
  /** The table of the source. */
  readonly table: string;
  /** True for the heartbeat table, whose rows prove time but are no business. */
  readonly heartbeat: boolean;
  /**
   * True for a partition of a topic that was given more of them: a row's changes may be in two, so that what is known of
   * rows is looked for in all of the topic's, which one worker reads.
   */
  readonly gathered?: boolean;
  /** Tells the topic from another that had its name before or comes after it, where there can be one. */
  readonly topicId?: string | undefined;
}

/** A record that cannot be used, with all that is known of it. It goes to the dead letters; the stream goes on. */
export interface RecordFault {
  /** Names the record for ever: `topic/partition/offset`. */
  readonly id: string;
  readonly source: string;
  readonly table: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Code of the catalogued error. */
  readonly code: string;
  readonly message: string;
  /** The row's primary key, where the Kafka key could be read. */
  readonly row?: Key;
  /** Model fields that could be read, in canonical key text, per model name. */
  readonly fields?: Readonly<Record<string, Readonly<Record<string, Key>>>>;
  /** The same of the row before, for models that have the table `before: full`. */
  readonly fieldsBefore?: Readonly<Record<string, Readonly<Record<string, Key>>>>;
  /** Of such models: the change is known to have one of the rows alone, an insert that after it, a delete that before it. */
  readonly only?: "before" | "after";
  /** Raw record, copied. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Something after which verdicts of the checks that read a table would be guesses. */
export interface Suspension {
  /** Names the cause for ever: `topic/partition/offset`, and but for a TRUNCATE `/model`. */
  readonly id: string;
  readonly source: string;
  readonly table: string;
  /** Models whose mapping is hit. */
  readonly models: readonly string[];
  readonly cause: "truncate" | "breaking-change" | "snapshot";
  readonly message: string;
  /** Event time from which on nothing is judged. */
  readonly time: number;
}

/**
 * What a new schema of a table's records means for the models of a job. `harmless`: none of them reads what changed;
 * `widening`: a column that is read changed and can still be read exactly; `breaking`: a model cannot be read any more.
 */
export type ChangeClass = "harmless" | "widening" | "breaking";

/** A new schema of a table's records, where it was first met. */
export interface SchemaChange {
  readonly source: string;
  readonly table: string;
  readonly topic: string;
  readonly schemaId: number;
  readonly class: ChangeClass;
  /** What changed, for people. */
  readonly summary: string;
  /** Models that read what changed. */
  readonly models: readonly string[];
  readonly partition: number;
  readonly offset: number;
  /** Event time of its first record. */
  readonly time: number;
}

/** What a reader hands out, in log order per split. Batches are valid only during the call. */
export interface SourceOutput {
  /** Changes of one model, of one split, in the layout of `changeLayout(model)`. */
  changes(model: Model, split: number, batch: Batch): void;
  /** A change of the split with this event time was read (after its changes were handed out); seed rows do not count. */
  progress(split: number, time: number): void;
  /** Seed rows of the split were read, the newest taken at this time. */
  seeded(split: number, time: number): void;
  /** A heartbeat row with this event time was read. */
  heartbeat(time: number): void;
  /** The split ended: its log is complete through this time. */
  ended(split: number, time: number): void;
  fault(split: number, fault: RecordFault): void;
  suspend(split: number, suspension: Suspension): void;
  /** All that a breaking change had kept from models was read again, after its changes were handed out. */
  mended(split: number, suspension: string): void;
  /** Records of a new schema begin. Other splits of the table tell of the same one. */
  schema(split: number, change: SchemaChange): void;
}

/**
 * Reads all splits of one source. `read` returns a promise only when something must be fetched first (a schema);
 * what it hands out is handed out in the same order either way.
 */
export interface SourceReader {
  readonly source: string;
  /** How far statements' times may lie apart in one transaction, in ms; taken off every proof but the end marker. */
  readonly longestTransactionMs: number;
  /** How a position is shown to people. */
  formatPosition(major: number, minor: number, sub: number): string;
  readonly splits: readonly Split[];
  /** Reads a part of a split, at most about `maxBytes`; false when there was nothing to read. */
  read(split: number, maxBytes: number, output: SourceOutput): boolean | Promise<boolean>;
  /** Offset of the next record to be read. */
  position(split: number): number;
  /**
   * Offset after the last record of a split, as its log tells it once a heartbeat row that was read at `since`, in epoch
   * ms, can have overtaken nothing any more; undefined until it told.
   */
  endOffset(split: number, since: number): number | undefined;
  /** Writes all that later reads of the split depend on. Between reads only. */
  save(split: number, out: ByteWriter): void;
  /** Before any read: goes on where a reader of this split stood when it saved. Raises what its place in the log raises. */
  restore(split: number, input: ByteReader): void | Promise<void>;
  /** True for a split that, restored, begins with records before those that were read last. */
  readsAgain?(split: number): boolean;
  close(): void;
}
