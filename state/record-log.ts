import { posix } from "node:path";
import type { Disk } from "../base/disk.ts";
import { BLOCK_HEADER_BYTES } from "./block.ts";
import { BLOCK_BYTES, BlockCache } from "./block-cache.ts";
import { LogHead } from "./log-head.ts";
import { RecordCursor, recordBytes, writeRecordHead } from "./record.ts";
import { Segment } from "./segment.ts";
import type { StorePart } from "./store-part.ts";
import type { WriteBehind } from "./write-behind.ts";

/** Where a log keeps its files, and how much memory it and its index may take. */
export interface LogOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** Starts the names of the files it makes; no other store may use it in the folder. */
  readonly prefix: string;
  readonly memoryBytes: number;
  /** A file is full from here on. */
  readonly segmentBytes: number;
}

/** Wants to know which records are the newest of their key no more, or elsewhere now. */
export interface DisplacedRecords {
  add(block: number, offset: number): void;
}

/**
 * The records of a store in the order in which they were put, in segments, oldest first. The last blocks, the tail, are in
 * memory alone until they are many or the log is sealed. While a checkpoint is written the log may have a cut, and be appended to in
 * front of it too.
 */
export class RecordLog {
  readonly disk: Disk;
  readonly dir: string;
  readonly cache: BlockCache;
  readonly segments: Segment[] = [];
  /** Names of tables in the order of their numbers in new segments. */
  readonly tables: string[] = [];
  /** Segments with blocks that are not durable; emptied by who makes them so, behind `seal`. */
  readonly unsynced = new Set<Segment>();
  /** The record that was read last. */
  readonly record = new RecordCursor();
  /** The record that was appended last: its block, its offset there, its length, and the buffer and range of its key. */
  block = 0;
  offset = 0;
  length = 0;
  buffer: Buffer = Buffer.alloc(0);
  keyStart = 0;
  keyEnd = 0;
  /** Bytes of all records that are the newest of their key. */
  liveBytes = 0;
  /** Bytes appended in all. */
  appended = 0;
  nextOrder = 1;
  /** Those who are told of what is displaced. */
  readonly told = new Set<DisplacedRecords>();
  /** Those who hold records back that are to come into it. */
  readonly writers: WriteBehind[] = [];
  readonly #prefix: string;
  readonly #segmentBytes: number;
  #sequence = 0;
  /** Behind all records; in front of a cut, while there is one; and the one of them that is appended to. */
  #last: LogHead;
  #front: LogHead | undefined;
  #head: LogHead;
  /** The last order that a segment in front of the cut may have. */
  #cutOrder = 0;

  constructor(options: LogOptions) {
    this.disk = options.disk;
    this.dir = options.dir;
    this.cache = new BlockCache(options.memoryBytes);
    this.#last = this.#head = new LogHead(this.cache);
    this.#prefix = options.prefix;
    this.#segmentBytes = options.segmentBytes;
    this.disk.makeFolder(this.dir);
  }

  /** Bytes of the log, but for what others have in shared segments. */
  get bytes(): number {
    const tails = this.#last.length + (this.#front?.length ?? 0);
    return this.segments.reduce((sum, segment) => sum + segment.ownBytes, tails);
  }

  /** What is to be remembered of it as it is now, without a tail. */
  get part(): StorePart {
    const segments = this.segments.map(({ name, bytes, order, only }) => ({
      file: name,
      bytes,
      order,
      ...(only !== undefined && { only }),
    }));
    return { tables: [...this.tables], segments };
  }

  /** Points `record` at a record; valid until the next call. */
  read(block: number, offset: number): void {
    this.record.read(this.cache.get(block), offset);
  }

  /** Points a cursor at every record of a sealed block in turn; what it visits may append, but not read. */
  scan(block: number, record: RecordCursor, visit: (offset: number) => void): void {
    const length = this.cache.lengthOf(block);
    const buffer = this.cache.peek(block);
    for (let offset = BLOCK_HEADER_BYTES; offset < length; offset += record.length) {
      record.read(buffer, offset);
      visit(offset);
    }
  }

