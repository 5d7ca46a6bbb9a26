import { expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { HashBag } from "./hash-bag.ts";

it("has what was added as often as it was not taken out", () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const bag = new HashBag();
  const model = new Map<number, number>();
  for (let step = 0; step < 50_000; step++) {
    // Few of them lie close together, and 0 is one.
    const hash = random.chance(0.5) ? random.below(50) : (random.below(2 ** 32) | 0) & ~0xff0;
    // 0 and 1 are one.
    const same = hash || 1;
    const count = model.get(same) ?? 0;
    expect(bag.has(hash), `seed ${seed}`).toBe(count > 0);
    if (random.chance(0.55)) {
      bag.add(hash);
      model.set(same, count + 1);
    } else if (count > 0) {
      bag.delete(hash);
      model.set(same, count - 1);
    }
  }
});
