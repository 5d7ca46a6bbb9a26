import type { RecordFault, SchemaChange, Suspension } from "../dataflow/source.ts";

/** Trouble of a source; `id` stays the same when it repeats. */
export interface EngineAlert {
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/** A record of a side output or sink, by name. */
export interface Emission {
  readonly kind: "emit";
  readonly output: string;
  readonly record: unknown;
  /** Its bytes by its contract, if it has one, once a checkpoint holds them: they are not to be made another time. */
  encoded?: Uint8Array;
}

/** What a job hands to the outside, in the order in which it did. It can be cloned from thread to thread and written down. */
export type OutboxRecord =
  | Emission
  | { readonly kind: "engine-alert"; readonly alert: EngineAlert }
  | { readonly kind: "fault"; readonly fault: RecordFault }
  | { readonly kind: "suspension"; readonly suspension: Suspension }
  /** What a suspension had stopped goes on, with nothing left out. */
  | { readonly kind: "mended"; readonly suspension: string }
  | { readonly kind: "schema-change"; readonly change: SchemaChange };

/**
 * The tag under which a task that has the sources emits what is of no side output: the records are `OutboxRecord`s. No side
 * output and no sink has such a name.
 */
export const SOURCE_TAG = "$source";

/** What a task emitted under a tag, as an outbox has it. */
export function outboxRecordOf(tag: string, record: unknown): OutboxRecord {
  return tag === SOURCE_TAG ? (record as OutboxRecord) : { kind: "emit", output: tag, record };
}
