import type { RecordFault, SchemaChange, Suspension } from "../dataflow/source.ts";

/** Trouble of a source; `id` stays the same when it repeats. */
export interface EngineAlert {
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/** What a job hands to the outside, in the order in which it did. It can be cloned from thread to thread and written down. */
export type OutboxRecord =
  /** A record of a side output or sink, by name. */
  | { readonly kind: "emit"; readonly output: string; readonly record: unknown }
  | { readonly kind: "engine-alert"; readonly alert: EngineAlert }
  | { readonly kind: "fault"; readonly fault: RecordFault }
  | { readonly kind: "suspension"; readonly suspension: Suspension }
  /** What a suspension had stopped goes on, with nothing left out. */
  | { readonly kind: "mended"; readonly suspension: string }
  | { readonly kind: "schema-change"; readonly change: SchemaChange };
