import type { RecordFault } from "../dataflow/source.ts";
import type { ResultTopic } from "../schemas/contract-subjects.ts";
import type { AlertRecord, MarkerRecord, VerdictRecord } from "../schemas/contracts.ts";

/** The end of every topic of a log, in its own words; plain data, kept in checkpoints. */
export type LogPositions = Readonly<Record<ResultTopic, unknown>>;

/**
 * The log that a run leaves for others to read: verdicts, alerts and dead letters, keyed by business key or record id, and
 * a marker behind all that a checkpoint brought out, keyed by the job. Their contracts are in the log's registry.
 *
 * A delivery: `goOnBehind`, records, `sync`, the marker, `sync`. When the last `sync` has resolved all of it is there for
 * good; a delivery that was cut off before is made again, whole, and leaves each record there once.
 */
export interface ResultLog {
  /** Where the records are, for people. */
  readonly place: string;
  /** Files that are written to. */
  readonly files: readonly string[];
  /** The last marker of the job; undefined in a log that it has not written to. */
  readonly lastMarker: MarkerRecord | undefined;
  /** Where the topics end, once all that was appended is durable. */
  positions(): LogPositions;
  /** Begins a delivery: what is appended from now on comes behind `before`, of which the log may hold a part already. */
  goOnBehind(before: LogPositions): void;
  /** `encoded` is the record by its contract. */
  verdict(record: VerdictRecord, encoded: Uint8Array): void;
  /** `encoded` is the record by its contract. */
  alert(record: AlertRecord, encoded: Uint8Array): void;
  deadLetter(fault: RecordFault, at: number): void;
  /** To be appended once all else is out. */
  marker(record: MarkerRecord): void;
  sync(): Promise<void>;
  /** Says that a bounded run came to its end, complete through an event time. It takes nothing more. */
  end(throughMs: number): Promise<void>;
  /** Hands out the records of a topic, as their contract encodes them: which are the visitor's own, and whether they are behind `positions`. */
  visit(
    topic: ResultTopic,
    positions: LogPositions,
    from: "start" | "positions",
    visit: (encoded: Uint8Array, isBehind: boolean) => void,
  ): Promise<void>;
  close(): void | Promise<void>;
}

/** Where a run's result log is, before it is opened. */
export interface ResultPlace {
  /** The last marker that the job has left there, as far as anyone can tell who only looks. */
  peekMarker(): Promise<MarkerRecord | undefined>;
  /** The last marker that the job left there. Once it is asked for, no other run of the job can write there. */
  lastMarker(): Promise<MarkerRecord | undefined>;
  /**
   * Opens the log, anew where results can be cleared, or to go on with it. Up to `since` files are known to be durable;
   * what brokers have acknowledged is. `stillMine` throws once another process has taken over.
   */
  open(anew: boolean, since: LogPositions | undefined, stillMine?: () => void): Promise<ResultLog>;
  /** Gives back what was taken and is not in an open log. */
  close(): Promise<void>;
}
