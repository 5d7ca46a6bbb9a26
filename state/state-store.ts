import type { Disk } from "../base/disk.ts";
import { assert } from "../base/errors.ts";
import { Compaction } from "./compaction.ts";
import { RecordLog } from "./record-log.ts";
import { restoreParts } from "./restore-parts.ts";
import type { Segment } from "./segment.ts";
import type { StorePart } from "./store-part.ts";
import { StoreSnapshot } from "./store-snapshot.ts";
import { StoreTable } from "./store-table.ts";

export type { StorePart, StoreSegment } from "./store-part.ts";
export type { StoreSnapshot, StoreTable };

/** Where a store keeps its files, and what it may take. */
export interface StateStoreOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** Starts the names of the files that this store makes; no other store in the folder has it, nor had it before. */
  readonly prefix: string;
  /** Most memory for index, tail and cached blocks together. */
  readonly memoryBytes: number;
  /** Bytes that the log may have beyond twice what is live before it is compacted: 64 MiB. */
  readonly slackBytes?: number;
  /** A file is full from here on: 16 MiB. */
  readonly segmentBytes?: number;
  /** Bytes that are put at once for a checkpoint, and compacted at once if they ought to have been before: 1 MiB. */
  readonly stepBytes?: number;
  /** Told when a compaction of a file begins and is done, by `compaction-begun` and `compaction-done`. */
  readonly onPoint?: (name: string) => void;
}

/**
 * Keyed state of one worker: tables of records, found by group and key. Records are in a log of immutable blocks on disk
 * behind a bounded cache; where the newest of each key is, an index in memory knows. Single-threaded and synchronous.
 * Every method may fail with DISK_FULL and DISK_FAILED, with STATE_CORRUPT where a block is not as it was written, and
 * with STATE_MEMORY_EXCEEDED where the index does not fit into the memory.
 */
export class StateStore {
  readonly #log: RecordLog;
  readonly #compaction: Compaction;
  readonly #tables = new Map<string, StoreTable>();
  /** Tables that came by `restore` and that nobody has asked for. */
  readonly #unclaimed = new Set<string>();
  readonly #snapshots = new Set<StoreSnapshot>();
  readonly #segmentBytes: number;
  readonly #stepBytes: number;
  /** A checkpoint that is being written: the last order that its segments may have, and who waits for it. */
  #begun: { readonly order: number; readonly resolve: (part: Promise<StorePart>) => void } | undefined;
  /** What had been put when it was last compacted, and bytes that are still to be compacted for it. */
  #appendedBefore = 0;
  #owed = 0;
  #knownFiles = new Set<Segment>();
  #durable: Promise<unknown> = Promise.resolve();

  constructor(options: StateStoreOptions) {
    this.#segmentBytes = options.segmentBytes ?? 16 * MIB;
    this.#stepBytes = options.stepBytes ?? MIB;
    this.#log = new RecordLog({ ...options, segmentBytes: this.#segmentBytes });
    this.#compaction = new Compaction(this.#log, options.slackBytes ?? 64 * MIB, options.onPoint ?? (() => {}));
  }

