import { BLOCK_HEADER_BYTES, BlockKind, sealBlock } from "./block.ts";
import { BLOCK_BYTES, type BlockCache } from "./block-cache.ts";
import type { Segment } from "./segment.ts";

/**
 * Where records are appended: the last block of a segment, and those in front of it that are not in its file yet. They are one
 * behind the other in one piece of memory that is written at once, which costs a third of what a write for each does, and
 * used anew.
 */
export class LogHead {
  /** Undefined: it is still to be made. Set where nothing is left to be written. */
  segment: Segment | undefined;
  /** The block that is open; 0: none has been begun. Its first `length` bytes are filled. */
  block = 0;
  buffer: Buffer = NONE;
  length = 0;
  readonly #cache: BlockCache;
  readonly #pieceBytes: number;
  #piece: Buffer = NONE;
  /** Where in it closed blocks end, and where those begin that are not written. */
  #end = 0;
  #unwritten = 0;
  /** All blocks in it, with their bytes. */
  readonly #blocks: number[] = [];
  readonly #buffers: Buffer[] = [];

  constructor(cache: BlockCache) {
    this.#cache = cache;
    const blocks = Math.floor(cache.limit / LEAST_PIECES / BLOCK_BYTES);
    this.#pieceBytes = Math.max(1, Math.min(blocks, PIECE_BLOCKS)) * BLOCK_BYTES;
  }

  /** Opens a block with room for a record. STATE_MEMORY_EXCEEDED; DISK_FULL and DISK_FAILED as of `write`. */
  begin(recordBytes: number): void {
    const segment = this.segment!;
    const bytes = Math.max(BLOCK_BYTES, BLOCK_HEADER_BYTES + recordBytes);
    if (this.#end + bytes > this.#piece.length) this.#beginPiece(bytes);
    const buffer = this.#piece.subarray(this.#end, this.#end + bytes);
    this.block = this.#cache.begin(segment, segment.bytes, buffer);
    this.buffer = buffer;
    this.length = BLOCK_HEADER_BYTES;
    this.#blocks.push(this.block);
    this.#buffers.push(buffer);
  }

  /** Closes the block that is open: it counts as a part of its segment from now on. */
  close(): void {
    const { segment, block, buffer, length } = this;
    if (block === 0 || segment === undefined) return;
    sealBlock(buffer, length, BlockKind.records, segment.bytes);
    this.#cache.end(block, length);
    segment.bytes += length;
    segment.ownBytes += length;
    this.#end += length;
    this.block = this.length = 0;
  }

  /** Writes what was closed to the segment's file. DISK_FULL, DISK_FAILED: it is still to be written. */
  write(): void {
    const { segment } = this;
    const bytes = this.#end - this.#unwritten;
    if (bytes === 0 || segment === undefined) return;
    segment.file.write(this.#piece.subarray(this.#unwritten, this.#end), segment.bytes - bytes);
    this.#unwritten = this.#end;
  }

  /** Gives its memory back; all of it has been written. */
  release(): void {
    this.#leave();
    this.#cache.give(this.#piece.length);
    this.#piece = NONE;
  }

  /** Goes on in a piece with nothing in it. */
  #beginPiece(bytes: number): void {
    this.write();
    this.#leave();
    const size = Math.max(bytes, this.#pieceBytes);
    const isSame = size === this.#piece.length;
    if (!isSame) this.#cache.take(size - this.#piece.length);
    // What is appended may lie in a block that is still there.
    if (!isSame || this.#cache.isInUse(this.#piece)) this.#piece = Buffer.allocUnsafeSlow(size);
  }

  #leave(): void {
    for (const [i, block] of this.#blocks.entries()) this.#cache.leave(block, this.#buffers[i]!);
    this.#blocks.length = this.#buffers.length = this.#end = this.#unwritten = 0;
  }
}

const NONE: Buffer = Buffer.alloc(0);
/** Of a piece: few enough that it stays in the processor's cache. A small store has room for many pieces. */
const PIECE_BLOCKS = 16;
const LEAST_PIECES = 64;
