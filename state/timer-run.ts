import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Disk, DiskFile } from "../base/disk.ts";
import type { Key } from "../base/key.ts";
import { BLOCK_HEADER_BYTES, BlockKind, blockLength, readBlock, sealBlock } from "./block.ts";

/** A timer of a key. */
export interface Timer {
  readonly key: Key;
  readonly time: number;
}

/** Writes timers, which come in order, to a file; the same one several times over once. */
export class TimerRunWriter {
  readonly #disk: Disk;
  readonly #file: DiskFile;
  readonly #out = new ByteWriter(2 * BLOCK_BYTES);
  #last: Timer | undefined;
  #bytes = 0;
  #count = 0;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#file = disk.open(path, "create");
    this.#startBlock();
  }

  add(timer: Timer): void {
    if (this.#last?.time === timer.time && this.#last.key === timer.key) return;
    this.#last = timer;
    this.#out.float64(timer.time);
    this.#out.text(timer.key);
    this.#count++;
    if (this.#out.length >= BLOCK_BYTES) this.#writeBlock();
  }

  /** The run, to be read; it owns the file. There must be a timer. */
  finish(): TimerRun {
    if (this.#out.length > BLOCK_HEADER_BYTES) this.#writeBlock();
    return new TimerRun(this.#disk, this.#file, this.#bytes, this.#count);
  }

  #writeBlock(): void {
    const block = this.#out.bytes();
    sealBlock(block, block.length, BlockKind.timers, this.#bytes);
    this.#file.write(block, this.#bytes);
    this.#bytes += block.length;
    this.#startBlock();
  }

  #startBlock(): void {
    this.#out.clear();
    for (let i = 0; i < BLOCK_HEADER_BYTES; i++) this.#out.byte(0);
  }
}

/** Timers in order, in a file. Its first one that is left is in memory, with the block that it lies in. */
export class TimerRun {
  /** The first timer that is left; undefined after the last. */
  first: Timer | undefined;
  readonly #disk: Disk;
  readonly #file: DiskFile;
  readonly #bytes: number;
  readonly #input = new ByteReader();
  #buffer = Buffer.alloc(0);
  #position = 0;
  #left: number;

  constructor(disk: Disk, file: DiskFile, bytes: number, count: number) {
    this.#disk = disk;
    this.#file = file;
    this.#bytes = bytes;
    this.#left = count + 1;
    this.advance();
  }

  /** Timers that are left. */
  get size(): number {
    return this.#left;
  }

  /** Goes on to the next timer. STATE_CORRUPT where the file is damaged. */
  advance(): void {
    this.#left--;
    if (this.#input.isAtEnd && !this.#readBlock()) {
      this.first = undefined;
      return;
    }
    const time = this.#input.float64();
    this.first = { key: this.#input.text(), time };
  }

  /** Removes the file. */
  close(): void {
    this.#file.close();
    this.#disk.remove(this.#file.path);
  }

  #readBlock(): boolean {
    if (this.#position === this.#bytes) return false;
    const length = blockLength(this.#file, this.#position, this.#bytes);
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length);
    readBlock(this.#file, this.#position, length, BlockKind.timers, this.#buffer);
    this.#position += length;
    this.#input.reset(this.#buffer, BLOCK_HEADER_BYTES, length);
    return true;
  }
}

/** A block is written once it has this many bytes. */
const BLOCK_BYTES = 8_192;
