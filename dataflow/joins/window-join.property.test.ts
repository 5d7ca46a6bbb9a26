import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { byKey, jobJoining, naiveRun, randomRuns, run, select } from "../../test/support/random-joins.ts";
import { session, sliding } from "../windows/assigners.ts";
import { JOIN_TYPES, type JoinType } from "./join-type.ts";
import { NaiveWindowJoin, type NaiveWindows } from "./naive-window-join.test-helper.ts";

const windows: fc.Arbitrary<NaiveWindows> = fc.oneof(
  fc
    .record({
      type: fc.constant("sliding" as const),
      size: fc.integer({ min: 1, max: 10 }),
      slide: fc.integer({ min: 1, max: 10 }),
      offset: fc.integer({ min: -5, max: 5 }),
    })
    .map((window) => ({ ...window, offset: window.offset % window.slide })),
  fc.record({ type: fc.constant("session" as const), gap: fc.integer({ min: 1, max: 6 }) }),
);

function assignerOf(windows: NaiveWindows) {
  if (windows.type === "session") return session(milliseconds(windows.gap));
  const { size, slide, offset } = windows;
  return sliding(milliseconds(size), milliseconds(slide), { offset: milliseconds(offset) });
}

const joinOf = (windows: NaiveWindows, type: JoinType) =>
  jobJoining((left, right) => left.windowJoin("joined", right, assignerOf(windows), { type, select }));

describe("a window join of random, disordered, late rows", () => {
  const numRuns = Number(process.env.COUNTERCHECK_ALGEBRA_SEEDS ?? 50);

  it("gives what the naive one gives, restored at another parallelism too, and keeps nothing for ever", () => {
    fc.assert(
      fc.property(windows, fc.constantFrom(...JOIN_TYPES), randomRuns, (cut, type, { steps, parallelism, holdAt }) => {
        const naive = naiveRun(new NaiveWindowJoin(cut, type), steps);
        expect(run(joinOf(cut, type), steps, 1)).toEqual(naive);
        expect(byKey(run(joinOf(cut, type), steps, parallelism, holdAt))).toEqual(byKey(naive));
      }),
      { numRuns },
    );
  });
});
