import { crc32 } from "node:zlib";
import { type Disk, type DiskFile, systemDisk } from "../../base/disk.ts";
import { assert, raise } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { onDisk, type PartitionPlace, partitionPath, requirePartition } from "./file-log.ts";
import { dataKind, decodeFrameHeader, endKind, type FrameHeader, frameHeaderBytes, readInt64 } from "./format.ts";
import { FrameWalk, implausible, readFully } from "./frames.ts";
import { RecordSlots } from "./records.ts";

/** What a bounded log's partition ends with: everything up to and including `throughMs` of event time is in the log. */
export class EndMarker {
  readonly throughMs: number;

  constructor(throughMs: number) {
    this.throughMs = throughMs;
  }
}

/**
 * Reads one partition of a file log, also while it is written. Only whole frames with the right checksum are ever given;
 * one that is not complete yet counts as not there. The constructor raises LOG_NOT_FOUND, TOPIC_NAME_INVALID,
 * TOPIC_NOT_FOUND, PARTITION_NOT_FOUND, or LOG_CORRUPT where the topic's files are not all there or in each other's place;
 * every other call may raise LOG_CORRUPT, LOG_VERSION_UNSUPPORTED or LOG_IO_FAILED.
 */
export class FileLogReader {
  readonly #place: PartitionPlace;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #walk: FrameWalk;
  readonly #endWalk: FrameWalk;
  readonly #slots: RecordSlots;
  readonly #header: FrameHeader = { kind: 0, bodyBytes: 0, count: 0, baseOffset: 0, bodyCrc: 0 };
  #buffer = Buffer.alloc(0);
  #view = new DataView(this.#buffer.buffer);
  #offset = 0;
  #end: EndMarker | null = null;
  #closed = false;

  constructor(dir: string, topic: string, partition: number, disk: Disk = systemDisk) {
    this.#place = { dir, topic, partition };
    requirePartition(this.#place, disk);
    this.#path = partitionPath(this.#place);
    this.#file = onDisk("read", this.#path, () => disk.open(this.#path, "read"));
    this.#walk = new FrameWalk(this.#file, this.#place, "bodies");
    this.#endWalk = new FrameWalk(this.#file, this.#place, "headers");
    this.#slots = new RecordSlots(topic, partition);
  }

  /** Offset of the record that is read next. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * The next records: as many whole frames as fit into `maxBytes`, but at least one; null when there is nothing new
   * yet; the end marker, again and again, once all before it was read. The batch and its buffer are the reader's own,
   * and are overwritten by the next `read`.
   */
  read(maxBytes: number): RecordBatch | EndMarker | null {
    assert(!this.#closed && maxBytes > 0, "read of a closed file log, or of no bytes");
    return this.#end ?? onDisk("read", this.#path, () => this.#readOn(maxBytes));
  }

  /** Number of records that are in the file now, which is the offset of the next to be written. */
  endOffset(): number {
    assert(!this.#closed, "endOffset of a closed file log");
    if (this.#endWalk.position < this.#walk.position) this.#endWalk.moveTo(this.#walk);
    onDisk("read", this.#path, () => this.#toEnd());
    return this.#endWalk.offset;
  }

  /** Makes `offset` the next to be read; at most the end offset, or else LOG_OFFSET_OUT_OF_RANGE. */
  seek(offset: number): void {
    assert(!this.#closed && Number.isInteger(offset) && offset >= 0, `seek of a file log to ${offset}`);
    const walk = new FrameWalk(this.#file, this.#place, "headers");
    if (offset >= this.#walk.offset && !this.#walk.ended) walk.moveTo(this.#walk);
    const isInFrame = onDisk("read", this.#path, () => {
      while (walk.peek() && walk.header.kind === dataKind) {
        if (offset < walk.offset + walk.header.count) return true;
        walk.pass();
      }
      return false;
    });
    if (!isInFrame && offset > walk.offset)
      raise("LOG_OFFSET_OUT_OF_RANGE", { ...this.#place, offset, end: walk.offset });
    this.#walk.moveTo(walk);
    this.#offset = offset;
    this.#end = null;
  }

  /** Gives the file back; batches that were read are void. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  /**
   * Headers are enough where the file ends with an intact frame. Where something else follows, a power cut may have
   * spoilt frames before it too, which the next writer will cut off.
   */
  #toEnd(): void {
    this.#endWalk.toTail();
    if (this.#endWalk.position === this.#file.size()) return;
    const closer = new FrameWalk(this.#file, this.#place, "bodies");
    closer.moveTo(this.#walk);
    closer.toTail();
    this.#endWalk.moveTo(closer);
  }

  #readOn(maxBytes: number): RecordBatch | EndMarker | null {
    for (let bytes = maxBytes; ; bytes = Math.max(maxBytes, frameHeaderBytes + this.#walk.header.bodyBytes)) {
      if (this.#readFrames(bytes)) return this.#slots;
      if (!this.#walk.peek()) return null;
      if (this.#walk.header.kind === endKind) return this.#readEndMarker();
    }
  }

  /** Fills the batch with the intact data frames among the next `maxBytes`; false when the first is none. */
  #readFrames(maxBytes: number): boolean {
    if (this.#walk.position === 0) return false;
    if (this.#buffer.length < maxBytes) {
      this.#buffer = Buffer.allocUnsafeSlow(maxBytes);
      this.#view = new DataView(this.#buffer.buffer);
    }
    const length = this.#file.read(this.#buffer, 0, maxBytes, this.#walk.position);
    let end = 0;
    let offset = this.#walk.offset;
    while (this.#isDataFrame(end, length, offset)) {
      end += frameHeaderBytes + this.#header.bodyBytes;
      offset += this.#header.count;
    }
    if (end === 0) return false;
    this.#slots.reset(this.#buffer, offset - this.#offset);
    this.#fillSlots(end);
    this.#walk.moveTo({ position: this.#walk.position + end, offset, ended: false });
    this.#offset = offset;
    return true;
  }

  #isDataFrame(at: number, length: number, offset: number): boolean {
    const header = this.#header;
    if (at + frameHeaderBytes > length || !decodeFrameHeader(this.#buffer, at, header)) return false;
    if (header.kind !== dataKind || implausible(header, offset) !== undefined) return false;
    const body = at + frameHeaderBytes;
    const end = body + header.bodyBytes;
    return end <= length && crc32(this.#buffer.subarray(body, end)) === header.bodyCrc;
  }

  #fillSlots(end: number): void {
    let base = this.#walk.offset;
    for (let at = 0; at < end; ) {
      const body = at + frameHeaderBytes;
      const next = body + this.#view.getUint32(at + 8, true);
      const count = this.#view.getUint32(at + 12, true);
      if (!this.#slots.addFrame(this.#view, body, next, count, base, this.#offset)) {
        this.#walk.corrupt(this.#walk.position + at, "records that do not fill their frame");
      }
      base += count;
      at = next;
    }
  }

  #readEndMarker(): EndMarker | null {
    const body = Buffer.alloc(8);
    if (!readFully(this.#file, body, body.length, this.#walk.position + frameHeaderBytes)) return null;
    this.#walk.pass();
    this.#walk.peek();
    this.#end = new EndMarker(readInt64(body, 0));
    return this.#end;
  }
}
