import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { GroupIndex, mixHash } from "./group-index.ts";

test.each([
  [1.25, 12.5, 16],
  [2, 12.5, 25],
])("an index that grows by %f takes %f to %f bytes a key and finds all of them", (factor, least, most) => {
  const random = seededRandom(7);
  const index = new GroupIndex();
  const hashes = Array.from({ length: 20_000 }, () => mixHash(random.below(2 ** 31)));
  for (const [at, hash] of hashes.entries()) {
    if (index.isFull) {
      const before = index.bytes;
      const growth = index.growthOf(factor);
      index.grow(factor);
      expect(index.bytes - before).toBe(growth);
    }
    index.insert(hash, at + 1, at % 1_000);
    if (at < 1_000) continue;
    expect(index.bytes / index.count).toBeGreaterThanOrEqual(least);
    expect(index.bytes / index.count).toBeLessThan(most + 0.5);
  }
  for (const [at, hash] of hashes.entries()) expect(index.slotOf(hash, at + 1, at % 1_000)).toBeGreaterThanOrEqual(0);
});
