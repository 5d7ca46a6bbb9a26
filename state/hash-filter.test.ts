import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { mixHash } from "./group-index.ts";
import { bytesFor, HashFilter } from "./hash-filter.ts";

test.each([0, 5_000, 100_000])("made for %i hashes, a filter knows all of twice as many, and few others", (made) => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const filter = new HashFilter(made);
  expect(filter.bytes).toBe(bytesFor(made));
  const hashes: number[] = [];
  while (!filter.isFull) {
    const hash = mixHash(random.below(2 ** 32) | 0);
    filter.add(hash);
    hashes.push(hash);
  }
  expect(hashes.length).toBeGreaterThanOrEqual(2 * made);
  for (const hash of hashes) expect(filter.mayHave(hash), `seed ${seed}`).toBe(true);
  let others = 0;
  for (let i = 0; i < 10_000; i++) if (filter.mayHave(mixHash(random.below(2 ** 32) | 0))) others++;
  expect(others, `seed ${seed}`).toBeLessThan(1_600);
});
