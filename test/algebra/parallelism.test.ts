import { describe, expect, it } from "vitest";
import { comparable, plainly } from "./plain.ts";
import { expectSame } from "./results.ts";
import { AlgebraShop } from "./shop.ts";

describe("a job with every operator", () => {
  it("gives the same at any parallelism, and what a plain account of its rows gives", async () => {
    using shop = await AlgebraShop.make(200);
    shop.log.growTo(1);
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map((parallelism) => shop.complete(`p${parallelism}`, ["--parallelism", String(parallelism)])),
    );
    expectSame(two!, one!, "two workers");
    expectSame(three!, one!, "three workers");

    for (const [sink, lines] of one!) expect(lines.length, `lines of ${sink}`).toBeGreaterThan(4);
    for (const [sink, lines] of plainly(two!)) expect(comparable(two!.get(sink)!), sink).toEqual(lines);
    // Rows of the seed have no event time, and nothing else is late.
    const seeds = two!.get("seen")!.filter(({ status, at }) => status === "captured" && at === 0);
    expect(two!.get("tumbling-late")).toHaveLength(seeds.length);
    expect(two!.get("asked-ordered")).toHaveLength(two!.get("asked-unordered")!.length);
  });
});
