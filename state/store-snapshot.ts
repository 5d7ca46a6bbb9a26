import type { BlockCache } from "./block-cache.ts";
import { RecordCursor } from "./record.ts";
import type { DisplacedRecords, RecordLog } from "./record-log.ts";
import type { Segment } from "./segment.ts";
import type { StorePart } from "./store-part.ts";
import type { StoreTable } from "./store-table.ts";

/** Is shown a record of a table: valid during the call, which must not read the store. */
export type RecordVisitor = (table: string, record: RecordCursor) => void;

/**
 * All records of a store at one moment, while the store goes on changing. They are read once through, in the order of the
 * log and past the cache; what the index points at no more since that moment is remembered, and the log keeps what is
 * needed until `release`. Who takes the files instead reads what `part` says of them, until then too.
 */
export class StoreSnapshot {
  /** The files that hold the records. They may be appended to meanwhile. */
  readonly part: StorePart;
  readonly #log: RecordLog;
  readonly #tables: ReadonlyMap<string, StoreTable>;
  readonly #segments: readonly Segment[];
  readonly #blocks: readonly number[];
  readonly #displaced: Displaced;
  readonly #record = new RecordCursor();
  readonly #onRelease: () => void;
  #next = 0;
  #isReleased = false;

  /** Made by the store, of a log without a tail. */
  constructor(log: RecordLog, tables: ReadonlyMap<string, StoreTable>, onRelease: () => void) {
    this.#log = log;
    this.#tables = tables;
    this.#onRelease = onRelease;
    this.part = log.part;
    // Where nothing is live, removals may be that are needed with the files in front.
    this.#segments = [...log.segments];
    this.#blocks = this.#segments.flatMap(({ liveBytes, blocks }) => (liveBytes > 0 ? blocks : []));
    this.#displaced = new Displaced(log.cache, this.#blocks);
    for (const segment of this.#segments) segment.hold();
    log.told.add(this.#displaced);
  }

  /** Reads on, about so many bytes of the log, and shows the records in them, in no order. False: there are no more. */
  read(bytes: number, visit: RecordVisitor): boolean {
    for (let rest = bytes; rest > 0 && this.#next < this.#blocks.length; this.#next++) {
      const block = this.#blocks[this.#next]!;
      rest -= this.#log.cache.lengthOf(block);
      this.#readBlock(block, visit);
    }
    return this.#next < this.#blocks.length;
  }

  /** Shows all that was not read yet. */
  forEach(visit: RecordVisitor): void {
    this.read(Number.POSITIVE_INFINITY, visit);
  }

  /** It will not be read: it remembers nothing any more, and keeps the files alone. */
  keepFiles(): void {
    this.#next = this.#blocks.length;
    this.#forget();
  }

  /** Lets go of what it holds; it must not be used any more. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#forget();
    for (const segment of this.#segments) segment.release();
    this.#onRelease();
  }

  #forget(): void {
    if (this.#log.told.delete(this.#displaced)) this.#displaced.clear();
  }

  #readBlock(block: number, visit: RecordVisitor): void {
    const names = this.#log.cache.segmentOf(block).tables;
    const tables = names.map((name) => this.#tables.get(name));
    const record = this.#record;
    this.#log.scan(block, record, (offset) => {
      const isThere = tables[record.table]?.isNewest(record, block, offset) || this.#displaced.has(block, offset);
      if (isThere) visit(names[record.table]!, record);
    });
    this.#displaced.done(block);
  }
}

/** Places of records that were the newest at the moment of a snapshot, and are so no more. */
class Displaced implements DisplacedRecords {
  readonly #cache: BlockCache;
  /** By block: whether it is still to be read. */
  readonly #isDue: Uint8Array;
  readonly #places = new Set<number>();
  #memory: number;

  constructor(cache: BlockCache, blocks: readonly number[]) {
    this.#cache = cache;
    this.#isDue = new Uint8Array(blocks.reduce((most, block) => Math.max(most, block + 1), 0));
    for (const block of blocks) this.#isDue[block] = 1;
    this.#memory = this.#isDue.length + blocks.length * LISTED_BYTES;
    cache.take(this.#memory);
  }

  add(block: number, offset: number): void {
    if (this.#isDue[block] !== 1) return;
    this.#places.add(placeOf(block, offset));
    this.#memory += PLACE_BYTES;
    this.#cache.take(PLACE_BYTES);
  }

  has(block: number, offset: number): boolean {
    return this.#places.size > 0 && this.#places.has(placeOf(block, offset));
  }

  done(block: number): void {
    this.#isDue[block] = 0;
  }

  clear(): void {
    this.#places.clear();
    this.#cache.give(this.#memory);
  }
}

function placeOf(block: number, offset: number): number {
  return block * 65_536 + offset;
}

/** What a number takes in a list, and in a set, about. */
const LISTED_BYTES = 8;
const PLACE_BYTES = 48;
