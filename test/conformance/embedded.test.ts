import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cut, EmbeddedCases } from "./embedded.ts";
import { plainly } from "./outcome.ts";
import { conformanceCases } from "./table.ts";

const cuts: readonly Cut[] = [1, 2, 3];

describe("the table of conformance, in this process", () => {
  let all: EmbeddedCases;
  beforeAll(async () => {
    all = await EmbeddedCases.open(conformanceCases);
  });
  afterAll(() => all[Symbol.dispose]());

  it.each([1, 3])("gives what it says, by %i workers", async (workers) => {
    const { outcome } = await all.run(workers);
    const expected = Object.assign({}, ...conformanceCases.map((one) => one.expected));
    expect(plainly(outcome)).toEqual(expected);
  });

  it.each(cuts.flatMap((cut) => [[1, cut] as const, [3, cut] as const]))(
    "gives the same by %i workers, with a savepoint behind part %i from which others go on",
    async (workers, cut) => {
      const { outcome, sizes } = await all.run(workers, cut, workers === 1 ? 3 : 1);
      const expected = Object.assign({}, ...conformanceCases.map((one) => one.expected));
      expect(plainly(outcome)).toEqual(expected);
      expect(sizes[0], "lines before the savepoint").toBeGreaterThan(0);
    },
  );
});