  /** Appends a record, without `value` a removal. Key and value may lie in what was read last. */
  append(
    table: number,
    group: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array | undefined,
    start: number,
    end: number,
  ): void {
    const keyBytes = keyEnd - keyStart;
    const valueBytes = value === undefined ? -1 : end - start;
    const length = recordBytes(table, group, keyBytes, valueBytes);
    const head = this.#head;
    if (head.block !== 0 && head.length + length > BLOCK_BYTES) head.close();
    if (head.block === 0) this.#begin(head, length);
    const into = head.buffer;
    const at = writeRecordHead(into, head.length, table, group, keyBytes, valueBytes);
    copyBytes(key, keyStart, keyEnd, into, at);
    if (value !== undefined) copyBytes(value, start, end, into, at + keyBytes);
    this.block = head.block;
    this.offset = head.length;
    this.length = length;
    this.buffer = into;
    this.keyStart = at;
    this.keyEnd = at + keyBytes;
    head.length += length;
    this.appended += length;
    if (head.length > BLOCK_BYTES) head.close();
  }

  /** The index points at a record from now on. */
  enlist(block: number, length: number): void {
    this.liveBytes += length;
    this.cache.segmentOf(block).liveBytes += length;
  }

  /** The index points at a record no more. */
  displace(block: number, offset: number, length: number): void {
    this.liveBytes -= length;
    this.cache.segmentOf(block).liveBytes -= length;
    for (const each of this.told) each.add(block, offset);
  }

  /** Writes the tail to its file. */
  seal(): void {
    if (this.#front !== undefined) this.#seal(this.#front);
    this.#seal(this.#last);
  }

  /** The next record goes to a new segment. */
  roll(): void {
    this.seal();
    this.#last.segment = undefined;
  }

  /** A cut was made, and is there still. */
  get isCut(): boolean {
    return this.#front !== undefined;
  }

  /**
   * Cuts the log behind its last record, until `join`. What is appended goes behind the cut, into new segments, but for what
   * `inFront` has appended, which goes in front of it. No segment is dropped meanwhile. Gives the last order in front.
   */
  cut(): number {
    const front = this.#last;
    front.segment ??= this.#newSegment();
    this.#front = front;
    this.#last = this.#head = new LogHead(this.cache);
    this.#cutOrder = front.segment.order + FRONT_SEGMENTS;
    this.nextOrder = this.#cutOrder + 1;
    return this.#cutOrder;
  }

  /** Has what `act` appends go in front of the cut, if there is one. */
  inFront(act: () => void): void {
    const before = this.#head;
    this.#head = this.#front ?? before;
    try {
      act();
    } finally {
      this.#head = before;
    }
  }

  /** Nothing more goes in front of the cut. */
  join(): void {
    const front = this.#front;
    if (front === undefined) return;
    this.#seal(front);
    front.release();
    this.#front = undefined;
  }

  /** Takes the oldest segments out of the log while nothing in them is live. Removals in them have nothing left to remove. */
  dropDead(): void {
    while (!this.isCut && this.segments.length > 0 && this.segments[0]!.liveBytes === 0) {
      const segment = this.segments[0]!;
      if (segment === this.#last.segment) this.roll();
      this.segments.shift();
      this.unsynced.delete(segment);
      segment.retire(() => {
        this.cache.remove(segment);
        if (!segment.isNamed) this.disk.remove(posix.join(this.dir, segment.name));
      });
    }
  }

  close(): void {
    for (const segment of this.segments.splice(0)) segment.release();
  }

  #begin(head: LogHead, recordLength: number): void {
    const { segment } = head;
    const isFront = head === this.#front;
    const hasNext = !isFront || segment!.order < this.#cutOrder;
    if (segment !== undefined && segment.bytes >= this.#segmentBytes && hasNext) {
      head.write();
      head.segment = isFront ? this.#newSegment(segment.order + 1) : undefined;
    }
    head.segment ??= this.#newSegment();
    head.begin(recordLength);
    this.unsynced.add(head.segment);
  }

  #seal(head: LogHead): void {
    head.close();
    head.write();
  }

  #newSegment(order = this.nextOrder++): Segment {
    let name: string;
    do name = `${this.#prefix}-${++this.#sequence}.seg`;
    while (this.disk.exists(posix.join(this.dir, name)));
    const segment = Segment.create(this.disk, this.dir, name, order, [...this.tables]);
    const behind = this.segments.findIndex((other) => other.order > order);
    this.segments.splice(behind < 0 ? this.segments.length : behind, 0, segment);
    this.unsynced.add(segment);
    return segment;
  }
}

/** So many more segments may come in front of a cut: more than memory holds back. */
const FRONT_SEGMENTS = 1_024;

function copyBytes(from: Uint8Array, start: number, end: number, into: Buffer, at: number): void {
  if (end - start > 48) Buffer.prototype.copy.call(from, into, at, start, end);
  else for (let i = start, to = at; i < end; i++, to++) into[to] = from[i]!;
}
