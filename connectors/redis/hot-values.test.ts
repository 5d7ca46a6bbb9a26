import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { HotValues } from "./hot-values.ts";

describe("a frequency sketch", () => {
  it("never counts too little, and hardly ever too much, of very many keys", () => {
    const sketch = new FrequencySketch({ width: 4_096, halveEveryMs: 60_000 });
    const random = seededRandom(1);
    const truth = new Map<string, number>();
    for (let i = 0; i < 100_000; i++) {
      // A hundred keys are asked for half of the time, the others once or twice.
      const key = random.chance(0.5) ? `hot-${random.below(100)}` : `cold-${random.below(40_000)}`;
      truth.set(key, (truth.get(key) ?? 0) + 1);
      sketch.add(key, 0);
    }
    let off = 0;
    for (const [key, count] of truth) {
      const estimate = sketch.count(key, 0);
      expect(estimate).toBeGreaterThanOrEqual(count);
      if (estimate > count + 20) off++;
    }
    expect(off / truth.size).toBeLessThan(0.01);
  });

  it("lets what was hot cool down", () => {
    const sketch = new FrequencySketch({ width: 64, halveEveryMs: 1_000 });
    for (let i = 0; i < 16; i++) sketch.add("key", 0);
    expect([0, 1_000, 2_500, 60_000].map((now) => sketch.count("key", now))).toEqual([16, 8, 4, 0]);
  });
});

describe("the values of hot keys", () => {
  const options = { hotFrom: 3, halveEveryMs: 10_000, most: 2 };
  const dated = (value: string, readAt = 1) => ({ value, readAt });

  it("are kept once a key was asked for often enough", () => {
    const hot = new HotValues<string>(options);
    const asked = [1, 2, 3, 4].map(() => {
      const found = hot.ask("a", 0);
      hot.offer("a", dated("A"), 0);
      return found?.value;
    });
    expect(asked).toEqual([undefined, undefined, undefined, "A"]);
  });

  it("give way to those of hotter keys only", () => {
    const hot = new HotValues<string>(options);
    const heat = (key: string, times: number) => {
      for (let i = 0; i < times; i++) hot.ask(key, 0);
      hot.offer(key, dated(key), 0);
    };
    heat("a", 5);
    heat("b", 9);
    heat("c", 3);
    expect(hot.ask("c", 0)).toBeUndefined();
    heat("d", 7);
    expect(["a", "b", "d"].map((key) => hot.ask(key, 0)?.value)).toEqual([undefined, "b", "d"]);
    expect(hot.size).toBe(2);
  });

  it("are not replaced by what was read before them", () => {
    const hot = new HotValues<string>(options);
    for (let i = 0; i < 3; i++) hot.ask("a", 0);
    hot.offer("a", dated("new", 2), 0);
    hot.offer("a", dated("old", 1), 0);
    expect(hot.ask("a", 0)?.value).toBe("new");
  });
});