  /** The records of one state; names are unique. It may come before or after `restore`. */
  table(name: string): StoreTable {
    assert(!this.#tables.has(name) || this.#unclaimed.delete(name), `state ${name} is declared twice`);
    return this.#tables.get(name) ?? this.#declare(name);
  }

  /**
   * Writes out what was put since the last call, compacts a bounded part of the log, and gives what a checkpoint must
   * remember. Once `durable` has resolved, what the part names is on disk for good; it rejects where that fails.
   */
  checkpoint(): { part: StorePart; durable: Promise<void> } {
    this.tidy();
    return { part: this.#part(), durable: this.#sync() };
  }

  /**
   * The same of all that was put, and of what writers hold back at this moment. Where that is much it is put by `tend`, while
   * all goes on. Gives the part once it is durable. Until the last is put nobody calls this, nor what works on the log as a
   * whole: `checkpoint`, `compact`, `tidy`, `snapshot`.
   */
  checkpointBehind(): Promise<StorePart> {
    this.#requireWhole();
    const log = this.#log;
    for (const writer of log.writers) writer.cut();
    if (this.#putFront(this.#stepBytes)) {
      const { part, durable } = this.checkpoint();
      return durable.then(() => part);
    }
    const order = log.cut();
    return new Promise((resolve) => {
      this.#begun = { order, resolve };
    });
  }

  /** To be called between batches: goes on with a checkpoint that was begun, or compacts. True: more is left of the former. */
  tend(): boolean {
    const begun = this.#begun;
    if (begun === undefined) {
      this.compact();
      return false;
    }
    const log = this.#log;
    const isDone = this.#putFront(this.#stepBytes + log.appended - this.#appendedBefore);
    this.#owe();
    if (!isDone) return true;
    log.join();
    this.#begun = undefined;
    const part = this.#part(begun.order);
    begun.resolve(this.#sync(begun.order).then(() => part));
    return false;
  }

  /** Ends a checkpoint that was begun, if there is one: for who does not call `tend` for a while. */
  finish(): void {
    while (this.#begun !== undefined) this.tend();
  }

  /** To be called between batches: compacts a little of the log when some was put, so that a checkpoint finds little to do. */
  compact(): void {
    this.#requireWhole();
    if (this.#owed > 0 || this.#log.appended - this.#appendedBefore >= COMPACT_BYTES) this.#compact(0);
  }

  /**
   * Compacts a bounded part of the log; for who takes no checkpoints, now and then: without either the log grows for ever.
   * Files of its own that hold nothing any more go, unless a checkpoint names them.
   */
  tidy(): void {
    this.#requireWhole();
    this.#compact(this.#segmentBytes / 4);
    this.#log.seal();
    this.#log.dropDead();
  }

  /**
   * Before any put: takes in the records of the parts, of any number of former workers, for which `owns` is true. Their
   * files stay in use and unchanged, and may be shared with other stores.
   */
  restore(parts: readonly StorePart[], owns: (table: string, group: number) => boolean): void {
    assert(this.#log.segments.length === 0, "state is restored before anything is put");
    restoreParts(this.#log, parts, owns, (name) => {
      const known = this.#tables.get(name);
      if (known !== undefined) return known;
      this.#unclaimed.add(name);
      return this.#declare(name);
    });
    this.#knownFiles = new Set(this.#log.segments);
  }

  /** All records as they are now, while the store goes on changing; until its `release`. */
  snapshot(): StoreSnapshot {
    this.#requireWhole();
    // What is put from now on must not come into a block with what is there.
    this.#log.seal();
    const snapshot = new StoreSnapshot(this.#log, this.#tables, () => this.#snapshots.delete(snapshot));
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  /** Memory taken by index, tail, cached blocks and what snapshots hold, in bytes. */
  get memory(): number {
    return this.#log.cache.memory;
  }

  /** Bytes of the log on disk and in its tail, without what others have in shared files. */
  get logBytes(): number {
    return this.#log.bytes;
  }

  /** Bytes of the records that are the newest of their key, in the log. */
  get liveBytes(): number {
    return this.#log.liveBytes;
  }

  /** Closes its files; what was put after the last `checkpoint` is lost. */
  close(): void {
    for (const snapshot of this.#snapshots) snapshot.release();
    this.#log.close();
  }

  #requireWhole(): void {
    assert(this.#begun === undefined, "a checkpoint is put to its end before another, a snapshot or compaction");
  }

  /** More than was put, so that compaction keeps up, but no more than in proportion, so that the call stays short. */
  #compact(least: number): void {
    const log = this.#log;
    const budget = least + Math.min(this.#owed, this.#stepBytes) + 1.5 * (log.appended - this.#appendedBefore);
    this.#owe();
    const rest = this.#compaction.run(budget, (name) => this.#tables.get(name));
    this.#owed = rest > 0 ? 0 : Math.max(0, this.#owed - budget);
    this.#appendedBefore = log.appended;
  }

  /** Notes what is to be compacted for what was put. */
  #owe(): void {
    this.#owed += 1.5 * (this.#log.appended - this.#appendedBefore);
    this.#appendedBefore = this.#log.appended;
  }

  /** Has writers put what belongs to a checkpoint, about so many bytes; true when none of it is left. */
  #putFront(bytes: number): boolean {
    const log = this.#log;
    const end = log.appended + bytes;
    const enough = () => log.appended >= end;
    let isDone = true;
    log.inFront(() => {
      for (const writer of log.writers) isDone &&= writer.putFront(enough);
    });
    return isDone;
  }

  #declare(name: string): StoreTable {
    const log = this.#log;
    const table = new StoreTable(name, log.tables.length, log);
    log.roll();
    log.tables.push(name);
    this.#tables.set(name, table);
    return table;
  }

  /** Of the segments up to one. */
  #part(last = Number.POSITIVE_INFINITY): StorePart {
    const { segments, part } = this.#log;
    for (const segment of segments) if (segment.order <= last) segment.isNamed = true;
    return { ...part, segments: part.segments.filter(({ order }) => order <= last) };
  }

  /** One after the other, so that a checkpoint is durable only if those before it are. */
  async #sync(last = Number.POSITIVE_INFINITY): Promise<void> {
    const log = this.#log;
    const before = this.#durable;
    const isWanted = (segment: Segment) => segment.order <= last;
    const unsynced = [...log.unsynced].filter(isWanted);
    const written = unsynced.map((segment) => segment.sync());
    for (const segment of unsynced) log.unsynced.delete(segment);
    const segments = log.segments.filter(isWanted);
    const hasNewFiles = segments.some((segment) => !this.#knownFiles.has(segment));
    this.#knownFiles = new Set(segments);
    const all = Promise.all([before, ...written]).then(() => (hasNewFiles ? log.disk.syncFolder(log.dir) : undefined));
    this.#durable = all;
    await all;
  }
}

const MIB = 1 << 20;

/** What is put between two small compactions. */
const COMPACT_BYTES = MIB / 4;
