import type { Job } from "../../checks/job.ts";

/**
 * What both runners must give alike: a small job, what its tables say, and what must come of it. Rows are data of models, so
 * that a case reads without the databases' columns; runners bring them as Debezium's records.
 */
export interface ConformanceCase {
  /** Unique, and in the names of its models, sources, checks and sinks, since all cases run as one job. */
  readonly name: string;
  readonly job: Job;
  /** How many splits each table has. Of four, or the few more that it takes, one has no record: heartbeats alone prove it. */
  readonly splits: 1 | 4;
  /** What is read before each of three savepoints, and behind the last: all that comes of a part is out before the next comes. */
  readonly parts: readonly [Part, Part, Part, Part];
  /** Lines by output and key, in their order: of a check's uid its verdicts and alerts, of a sink's name its rows. */
  readonly expected: Expected;
}

export type Expected = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export type Part = readonly Step[];

/** What a database's log says next. Times are ISO texts. */
export type Step = RowStep | CommitStep | BeatStep;

/** A row is written: its values, by the names of the model's fields, or its end. */
export interface RowStep {
  readonly at: string;
  readonly source: string;
  readonly table: string;
  readonly row: string | number;
  readonly values: Readonly<Record<string, unknown>> | null;
  /** The transaction that writes it, where the connector tells of them. */
  readonly transaction?: string;
}

/** A transaction has ended, with so many writes to each table. */
export interface CommitStep {
  readonly at: string;
  readonly source: string;
  readonly commit: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** The heartbeat row of a source, or of all that the case reads: what was committed before has been written. */
export interface BeatStep {
  readonly beat: string;
  readonly source?: string;
}

/** Times of the rows of cases: an hour of one day. */
export const at = (time: string): string => `2026-03-02T${time}${time.length === 5 ? ":00" : ""}Z`;

/** All sources of the case are read to a time. */
export const beat = (time: string, source?: string): BeatStep =>
  source === undefined ? { beat: at(time) } : { beat: at(time), source };

/** Rows of one table. */
export const rowsOf =
  (source: string, table: string) =>
  (time: string, row: RowStep["row"], values: RowStep["values"]): RowStep => {
    return { at: at(time), source, table, row, values };
  };
