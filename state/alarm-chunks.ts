import { posix } from "node:path";
import type { Disk, DiskFile } from "../base/disk.ts";
import { BlockKind, readBlock, sealBlock } from "./block.ts";

/** Alarms one behind the other: times, and hashes of keys. */
export interface AlarmChunk {
  readonly times: Float64Array;
  readonly hashes: Int32Array;
  /** The memory of both, behind room for the header of a block. */
  readonly buffer: Buffer;
}

/**
 * Chunks of alarms, of one length, for those who fill them and those who read them later: in between they may be in a
 * file, which is made when it is needed, and has no name to be found by later: what is in it is derived.
 */
export class AlarmChunks {
  /** Alarms of a chunk. */
  readonly length: number;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #free: AlarmChunk[] = [];
  #file: DiskFile | undefined;
  /** Places in the file, and those of them that are free. */
  #places = 0;
  readonly #freePlaces: number[] = [];

  constructor(disk: Disk, path: string, length: number) {
    this.length = length;
    this.#disk = disk;
    this.#path = path;
  }

  /** A chunk of which nothing is known. */
  take(): AlarmChunk {
    return this.#free.pop() ?? this.#make();
  }

  /** Gives back a chunk that is of no use any more. */
  give(chunk: AlarmChunk): void {
    if (this.#free.length < MOST_FREE) this.#free.push(chunk);
  }

  /** Writes a chunk to the file, and gives it back; gives its place. DISK_FULL, DISK_FAILED. */
  put(chunk: AlarmChunk): number {
    this.#file ??= this.#open();
    const place = this.#freePlaces.pop() ?? this.#places++;
    const position = place * chunk.buffer.length;
    sealBlock(chunk.buffer, chunk.buffer.length, BlockKind.timers, position);
    this.#file.write(chunk.buffer, position);
    this.give(chunk);
    return place;
  }

  /** Reads a chunk out of the file, where its place is free from now on. STATE_CORRUPT if it is damaged. */
  get(place: number): AlarmChunk {
    const chunk = this.take();
    const { length } = chunk.buffer;
    readBlock(this.#file!, place * length, length, BlockKind.timers, chunk.buffer);
    this.#freePlaces.push(place);
    return chunk;
  }

  /** Removes the file. */
  close(): void {
    if (this.#file === undefined) return;
    this.#file.close();
    this.#disk.remove(this.#path);
    this.#file = undefined;
  }

  #open(): DiskFile {
    this.#disk.makeFolder(posix.dirname(this.#path));
    return this.#disk.open(this.#path, "create");
  }

  #make(): AlarmChunk {
    const { length } = this;
    const buffer = Buffer.allocUnsafeSlow(HEADER_BYTES + 12 * length);
    return {
      times: new Float64Array(buffer.buffer, HEADER_BYTES, length),
      hashes: new Int32Array(buffer.buffer, HEADER_BYTES + 8 * length, length),
      buffer,
    };
  }
}

/** The header of a block, and what it takes for the times behind it to be in their place. */
const HEADER_BYTES = 16;
const MOST_FREE = 8;
