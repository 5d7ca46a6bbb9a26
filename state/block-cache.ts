import { assert, raise } from "../base/errors.ts";
import { BlockKind, readBlock } from "./block.ts";
import type { Segment } from "./segment.ts";

/** Bytes of a block, unless one record is larger: what a miss reads and checks. Offsets in a block fit 16 bits. */
export const BLOCK_BYTES = 16_384;

/**
 * Where every block is, and those that are in memory. It keeps the account of all memory of a store: what others took
 * by `take`, and cached blocks, which give way when the sum would pass the limit (the clock algorithm). Blocks that are
 * being written are in memory of the log's tail, and are cached behind that if somebody read them there.
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
  /** What was handed out last, by `get` and by `peek`: its memory must not be written to. */
  #got = NONE;
  #peeked = NONE;
  #scratch = NONE;

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
    const buffer = this.#buffers[block];
    if (buffer === undefined) return this.#load(block);
    this.#used[block] = true;
    this.#got = buffer;
    return buffer;
  }

  /** A block's bytes with its header, valid until the next `peek`; they are not cached for it. */
  peek(block: number): Buffer {
    const cached = this.#buffers[block];
    if (cached !== undefined) {
      this.#peeked = cached;
      return cached;
    }
    const length = this.#lengths[block]!;
    if (this.#scratch.length === 0) {
      this.take(BLOCK_BYTES);
      this.#scratch = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    }
    const into = length <= BLOCK_BYTES ? this.#scratch : Buffer.allocUnsafeSlow(length);
    readBlock(this.#segments[block]!.file, this.#positions[block]!, length, BlockKind.records, into);
    return into;
  }

  /** Whether something that was handed out last is in this memory. */
  isInUse(memory: Buffer): boolean {
    return this.#got.buffer === memory.buffer || this.#peeked.buffer === memory.buffer;
  }

  /** Enters a block that is being written, in memory of its own until `leave`; gives its number. */
  begin(segment: Segment, position: number, buffer: Buffer): number {
    const block = this.add(segment, position, 0);
    this.#buffers[block] = buffer;
    return block;
  }

  /** A block that is being written has its length. */
  end(block: number, length: number): void {
    this.#lengths[block] = length;
  }

  /** A block has been written, and the memory in which that was done is needed for others: it is cached if it was read there. */
  leave(block: number, from: Buffer): void {
    if (this.#buffers[block] !== from) return;
    this.#buffers[block] = undefined;
    if (!this.#used[block]) return;
    const length = this.#lengths[block]!;
    const buffer = this.#acquire(roomOf(length));
    if (buffer === undefined) return;
    from.copy(buffer, 0, 0, length);
    this.#keep(block, buffer);
  }

  /** True where less than a third of the memory is taken, apart from blocks that would give way, with so many bytes more. */
  hasPlenty(bytes: number): boolean {
    return this.memory - this.#cached.length * BLOCK_BYTES + bytes < this.limit / 3;
  }

  /** Takes memory for other things; cached blocks give way. Fails with STATE_MEMORY_EXCEEDED where that is not enough. */
  take(bytes: number): void {
    this.memory += bytes;
    while (this.memory > this.limit && this.#cached.length > 0) this.memory -= this.#evict().length;
    if (this.memory > this.limit) raise("STATE_MEMORY_EXCEEDED", { needed: this.memory, limit: this.limit });
  }

  give(bytes: number): void {
    this.memory -= bytes;
  }

  /** Forgets the blocks of a segment; their numbers are used anew. */
  remove(segment: Segment): void {
    const gone = new Set(segment.blocks);
    const cached = this.#cached.splice(0);
    for (const block of cached) {
      if (gone.has(block)) this.memory -= this.#buffers[block]!.length;
      else this.#cached.push(block);
    }
    for (const block of segment.blocks) {
      this.#buffers[block] = this.#segments[block] = undefined;
      this.#free.push(block);
    }
  }

  #load(block: number): Buffer {
    const segment = this.#segments[block];
    assert(segment !== undefined, "a block that the index names is gone");
    const length = this.#lengths[block]!;
    const bytes = roomOf(length);
    const buffer = this.#acquire(bytes);
    if (buffer === undefined) raise("STATE_MEMORY_EXCEEDED", { needed: this.memory + bytes, limit: this.limit });
    try {
      readBlock(segment.file, this.#positions[block]!, length, BlockKind.records, buffer);
    } catch (error) {
      this.memory -= buffer.length;
      throw error;
    }
    this.#keep(block, buffer);
    this.#used[block] = true;
    this.#got = buffer;
    return buffer;
  }

  #keep(block: number, buffer: Buffer): void {
    this.#buffers[block] = buffer;
    this.#cached.push(block);
  }

  /** Memory for a block, for which others give way, if there is some. */
  #acquire(bytes: number): Buffer | undefined {
    while (this.memory + bytes > this.limit && this.#cached.length > 0) {
      const buffer = this.#evict();
      if (buffer.length === bytes && buffer !== this.#got && buffer !== this.#peeked) return buffer;
      this.memory -= buffer.length;
    }
    if (this.memory + bytes > this.limit) return undefined;
    this.memory += bytes;
    return Buffer.allocUnsafeSlow(bytes);
  }

  #evict(): Buffer {
    for (;;) {
      if (this.#hand >= this.#cached.length) this.#hand = 0;
      const block = this.#cached[this.#hand]!;
      if (this.#used[block]!) {
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

/** Of a cached block: most have one size, so that one's memory will do for another. */
function roomOf(length: number): number {
  return length > BLOCK_BYTES / 2 ? Math.max(length, BLOCK_BYTES) : length;
}

const NONE: Buffer = Buffer.alloc(0);
/** What a block's entry takes, about. */
const ENTRY_BYTES = 40;
