/** What a checkpoint must remember of a store: plain JSON. The files named must be kept, and lie in one folder. */
export interface StorePart {
  readonly tables: readonly string[];
  readonly segments: readonly StoreSegment[];
}

/** The first `bytes` of a file belong to a checkpoint. */
export interface StoreSegment {
  readonly file: string;
  readonly bytes: number;
  /** A key's newest record is the one in the segment with the highest order, nearest to its end. */
  readonly order: number;
  /** What counts of a file that has records of other workers too; without it, all. */
  readonly only?: GroupRuns;
}

/** Groups by table, as runs from first to last, both included. */
export type GroupRuns = Readonly<Record<string, readonly (readonly [number, number])[]>>;
