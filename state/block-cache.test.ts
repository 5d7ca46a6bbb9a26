import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { BlockKind, sealBlock } from "./block.ts";
import { BLOCK_BYTES, BlockCache } from "./block-cache.ts";
import { Segment } from "./segment.ts";

describe("a block", () => {
  it("that was got or peeked at last keeps its bytes while memory is taken for others", () => {
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
          const written = Buffer.alloc(BLOCK_BYTES, 99);
          const begun = cache.begin(segment, 0, written);
          cache.end(begun, BLOCK_BYTES);
          // Where it was read it is cached, in memory of another.
          if (i % 3 !== 0) cache.get(begun);
          const other = (at + i) % 6;
          const got = cache.get(blocks[at]!);
          const peeked = cache.peek(blocks[other]!);
          cache.leave(begun, written);
          expect([got[BLOCK_BYTES - 1], peeked[BLOCK_BYTES - 1]]).toEqual([at + 1, other + 1]);
          expect(cache.memory).toBeLessThanOrEqual(5.5 * BLOCK_BYTES);
        }
      }),
    );
  });

  it("of a file that is gone leaves nothing behind for the one that has its number", () => {
    const disk = new MemoryDisk();
    const cache = new BlockCache(8 * BLOCK_BYTES);
    const [gone, segment] = ["a", "b"].map((name) => Segment.create(disk, "state", name, 1, []));
    const written = Buffer.alloc(BLOCK_BYTES, 99);
    const begun = cache.begin(gone!, 0, written);
    cache.end(begun, BLOCK_BYTES);
    cache.remove(gone!);
    const others = Buffer.alloc(BLOCK_BYTES, 1);
    expect(cache.begin(segment!, 0, others)).toBe(begun);
    cache.end(begun, BLOCK_BYTES);
    cache.get(begun);
    cache.leave(begun, written);
    expect(cache.get(begun)).toBe(others);
  });
});
