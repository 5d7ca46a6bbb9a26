import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../base/memory-disk.ts";
import { BlockKind, sealBlock } from "./block.ts";
import { BLOCK_BYTES, BlockCache } from "./block-cache.ts";
import { Segment } from "./segment.ts";

describe("a block", () => {
  it("that was got last keeps its bytes while the next one is begun", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 50, maxLength: 200, size: "max" }), (wanted) => {
        const segment = Segment.create(new MemoryDisk(), "state", "a", 1, []);
        const cache = new BlockCache(4.5 * BLOCK_BYTES);
        const blocks = [1, 2, 3, 4, 5, 6].map((content) => {
          const buffer = Buffer.alloc(BLOCK_BYTES, content);
          sealBlock(buffer, BLOCK_BYTES, BlockKind.records, segment.bytes);
          segment.file.write(buffer, segment.bytes);
          segment.bytes += BLOCK_BYTES;
          return cache.add(segment, segment.bytes - BLOCK_BYTES, BLOCK_BYTES);
        });
        for (const [i, at] of wanted.entries()) {
          const got = cache.get(blocks[at]!);
          if (i % 3 === 0) {
            const begun = cache.pin(segment, 0, BLOCK_BYTES);
            cache.get(begun).fill(99);
            cache.unpin(begun, BLOCK_BYTES);
          }
          expect(got[BLOCK_BYTES - 1]).toBe(at + 1);
          expect(cache.memory).toBeLessThanOrEqual(4.5 * BLOCK_BYTES);
        }
      }),
    );
  });
});
