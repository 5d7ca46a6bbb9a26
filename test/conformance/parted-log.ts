/** Logs of databases, as Debezium writes them, in parts: a run is watched, cut or disturbed between them. */
export interface PartedLog {
  readonly topics: readonly LogTopic[];
  /** Records in their order, by part. */
  readonly parts: readonly (readonly LogRecord[])[];
  /**
   * `sources` of a configuration, whose tables are where `place` says, `{ log }` or `{ kafka: {} }`, in topics with names
   * that begin with `prefix`.
   */
  sources(place: object, prefix?: string): Record<string, unknown>;
}

/** A topic of a log. */
export interface LogTopic {
  readonly topic: string;
  readonly partitions: number;
}

/** A record at its place in a log. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp: number;
  /** A heartbeat row: all that stands before it must be there to be read first. */
  readonly isBeat: boolean;
}
