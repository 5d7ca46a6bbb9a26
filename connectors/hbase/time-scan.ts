import type { ScanQuery } from "../../snapshots/snapshot-store.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { BUCKETS, parseTimeKey, type TimedIdentity, timeDigits, timeKey } from "./row-key.ts";
import { damaged, decodeIndexValue, INDEX_COLUMN, type IndexValue } from "./row-value.ts";

/** A row of the index by time. */
export interface IndexEntry extends TimedIdentity, IndexValue {}

/** The index by time from a place on, over all its buckets, in order; leaves out what a query's conditions leave out. */
export class TimeScan {
  readonly #query: ScanQuery;
  readonly #buckets: Bucket[];

  /** Begins at a place, or where the query does. */
  constructor(table: EvidenceTable, query: ScanQuery, place = timeDigits(query.from ?? Number.NEGATIVE_INFINITY)) {
    const end = query.to === undefined ? AFTER_ALL : timeDigits(query.to);
    const first = Math.min(MOST_ROWS, Math.ceil((query.limit / BUCKETS) * 1.3) + 4);
    this.#query = query;
    this.#buckets = Array.from({ length: BUCKETS }, (_, bucket) => new Bucket(table, bucket, place, end, first));
  }

  /** The next entries, so many at most; fewer only at the end. */
  async next(count: number): Promise<IndexEntry[]> {
    const entries: IndexEntry[] = [];
    while (entries.length < count) {
      await Promise.all(this.#buckets.map((bucket) => bucket.fill()));
      const heads = this.#buckets.filter(({ head }) => head !== undefined);
      if (heads.length === 0) break;
      // As long as each bucket has a row or is at its end, the least of the heads is the next of all.
      for (let left = heads; entries.length < count && left.length === heads.length; ) {
        const least = left.reduce((one, other) =>
          Buffer.compare(other.head!.place, one.head!.place) < 0 ? other : one,
        );
        const { entry } = least.take();
        if (this.#fits(entry)) entries.push(entry);
        left = heads.filter(({ head }) => head !== undefined);
      }
    }
    return entries;
  }

  #fits(entry: IndexEntry): boolean {
    const { check, status, class: cause, keyPrefix } = this.#query;
    return (
      (check === undefined || entry.check === check) &&
      (status === undefined || entry.status === status) &&
      (cause === undefined || entry.class === cause) &&
      (keyPrefix === undefined || entry.key.startsWith(keyPrefix))
    );
  }
}

/** Past the digits of every time. */
const AFTER_ALL = "g";
/** Rows of the index in one answer. */
const MOST_ROWS = 2_000;

/** A row of the index, and its place as bytes: they are what the order is of. */
interface Head {
  readonly place: Buffer;
  readonly entry: IndexEntry;
}

/** One bucket of the index, read in growing parts: most scans want few rows, those with conditions pass over many. */
class Bucket {
  readonly #table: EvidenceTable;
  readonly #bucket: number;
  readonly #end: string;
  #place: string;
  #limit: number;
  #read: Head[] = [];
  #taken = 0;
  #exhausted: boolean;

  constructor(table: EvidenceTable, bucket: number, place: string, end: string, first: number) {
    this.#table = table;
    this.#bucket = bucket;
    this.#place = place;
    this.#end = end;
    this.#limit = first;
    this.#exhausted = place >= end;
  }

  get head(): Head | undefined {
    return this.#read[this.#taken];
  }

  take(): Head {
    return this.#read[this.#taken++]!;
  }

  /** Sees to it that there is a head unless the bucket is at its end. */
  async fill(): Promise<void> {
    if (this.head !== undefined || this.#exhausted) return;
    const start = timeKey(this.#bucket, this.#place);
    const end = timeKey(this.#bucket, this.#end);
    const cells = await this.#table.scan({ start, end, limit: this.#limit, column: INDEX_COLUMN });
    const { path } = this.#table;
    this.#read = cells.map(({ row, value }) => {
      const identity = parseTimeKey(row) ?? damaged(path, "a row key is none of the index by time");
      return { place: Buffer.from(row.slice(2)), entry: { ...identity, ...decodeIndexValue(value, path, identity) } };
    });
    this.#taken = 0;
    this.#exhausted = cells.length < this.#limit;
    this.#limit = Math.min(MOST_ROWS, this.#limit * 2);
    if (cells.length > 0) this.#place = `${cells.at(-1)!.row.slice(2)}${NEXT}`;
  }
}

/** Behind a row key, gives one that is just greater. */
const NEXT = "\u0001";
