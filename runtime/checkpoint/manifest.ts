import type { StorePart } from "../../state/state-store.ts";
import type { KeptState } from "../task.ts";

/**
 * What a checkpoint is: positions, state, timers, and the outbox of what was emitted since the one before. The records of
 * state are in segments, which are not written again while they do not change.
 */
export interface Manifest {
  /** 1 had its outbox as `v8.serialize` has it, which is read still; 2 is what is written. */
  readonly format: 1 | 2;
  readonly job: string;
  /** Begins anew with a run from the start, or from a savepoint. */
  readonly epoch: number;
  /** Of the process that wrote it; every start of the runner is one. */
  readonly attempt: number;
  /** 1, 2, 3 … within an epoch. */
  readonly checkpoint: number;
  /** Wall time in epoch ms, which its outbox is delivered with however late that is. */
  readonly takenAt: number;
  readonly parallelism: number;
  /** Segments of state, by worker. */
  readonly stores: readonly StorePart[];
  /** What the job's keyed operators keep. */
  readonly kept: readonly KeptState[];
  /** What each operator keeps besides its keys' state, by subtask, in base64. */
  readonly operators: readonly { readonly uid: string; readonly saved: readonly string[] }[];
  /** Tables of row stages, with the schema of their records. */
  readonly rows: readonly { readonly table: string; readonly schema: string }[];
  /** Partitions of sources. */
  readonly splits: readonly SplitEntry[];
  /** What workers know of a source as a whole, in base64. */
  readonly sources: readonly { readonly source: string; readonly saved: readonly string[] }[];
  readonly outbox: { readonly file: string; readonly bytes: number; readonly crc: number };
  /** Where the sinks stood before the outbox; the sinks' own words. */
  readonly before: unknown;
  /** What the run's observer keeps; its own words. */
  readonly observed: unknown;
}

/** A partition of a source, as one worker read it. */
export interface SplitEntry {
  readonly source: string;
  /** `topic/partition`. */
  readonly name: string;
  /** Number that the rows of the split have in the state store, for good. */
  readonly group: number;
  /** Offset of the next record to be read. */
  readonly offset: number;
  /** As `Split` has it. */
  readonly gathered?: boolean;
  /** As `Split` has it. */
  readonly topicId?: string | undefined;
  /** What the reader and the frontier know of it, in base64. */
  readonly saved: string;
}

/** What a partition is called in its source: `topic/partition`. */
export function splitName({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/** What a partition is called in a job, by its source and its name there. */
export function splitKey(source: string, name: string): string {
  return `${source} ${name}`;
}
