import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { BlockKind, sealBlock } from "./block.ts";
import { BLOCK_BYTES, BlockCache } from "./block-cache.ts";
import { Segment } from "./segment.ts";

describe("a block", () => {
  it("that was got or peeked at last keeps its bytes while others are begun", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 50, maxLength: 200, size: "max" }), (wanted) => {
        const segment = Segment.create(new MemoryDisk(), "state", "a", 1, []);
        const cache = new BlockCache(5.5 * BLOCK_BYTES);
        const blocks = [1, 2, 3, 4, 5, 6].map((content) => {
          const buffer = Buffer.alloc(BLOCK_BYTES, content);
          sealBlock(buffer, BLOCK_BYTES, BlockKind.records, segment.bytes);
          segment.file.write(buffer, segment.bytes);
          segment.bytes += BLOCK_BYTES;
          return cache.add(segment, segment.bytes - BLOCK_BYTES, BLOCK_BYTES);
        });
        for (const [i, at] of wanted.entries()) {
          const got = cache.get(blocks[at]!);
          const other = (at + i) % 6;
          const peeked = cache.peek(blocks[other]!);
          for (let begun = i % 4; begun > 0; begun--) write(cache, segment);
          expect(got[BLOCK_BYTES - 1]).toBe(at + 1);
          expect(peeked[BLOCK_BYTES - 1]).toBe(other + 1);
          expect(cache.memory).toBeLessThanOrEqual(5.5 * BLOCK_BYTES);
        }
      }),
    );
  });

  it("that is begun takes the buffer of one that gave way, once all memory is taken", () => {
    const segment = Segment.create(new MemoryDisk(), "state", "a", 1, []);
    const cache = new BlockCache(8 * BLOCK_BYTES);
    const buffers = new Set(Array.from({ length: 100 }, () => write(cache, segment).buffer));
    expect(buffers.size).toBeLessThanOrEqual(8);
  });
});

/** Begins a block, fills it and has it written; gives its buffer. */
function write(cache: BlockCache, segment: Segment): Buffer {
  const block = cache.pin(segment, 0, BLOCK_BYTES);
  const buffer = cache.pinned(block).fill(99);
  cache.unpin(block, BLOCK_BYTES);
  return buffer;
}
