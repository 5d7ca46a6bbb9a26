import type { AlgebraCase, Step } from "./format.ts";
import type { IntervalJoinSpec } from "./operators.ts";
import { late, left, mark, markOf, pair, right } from "./rows.ts";

const source = (method: string): string => `Apache Flink 0420837a, IntervalJoinOperatorTest.${method}`;

/** Flink's interval join of streams: bounds, late rows, clean-up. A row's value is its time, as there. */
export const intervalJoinOfStreams: readonly AlgebraCase<IntervalJoinSpec>[] = [
  ...bounds("from 1 to 3, the upper bound outside", "testImplementationMirrorsCorrectly", {
    from: 1,
    to: 3,
    toExclusive: true,
    pairs: "1-2 1-3 2-3 2-4 3-4",
  }),
  ...bounds("from -3 to -1, the lower bound outside: the mirror image", "testImplementationMirrorsCorrectly", {
    from: -3,
    to: -1,
    fromExclusive: true,
    pairs: "2-1 3-1 3-2 4-2 4-3",
  }),
  ...bounds("from -2 to -1, both bounds inside", "testNegativeInclusiveAndNegativeInclusive", {
    from: -2,
    to: -1,
    pairs: "2-1 3-1 3-2 4-2 4-3",
  }),
  ...bounds("from -1 to 1, both bounds inside", "testNegativeInclusiveAndPositiveInclusive", {
    from: -1,
    to: 1,
    pairs: "1-1 1-2 2-1 2-2 2-3 3-2 3-3 3-4 4-3 4-4",
  }),
  ...bounds("from 1 to 2, both bounds inside", "testPositiveInclusiveAndPositiveInclusive", {
    from: 1,
    to: 2,
    pairs: "1-2 1-3 2-3 2-4 3-4",
  }),
  ...bounds("from -3 to -1, both bounds outside", "testNegativeExclusiveAndNegativeExlusive", {
    from: -3,
    to: -1,
    fromExclusive: true,
    toExclusive: true,
    pairs: "3-1 4-2",
  }),
  ...bounds("from -1 to 1, both bounds outside", "testNegativeExclusiveAndPositiveExlusive", {
    from: -1,
    to: 1,
    fromExclusive: true,
    toExclusive: true,
    pairs: "1-1 2-2 3-3 4-4",
  }),
  ...bounds("from 1 to 3, both bounds outside", "testPositiveExclusiveAndPositiveExlusive", {
    from: 1,
    to: 3,
    fromExclusive: true,
    toExclusive: true,
    pairs: "1-3 2-4",
  }),

  cleanUp("from -1 to 0", "testStateCleanupNegativeInclusiveNegativeInclusive", { from: -1, to: 0 }),
  cleanUp("from -2 to 1, both outside", "testStateCleanupNegativePositiveNegativeExlusive", {
    from: -2,
    to: 1,
    fromExclusive: true,
    toExclusive: true,
  }),
  cleanUp("from 0 to 1", "testStateCleanupPositiveInclusivePositiveInclusive", { from: 0, to: 1 }),
  cleanUp("from -1 to 2, both outside", "testStateCleanupPositiveExlusivePositiveExclusive", {
    from: -1,
    to: 2,
    fromExclusive: true,
    toExclusive: true,
  }),

  {
    name: "interval join: rows and watermarks of both sides in turns",
    source: source("testRestoreFromSnapshot"),
    follows: "flink",
    operator: { kind: "interval-join", type: "inner", from: -1, to: 1, late: "drop" },
    order: "any",
    steps: [
      [left(1, "k", "1")],
      [markOf("left", 1)],
      [right(1, "k", "1"), pair("k", 1, "1", "1")],
      [markOf("right", 1)],
      [left(2, "k", "2"), pair("k", 2, "2", "1")],
      [markOf("left", 2)],
      [right(2, "k", "2"), pair("k", 2, "1", "2"), pair("k", 2, "2", "2")],
      [markOf("right", 2)],
      [left(3, "k", "3"), pair("k", 3, "3", "2")],
      [markOf("left", 3)],
      [right(3, "k", "3"), pair("k", 3, "2", "3"), pair("k", 3, "3", "3")],
      [markOf("right", 3)],
      [left(4, "k", "4"), pair("k", 4, "4", "3")],
      [markOf("left", 4)],
      [right(4, "k", "4"), pair("k", 4, "3", "4"), pair("k", 4, "4", "4")],
      [markOf("right", 4)],
    ],
  },
  {
    name: "interval join: a row behind the watermark is dropped",
    source: source("testDiscardsLateData"),
    follows: "flink",
    differs: "Flink SQL has no such drop: it looks for the row's matches among those that it still keeps",
    operator: { kind: "interval-join", type: "inner", from: -1, to: 1, late: "drop" },
    order: "any",
    steps: [
      [left(1, "k", "1")],
      [right(1, "k", "1"), pair("k", 1, "1", "1")],
      [left(2, "k", "2"), pair("k", 2, "2", "1")],
      [right(2, "k", "2"), pair("k", 2, "1", "2"), pair("k", 2, "2", "2")],
      [left(3, "k", "3"), pair("k", 3, "3", "2")],
      [right(3, "k", "3"), pair("k", 3, "2", "3"), pair("k", 3, "3", "3")],
      [markOf("left", 3)],
      [markOf("right", 3)],
      [left(1, "k", "1 again")],
      [left(4, "k", "4"), pair("k", 4, "4", "3")],
      [right(4, "k", "4"), pair("k", 4, "3", "4"), pair("k", 4, "4", "4")],
      [left(5, "k", "5"), pair("k", 5, "5", "4")],
      [right(5, "k", "5"), pair("k", 5, "4", "5"), pair("k", 5, "5", "5")],
    ],
  },
  {
    name: "interval join: rows behind the watermark go to the side outputs of their side",
    source: source("testLateData"),
    follows: "flink",
    differs: "Flink SQL has no side outputs; it would still pair the late right row 2 with the left row 3",
    operator: { kind: "interval-join", type: "inner", from: -1, to: 1, late: "side-output" },
    order: "any",
    steps: [
      [left(3, "k", "3")],
      [right(3, "k", "3"), pair("k", 3, "3", "3")],
      [markOf("left", 3)],
      [markOf("right", 3)],
      [left(4, "k", "4"), pair("k", 4, "4", "3")],
      [right(4, "k", "4"), pair("k", 4, "3", "4"), pair("k", 4, "4", "4")],
      [left(1, "k", "1"), late("late-left", 1, "k", "1")],
      [right(2, "k", "2"), late("late-right", 2, "k", "2")],
      [left(5, "k", "5"), pair("k", 5, "5", "4")],
      [right(5, "k", "5"), pair("k", 5, "4", "5"), pair("k", 5, "5", "5")],
    ],
  },
];

