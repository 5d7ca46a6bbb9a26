import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { onDisk, type PartitionPlace, partitionPath } from "./file-log.ts";
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
  readonly #fd: number;
  #position: number;
  #frame = Buffer.allocUnsafeSlow(targetFrameBytes);
  #used = frameHeaderBytes;
  #count = 0;

  /** `partitions` is the number of the topic's; the file exists, and is either this partition's or has no header yet. */
  constructor(place: PartitionPlace, partitions: number) {
    this.#path = partitionPath(place);
    this.#fd = onDisk("write", this.#path, () => openSync(this.#path, "r+"));
    try {
      const walk = onDisk("write", this.#path, () => this.#recover(place, partitions));
      this.nextOffset = walk.offset;
      this.#position = walk.position;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
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

  /** Writes the end marker, where there is none yet. */
  end(throughMs: number): void {
    if (this.throughMs !== undefined) return;
    this.flush();
    this.#write(encodeEndMarker(this.nextOffset, throughMs));
    this.throughMs = throughMs;
  }

  /** Gives the file back; what was not flushed is lost. */
  close(): void {
    closeSync(this.#fd);
  }

  #recover(place: PartitionPlace, partitions: number): FrameWalk {
    const walk = new FrameWalk(this.#fd, place, "bodies");
    walk.toTail();
    if (walk.position === 0) {
      const { topic, partition } = place;
      writeFully(this.#fd, encodeFileHeader({ topic, partition, partitions }), 0);
      walk.position = fileHeaderBytes(topic);
    }
    ftruncateSync(this.#fd, walk.position);
    if (walk.ended) {
      const time = Buffer.alloc(8);
      readFully(this.#fd, time, time.length, walk.position - time.length);
      this.throughMs = readInt64(time, 0);
    }
    return walk;
  }

  #write(bytes: Buffer): void {
    onDisk("write", this.#path, () => writeFully(this.#fd, bytes, this.#position));
    this.#position += bytes.length;
  }
}

function writeFully(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
