import type { AlgebraCase, Output, Step } from "./format.ts";
import type { AsyncLookupSpec, UnionSpec } from "./operators.ts";
import { add, answer, clock, count, end, left, mark, markOf, out, right } from "./rows.ts";

const source = (method: string): string => `Apache Flink 026c5228, AsyncWaitOperatorTest.${method}`;
const valve = (method: string): string => `Apache Flink 488a3746, StatusWatermarkValveTest.${method}`;

/** The row n at time n, under a key of its own, and what its answer gives. */
const ask = (n: number, time = n) => add(time, "k", `${n}`, { number: n });
const told = (number: number, time: number): Output => out("k", time, { number });

/**
 * Flink's asynchronous look-ups. Its tests let a pool of threads answer; here the answers come when a step says so. A
 * watermark goes on when all rows before it have their answers.
 */
export const asyncLookupCases: readonly AlgebraCase<AsyncLookupSpec>[] = [
  {
    name: "async look-up, ordered: an answer waits for those of the rows before it",
    source: source("testEventTimeOrdered"),
    follows: "flink",
    operator: { kind: "async-lookup", ordered: true, capacity: 2 },
    stateAfter: "empty",
    steps: [
      [ask(1)],
      [ask(2)],
      [mark(2)],
      [answer("2")],
      [answer("1"), told(2, 1), told(4, 2)],
      [ask(3)],
      [answer("3"), told(6, 3)],
      [end],
    ],
  },
  {
    name: "async look-up, unordered: answers are given as they come, but not across a watermark",
    source: source("testWaterMarkUnordered"),
    follows: "flink",
    operator: { kind: "async-lookup", ordered: false, capacity: 3 },
    stateAfter: "empty",
    steps: [
      [ask(1)],
      [ask(2)],
      [mark(2)],
      [ask(3)],
      [answer("3")],
      [answer("2"), told(4, 2)],
      [answer("1"), told(2, 1), told(6, 3)],
      [end],
    ],
  },
  {
    name: "async look-up, ordered, without watermarks",
    source: source("testProcessingTimeOrdered"),
    follows: "flink",
    operator: { kind: "async-lookup", ordered: true, capacity: 6 },
    stateAfter: "empty",
    steps: [
      ...asked(1, 6),
      [answer("6", "5", "4", "3", "2")],
      [answer("1"), ...[1, 2, 3, 4, 5, 6].map((n) => told(2 * n, n))],
      ...asked(7, 8),
      [answer("8")],
      [answer("7"), told(14, 7), told(16, 8)],
    ],
  },
  {
    name: "async look-up, unordered, without watermarks",
    source: source("testProcessingUnordered"),
    follows: "flink",
    operator: { kind: "async-lookup", ordered: false, capacity: 6 },
    stateAfter: "empty",
    steps: [
      ...asked(1, 6),
      [answer("6", "5", "4", "3", "2"), ...[6, 5, 4, 3, 2].map((n) => told(2 * n, n))],
      [answer("1"), told(2, 1)],
      ...asked(7, 8),
      [answer("8"), told(16, 8)],
      [answer("7"), told(14, 7)],
    ],
  },
  {
    name: "async look-up: rows without an answer are part of checkpoints and are asked again",
    source: source("testStateSnapshotAndRestore"),
    follows: "flink",
    operator: { kind: "async-lookup", ordered: true, capacity: 4 },
    stateAfter: "empty",
    steps: [
      ...asked(1, 4),
      [answer("1", "2", "3", "4"), told(2, 1), told(4, 2), told(6, 3), told(8, 4)],
      ...asked(5, 8),
      [answer("5", "6", "7", "8"), told(10, 5), told(12, 6), told(14, 7), told(16, 8)],
    ],
  },
  {
    name: "async look-up: a row without an answer in time ends the job",
    source: source("testAsyncTimeoutFailure"),
    follows: "flink",
    operator: { kind: "async-lookup", ordered: true, capacity: 2, timeout: { after: 10, gives: "failure" } },
    fails: true,
    steps: [[clock(0)], [ask(1, 0)], [clock(5)], [ask(2, 5)], [clock(11)]],
  },
  {
    name: "async look-up: a row without an answer in time may be given another",
    source: source("testAsyncTimeoutIgnore"),
    follows: "flink",
    differs: "the source's late answer is the number itself, here twice the number as in all cases",
    operator: { kind: "async-lookup", ordered: true, capacity: 2, timeout: { after: 10, gives: "triple" } },
    stateAfter: "empty",
    steps: [[clock(0)], [ask(1, 0)], [clock(5)], [ask(2, 5)], [clock(11), told(3, 0)], [answer("2"), told(4, 5)]],
  },
];

/** The union of two streams, by Flink's rule for watermarks of several inputs. */
export const unionCases: readonly AlgebraCase<UnionSpec>[] = [
  {
    name: "union: the watermark is the least of those of the inputs",
    source: `${valve("testMultipleInputIncreasingWatermarks")}, with two of its three inputs`,
    follows: "flink",
    operator: { kind: "union", size: 5 },
    stateAfter: "empty",
    steps: [
      [left(2, "k", "a")],
      [right(3, "k", "b")],
      [left(11, "k", "c")],
      [right(7, "k", "d")],
      [markOf("left", 12)],
      [markOf("right", 8), count("k", 0, 5, 2)],
      [markOf("right", 10), count("k", 5, 10, 1)],
      [markOf("right", 17)],
      [markOf("left", 20), count("k", 10, 15, 1)],
    ],
  },
  {
    name: "union: there is no watermark before every input has one",
    source: `${valve("testMultipleInputYieldsWatermarkOnlyWhenAllChannelsReceivesWatermarks")}, with two of its three inputs`,
    follows: "flink",
    operator: { kind: "union", size: 5 },
    stateAfter: "empty",
    steps: [
      [left(2, "k", "a")],
      [markOf("left", 100)],
      [right(3, "k", "b")],
      [markOf("right", 4), count("k", 0, 5, 2)],
    ],
  },
  {
    name: "union: a watermark that goes back changes nothing",
    source: `${valve("testMultipleInputDecreasingWatermarksYieldsNoOutput")}, with two of its three inputs`,
    follows: "flink",
    operator: { kind: "union", size: 5 },
    stateAfter: "empty",
    steps: [
      [left(8, "k", "a")],
      [markOf("left", 25)],
      [markOf("right", 10), count("k", 5, 10, 1)],
      [left(16, "k", "b")],
      [markOf("left", 12)],
      [markOf("right", 8)],
      [end, count("k", 15, 20, 1)],
    ],
  },
];

function asked(from: number, to: number): Step[] {
  return Array.from({ length: to - from + 1 }, (_, index): Step => [ask(from + index)]);
}
