import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "./random.ts";

const draw = (random: Random, count = 5) => Array.from({ length: count }, () => random.below(1_000_000));

describe("seeded randomness", () => {
  it("is the same for the same seed, as number or text, and another for another", () => {
    expect(draw(seededRandom(7))).toEqual(draw(seededRandom("7")));
    expect(draw(seededRandom(7))).not.toEqual(draw(seededRandom(8)));
  });

  it("is fixed for ever: golden runs are built on it", () => {
    expect(draw(seededRandom("golden"))).toMatchInlineSnapshot(`
      [
        518332,
        987696,
        252683,
        899155,
        32455,
      ]
    `);
  });

  it("forks by label, whatever was drawn before", () => {
    const random = seededRandom(1);
    const early = draw(random.fork("orders"));
    draw(random);
    expect(draw(random.fork("orders"))).toEqual(early);
    expect(draw(random.fork("refunds"))).not.toEqual(early);
  });

  it("stays in its bounds and is spread evenly", () => {
    const random = seededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) counts[random.below(10)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(1_800);
    expect(Math.max(...counts)).toBeLessThan(2_200);
    const heads = Array.from({ length: 10_000 }, () => random.chance(0.25)).filter(Boolean).length;
    expect(Math.abs(heads - 2_500)).toBeLessThan(200);
    expect([random.chance(0), random.chance(1), random.pick(["only"])]).toEqual([false, true, "only"]);
  });
});