type Bounds = Pick<IntervalJoinSpec, "from" | "to" | "fromExclusive" | "toExclusive">;

/** Rows 1 to 4 of one side and then of the other, each with its side's watermark: which pairs there are. */
function bounds(
  name: string,
  method: string,
  { pairs, ...of }: Bounds & { readonly pairs: string },
): AlgebraCase<IntervalJoinSpec>[] {
  const expected = pairs.split(" ").map((text) => text.split("-").map(Number) as [number, number]);
  return (["left", "right"] as const).map((first) => ({
    name: `interval join ${name}; the ${first} side is ahead`,
    source: source(method),
    follows: "flink",
    operator: { kind: "interval-join", type: "inner", ...of, late: "drop" },
    order: "any",
    steps: ahead(first, expected),
  }));
}

function ahead(first: "left" | "right", pairs: readonly [number, number][]): Step[] {
  const sides = { left, right };
  const order = first === "left" ? (["left", "right"] as const) : (["right", "left"] as const);
  const at = (time: number, side: "left" | "right") =>
    pairs
      .filter(([ofLeft, ofRight]) => (side === "left" ? ofLeft : ofRight) === time)
      .map(([ofLeft, ofRight]) => pair("k", Math.max(ofLeft, ofRight), `${ofLeft}`, `${ofRight}`));
  return order.flatMap((side) =>
    [1, 2, 3, 4].flatMap((time): Step[] => [
      [sides[side](time, "k", `${time}`), ...(side === order[1] ? at(time, side) : [])],
      [markOf(side, time)],
    ]),
  );
}

/**
 * Rows 1 to 5 of both sides, then watermarks: at 6 nothing is kept. The pairs follow from the bounds; the source looks at its
 * buffers only.
 */
function cleanUp(name: string, method: string, of: Bounds): AlgebraCase<IntervalJoinSpec> {
  const from = of.from + (of.fromExclusive ? 1 : 0);
  const to = of.to - (of.toExclusive ? 1 : 0);
  const times = [1, 2, 3, 4, 5];
  const pairsAt = (ofRight: number) =>
    times
      .filter((ofLeft) => ofLeft + from <= ofRight && ofRight <= ofLeft + to)
      .map((ofLeft) => pair("k", Math.max(ofLeft, ofRight), `${ofLeft}`, `${ofRight}`));
  return {
    name: `interval join ${name}: nothing is kept when no interval is open`,
    source: source(method),
    follows: "flink",
    operator: { kind: "interval-join", type: "inner", ...of, late: "drop" },
    order: "any",
    stateAfter: "empty",
    steps: [
      ...times.map((time): Step => [left(time, "k", `${time}`)]),
      ...times.map((time): Step => [right(time, "k", `${time}`), ...pairsAt(time)]),
      [mark(1)],
      [mark(4)],
      [mark(6)],
    ],
  };
}
