import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { byKey, jobJoining, naiveRun, randomRuns, run, select } from "../../test/support/random-joins.ts";
import { JOIN_TYPES, type JoinType } from "./join-type.ts";
import { NaiveIntervalJoin } from "./naive-interval-join.test-helper.ts";

interface Shape {
  readonly from: number;
  readonly length: number;
  readonly type: JoinType;
  readonly late: "join" | "aside";
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  from: fc.integer({ min: -6, max: 4 }),
  length: fc.integer({ min: 0, max: 8 }),
  type: fc.constantFrom(...JOIN_TYPES),
  late: fc.constantFrom("join", "aside"),
});

const joinOf = ({ from, length, type, late }: Shape) =>
  jobJoining((left, right) => {
    const bounds = { from: milliseconds(from), to: milliseconds(from + length) };
    return left.intervalJoin("joined", right, { ...bounds, type, late, select });
  });

describe("an interval join of random, disordered, late rows", () => {
  const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

  it("gives what the naive one gives, restored at another parallelism too, and keeps nothing for ever", () => {
    fc.assert(
      fc.property(shapes, randomRuns, (shape, { steps, parallelism, holdAt }) => {
        const bounds = { from: shape.from, to: shape.from + shape.length };
        const naive = naiveRun(new NaiveIntervalJoin(bounds, shape.type, shape.late), steps);
        expect(run(joinOf(shape), steps, 1)).toEqual(naive);
        expect(byKey(run(joinOf(shape), steps, parallelism, holdAt))).toEqual(byKey(naive));
      }),
      { numRuns },
    );
  });
});
