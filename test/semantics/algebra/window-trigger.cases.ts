import type { AlgebraCase, Step } from "./format.ts";
import type { WindowSpec } from "./operators.ts";
import { end, mark, num, sum, total } from "./rows.ts";

const source = (method: string): string => `Apache Flink 6da38a6a, WindowOperatorTest.${method}`;

const globalSum: WindowSpec = { kind: "window", assigner: { type: "global" }, result: "sum" };
const session3: WindowSpec = { kind: "window", assigner: { type: "session", gap: 3000 }, result: "sum" };

/** Rows out of order, whose times a global window does not look at. */
const outOfOrder: readonly Step[] = [
  [num(3000, "key2", 1)],
  [num(3999, "key2", 1)],
  [num(20, "key1", 1)],
  [num(0, "key1", 1)],
  [num(999, "key1", 1)],
  [num(1998, "key2", 1)],
  [num(1999, "key2", 1)],
];

/** Flink's triggers: by count, now and then, at the end of input; on global windows and on sessions that merge. */
export const windowTriggerCases: readonly AlgebraCase<WindowSpec>[] = [
  {
    name: "count trigger, purging: a result for every four rows, of those four",
    source: source("testCountTrigger"),
    follows: "flink",
    operator: { ...globalSum, trigger: { type: "count", count: 4, purging: true } },
    steps: [
      ...outOfOrder.slice(0, -1),
      [num(1999, "key2", 1), total("key2", 4)],
      [num(1000, "key2", 1)],
      [num(10_999, "key1", 1), total("key1", 4)],
      [num(1000, "key2", 1)],
      [num(1000, "key2", 1)],
      [num(1000, "key2", 1), total("key2", 4)],
      [end],
    ],
  },
  {
    name: "count trigger without purging: a result for every four rows, of all so far",
    source: `${source("testCountTrigger")}, with the CountTrigger that its PurgingTrigger wraps`,
    follows: "flink",
    operator: { ...globalSum, trigger: { type: "count", count: 4 } },
    steps: [
      [num(0, "k", 1)],
      [num(0, "k", 2)],
      [num(0, "k", 3)],
      [num(0, "k", 4), total("k", 10)],
      [num(0, "k", 5)],
      [num(0, "k", 6)],
      [num(0, "k", 7)],
      [num(0, "k", 8), total("k", 36)],
    ],
  },
  {
    name: "end-of-input trigger: a global window gives its result when all has come",
    source: source("testEndOfStreamTrigger"),
    follows: "flink",
    operator: { ...globalSum, trigger: { type: "end-of-input" } },
    stateAfter: "empty",
    steps: [...outOfOrder, [num(1000, "key2", 1)], [mark(100_000)], [end, total("key1", 3), total("key2", 5)]],
  },
  {
    name: "continuous trigger on a global window: a result at each multiple of the interval, with news or without",
    source: source("testContinuousWatermarkTrigger"),
    follows: "flink",
    operator: { ...globalSum, trigger: { type: "continuous-event-time", interval: 3000 } },
    steps: [
      [num(0, "key1", 1)],
      [num(3000, "key2", 1)],
      [num(3999, "key2", 1)],
      [num(20, "key1", 1)],
      [num(999, "key1", 1)],
      [num(1998, "key2", 1)],
      [num(1999, "key2", 1)],
      [num(1000, "key2", 1)],
      [mark(1000)],
      [mark(2000)],
      [mark(3000), total("key1", 3)],
      [mark(4000)],
      [mark(5000)],
      [mark(6000), total("key1", 3), total("key2", 5)],
      [mark(7000)],
      [mark(8000)],
    ],
  },
  {
    name: "count trigger on sessions: counts of sessions that merge are added, and fire when they reach the count",
    source: source("testSessionWindowsWithCountTrigger"),
    follows: "flink",
    operator: { ...session3, trigger: { type: "count", count: 4, purging: true } },
    steps: [
      [num(0, "key2", 1)],
      [num(1000, "key2", 2)],
      [num(2500, "key2", 3)],
      [num(3500, "key2", 4), sum("key2", 0, 6500, 10)],
      [num(10, "key1", 1)],
      [num(1000, "key1", 2)],
      [num(2500, "key1", 3)],
      [num(6000, "key1", 1)],
      [num(6500, "key1", 2)],
      [num(7000, "key1", 3)],
      [num(4500, "key1", 10), sum("key1", 10, 10_000, 22)],
    ],
  },
  {
    name: "continuous trigger on sessions: a merged session goes on at the next multiple of the interval",
    source: source("testSessionWindowsWithContinuousEventTimeTrigger"),
    follows: "flink",
    operator: { ...session3, trigger: { type: "continuous-event-time", interval: 2000 } },
    steps: [
      [num(1500, "key1", 1)],
      [num(0, "key2", 1)],
      [num(2500, "key2", 3)],
      [num(1000, "key2", 2)],
      [mark(2500), sum("key1", 1500, 4500, 1), sum("key2", 0, 5500, 6)],
      [num(4000, "key2", 5)],
      [mark(3000)],
      [num(4000, "key1", 2)],
      [num(3500, "key2", 4)],
      [mark(4000), sum("key1", 1500, 7000, 3), sum("key2", 0, 7000, 15)],
    ],
  },
];
