import { assert, raise } from "../base/errors.ts";
import { BlockKind, readBlock } from "./block.ts";
import type { Segment } from "./segment.ts";

/** Bytes of a block, unless one record is larger: what a miss reads and checks. Offsets in a block fit 16 bits. */
export const BLOCK_BYTES = 16_384;

/**
 * Where every block is, and those that are in memory. It keeps the account of all memory of a store: what others took
 * by `take`, pinned blocks, and cached ones, which give way when the sum would pass the limit (the clock algorithm).
 */
export class BlockCache {
  readonly limit: number;
  /** All memory taken, in bytes. */
  memory = 0;
  readonly #segments: (Segment | undefined)[] = [undefined];
  readonly #positions: number[] = [0];
  readonly #lengths: number[] = [0];
  readonly #buffers: (Buffer | undefined)[] = [undefined];
  readonly #used: boolean[] = [false];
  readonly #free: number[] = [];
  /** Blocks that may give way, and where the clock's hand is. */
  readonly #cached: number[] = [];
  #hand = 0;
  /**
   * A buffer that was given up, for the next block: never one whose bytes were handed out last. Without it each block that is
   * begun would leave a buffer to V8, which marks the whole heap for every 64 MiB of them.
   */
  #spare: Buffer | undefined;
  /** The blocks that were handed out last, by `get` and by `peek`; 0: none. */
  #got = 0;
  #peeked = 0;
  #scratch = Buffer.alloc(0);

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Enters a block; gives its number, from 1. */
  add(segment: Segment, position: number, length: number): number {
    let block = this.#free.pop();
    if (block === undefined) {
      block = this.#segments.length;
      this.take(ENTRY_BYTES);
    }
    this.#segments[block] = segment;
    this.#positions[block] = position;
    this.#lengths[block] = length;
    this.#buffers[block] = undefined;
    this.#used[block] = false;
    segment.blocks.push(block);
    return block;
  }

  segmentOf(block: number): Segment {
    return this.#segments[block]!;
  }

  lengthOf(block: number): number {
    return this.#lengths[block]!;
  }

  /** A block's bytes with its header, valid until the next `get`. STATE_CORRUPT if it is damaged on disk. */
  get(block: number): Buffer {
    this.#got = block;
    const buffer = this.#buffers[block];
    if (buffer === undefined) return this.#load(block);
    this.#used[block] = true;
    return buffer;
  }

  /** A pinned block's bytes; what was handed out by `get` or `peek` stays valid. */
  pinned(block: number): Buffer {
    return this.#buffers[block]!;
  }

  /** A block's bytes with its header, valid until the next `get` or `peek`; they are not cached for it. */
  peek(block: number): Buffer {
    this.#peeked = block;
    const cached = this.#buffers[block];
    if (cached !== undefined) return cached;
    const length = this.#lengths[block]!;
    if (this.#scratch.length === 0) {
      this.take(BLOCK_BYTES);
      this.#scratch = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    }
    const into = length <= BLOCK_BYTES ? this.#scratch : Buffer.allocUnsafeSlow(length);
    readBlock(this.#segments[block]!.file, this.#positions[block]!, length, BlockKind.records, into);
    return into;
  }

  /** Enters a block that is being written, with a buffer that stays until `unpin`. */
  pin(segment: Segment, position: number, bytes: number): number {
    if (bytes === BLOCK_BYTES) this.#keepSpare();
    const buffer = this.#acquire(bytes);
    const block = this.add(segment, position, 0);
    this.#buffers[block] = buffer;
    this.#makeRoom(0);
    return block;
  }

  /** The block has been written: it may give way from now on. */
  unpin(block: number, length: number): void {
    const buffer = this.#buffers[block]!;
    this.#lengths[block] = length;
    this.#used[block] = true;
    this.#cached.push(block);
    if (length > buffer.length / 2) return;
    this.#buffers[block] = Buffer.from(buffer.subarray(0, length));
    this.memory -= buffer.length - length;
  }

  /** Takes memory for other things; cached blocks give way. Fails with STATE_MEMORY_EXCEEDED where that is not enough. */
  take(bytes: number): void {
    this.memory += bytes;
    this.#makeRoom(0);
  }

  give(bytes: number): void {
    this.memory -= bytes;
  }

  /** Forgets the blocks of a segment; their numbers are used anew. */
  remove(segment: Segment): void {
    const gone = new Set(segment.blocks);
    const kept = this.#cached.filter((block) => !gone.has(block));
    this.#cached.splice(0, this.#cached.length, ...kept);
    for (const block of segment.blocks) {
      this.memory -= this.#buffers[block]?.length ?? 0;
      this.#buffers[block] = this.#segments[block] = undefined;
      this.#free.push(block);
    }
  }

  #load(block: number): Buffer {
    const segment = this.#segments[block];
    assert(segment !== undefined, "a block that the index names is gone");
    const length = this.#lengths[block]!;
    const buffer = this.#acquire(length > BLOCK_BYTES / 2 ? Math.max(length, BLOCK_BYTES) : length);
    try {
      readBlock(segment.file, this.#positions[block]!, length, BlockKind.records, buffer);
    } catch (error) {
      this.memory -= buffer.length;
      throw error;
    }
    this.#buffers[block] = buffer;
    this.#used[block] = true;
    this.#cached.push(block);
    this.#makeRoom(block);
    this.#keepSpare();
    return buffer;
  }

  #acquire(bytes: number): Buffer {
    const spare = this.#spare;
    if (bytes === BLOCK_BYTES && spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    this.memory += bytes;
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Lets blocks give way, but not the one that is wanted now. */
  #makeRoom(wanted: number): void {
    if (this.memory <= this.limit) return;
    while (this.memory > this.limit && this.#cached.length > (wanted === 0 ? 0 : 1)) {
      this.memory -= this.#evict(wanted, wanted).length;
    }
    if (this.memory > this.limit && this.#spare !== undefined) {
      this.memory -= this.#spare.length;
      this.#spare = undefined;
    }
    if (this.memory > this.limit) raise("STATE_MEMORY_EXCEEDED", { needed: this.memory, limit: this.limit });
  }

  /** Where the next block would need room, gives up one for it, but none whose bytes were handed out last. */
  #keepSpare(): void {
    if (this.#spare !== undefined || this.memory + BLOCK_BYTES <= this.limit || this.#cached.length < 3) return;
    const buffer = this.#evict(this.#got, this.#peeked);
    if (buffer.length === BLOCK_BYTES) this.#spare = buffer;
    else this.memory -= buffer.length;
  }

  /** Gives up a block, but neither of two; gives its buffer. */
  #evict(one: number, other: number): Buffer {
    for (;;) {
      if (this.#hand >= this.#cached.length) this.#hand = 0;
      const block = this.#cached[this.#hand]!;
      if (block === one || block === other || this.#used[block]!) {
        this.#used[block] = false;
        this.#hand++;
        continue;
      }
      const last = this.#cached.pop()!;
      if (last !== block) this.#cached[this.#hand] = last;
      const buffer = this.#buffers[block]!;
      this.#buffers[block] = undefined;
      return buffer;
    }
  }
}

/** What a block's entry takes, about. */
const ENTRY_BYTES = 40;
