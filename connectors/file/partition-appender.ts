import type { Disk, DiskFile } from "../../base/disk.ts";
import { type LogPosition, onDisk, onDiskLater, type PartitionPlace, partitionPath } from "./file-log.ts";
import {
  dataKind,
  encodeEndMarker,
  encodeFileHeader,
  fileHeaderBytes,
  frameHeaderBytes,
  readInt64,
  sealFrame,
} from "./format.ts";
import { FrameWalk, readFully } from "./frames.ts";
import { encodedBytes, encodeRecord, type LogRecord } from "./records.ts";

/** Length that a frame is filled up to, header included; a larger record gets a frame of its own. */
const targetFrameBytes = 64 * 1024;

/** How a partition's file is opened. */
export interface AppenderOptions {
  readonly disk: Disk;
  /** Number of partitions of the topic. */
  readonly partitions: number;
  /** A place through which the file is known to be durable: what is before it is not looked at. */
  readonly trusted?: LogPosition | undefined;
  /** True takes an end marker off, so that more can be appended. */
  readonly reopen: boolean;
}

/**
 * Appends to one partition's file. Opening it cuts off what a writer that died left half written. Frames are written at
 * known positions, so that a write that failed is simply done again by the next `flush`.
 */
export class PartitionAppender {
  /** Offset of the next record to be appended. */
  nextOffset: number;
  /** Time of the end marker, once there is one. */
  throughMs: number | undefined;
  readonly #path: string;
  readonly #file: DiskFile;
  #position: number;
  #frame = Buffer.allocUnsafeSlow(targetFrameBytes);
  #used = frameHeaderBytes;
  #count = 0;
  /** True while something may not be durable, be it what a writer before this one left. */
  #isDirty = true;

  /** The file exists, and is either this partition's or has no header yet. */
  constructor(place: PartitionPlace, options: AppenderOptions) {
    this.#path = partitionPath(place);
    this.#file = onDisk("write", this.#path, () => options.disk.open(this.#path, "update"));
    try {
      const walk = onDisk("write", this.#path, () => this.#recover(place, options));
      this.nextOffset = walk.offset;
      this.#position = walk.position;
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** The end of what is written. */
  get written(): LogPosition {
    return { offset: this.nextOffset - this.#count, bytes: this.#position };
  }

  /** Copies a record into the frame that is being filled, after writing that out if it is full; gives its offset. */
  append(record: LogRecord): number {
    const bytes = encodedBytes(record);
    if (this.#used + bytes > this.#frame.length) {
      this.flush();
      if (frameHeaderBytes + bytes > targetFrameBytes) this.#frame = Buffer.allocUnsafeSlow(frameHeaderBytes + bytes);
    }
    this.#used = encodeRecord(this.#frame, this.#used, record);
    this.#count++;
    return this.nextOffset++;
  }

  /** Writes the frame that is being filled. */
  flush(): void {
    if (this.#count === 0) return;
    sealFrame(this.#frame, dataKind, this.#used - frameHeaderBytes, this.nextOffset - this.#count, this.#count);
    this.#write(this.#frame.subarray(0, this.#used));
    if (this.#frame.length !== targetFrameBytes) this.#frame = Buffer.allocUnsafeSlow(targetFrameBytes);
    this.#used = frameHeaderBytes;
    this.#count = 0;
  }

  /** Makes what is written durable. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await onDiskLater("write", this.#path, () => this.#file.sync());
    } catch (error) {
      this.#isDirty = true;
      throw error;
    }
  }

  /** Writes the end marker, where there is none yet. */
  end(throughMs: number): void {
    if (this.throughMs !== undefined) return;
    this.flush();
    this.#write(encodeEndMarker(this.nextOffset, throughMs));
    this.throughMs = throughMs;
  }

  /** Gives the file back; what was not flushed is lost. */
  close(): void {
    this.#file.close();
  }

  #recover(place: PartitionPlace, { partitions, trusted, reopen }: AppenderOptions): FrameWalk {
    const walk = new FrameWalk(this.#file, place, "bodies");
    if (trusted !== undefined) walk.trust(trusted);
    walk.toTail();
    if (walk.position === 0) {
      const { topic, partition } = place;
      this.#file.write(encodeFileHeader({ topic, partition, partitions }), 0);
      walk.position = fileHeaderBytes(topic);
    }
    if (walk.ended && reopen) walk.position -= frameHeaderBytes + endMarkerBytes;
    else if (walk.ended) this.throughMs = this.#readTime(walk.position - endMarkerBytes);
    if (walk.position < this.#file.size()) this.#file.truncate(walk.position);
    return walk;
  }

  #readTime(position: number): number {
    const time = Buffer.alloc(endMarkerBytes);
    readFully(this.#file, time, time.length, position);
    return readInt64(time, 0);
  }

  #write(bytes: Buffer): void {
    onDisk("write", this.#path, () => this.#file.write(bytes, this.#position));
    this.#position += bytes.length;
    this.#isDirty = true;
  }
}

/** Bytes of an end marker's body. */
const endMarkerBytes = 8;
