import type { AlgebraCase } from "./format.ts";
import type { WindowSpec } from "./operators.ts";
import { add, clock, num, sum } from "./rows.ts";

const source = (method: string): string => `Apache Flink 6da38a6a, WindowOperatorTest.${method}`;

const tumbling3: WindowSpec = { kind: "window", assigner: { type: "tumbling", size: 3000 }, result: "sum" };
const sliding3: WindowSpec = { kind: "window", assigner: { type: "sliding", size: 3000, slide: 1000 }, result: "sum" };
const session3: WindowSpec = { kind: "window", assigner: { type: "session", gap: 3000 }, result: "sum" };

/** Flink's tumbling, sliding and session windows by the clock. */
export const windowClockCases: readonly AlgebraCase<WindowSpec>[] = [
  {
    name: "tumbling windows by the clock: the rows' own times play no part",
    source: source("testProcessingTimeTumblingWindows"),
    follows: "flink",
    operator: { ...tumbling3, domain: "processing" },
    stateAfter: "empty",
    steps: [
      [clock(3)],
      [num(9_000_000, "key2", 1)],
      [num(7000, "key2", 1)],
      [num(7000, "key2", 1)],
      [num(7000, "key1", 1)],
      [num(7000, "key1", 1)],
      [clock(5000), sum("key2", 0, 3000, 3), sum("key1", 0, 3000, 2)],
      [num(7000, "key1", 1)],
      [num(7000, "key1", 1)],
      [num(7000, "key1", 1)],
      [clock(7000), sum("key1", 3000, 6000, 3)],
    ],
  },
  {
    name: "sliding windows by the clock",
    source: source("testProcessingTimeSlidingWindows"),
    follows: "flink",
    operator: { ...sliding3, domain: "processing" },
    stateAfter: "empty",
    steps: [
      [clock(3)],
      [num(9_000_000, "key2", 1)],
      [clock(1000), sum("key2", -2000, 1000, 1)],
      [num(9_000_000, "key2", 1)],
      [num(9_000_000, "key2", 1)],
      [clock(2000), sum("key2", -1000, 2000, 3)],
      [num(9_000_000, "key1", 1)],
      [num(9_000_000, "key1", 1)],
      [clock(3000), sum("key2", 0, 3000, 3), sum("key1", 0, 3000, 2)],
      [num(9_000_000, "key1", 1)],
      [num(9_000_000, "key1", 1)],
      [num(9_000_000, "key1", 1)],
      [
        clock(7000),
        sum("key2", 1000, 4000, 2),
        sum("key1", 1000, 4000, 5),
        sum("key1", 2000, 5000, 5),
        sum("key1", 3000, 6000, 3),
      ],
    ],
  },
  {
    name: "sessions by the clock",
    source: source("testProcessingTimeSessionWindows"),
    follows: "flink",
    operator: { ...session3, domain: "processing" },
    stateAfter: "empty",
    steps: [
      [clock(3)],
      [num(1, "key2", 1)],
      [clock(1000)],
      [num(1002, "key2", 1)],
      [clock(5000), sum("key2", 3, 4000, 2)],
      [num(5000, "key2", 1)],
      [num(5000, "key2", 1)],
      [num(5000, "key1", 1)],
      [num(5000, "key1", 1)],
      [num(5000, "key1", 1)],
      [clock(10_000), sum("key2", 5000, 8000, 2), sum("key1", 5000, 8000, 3)],
    ],
  },
  {
    name: "sessions by the clock whose rows tell their gaps",
    source: source("testDynamicProcessingTimeSessionWindows"),
    follows: "flink",
    operator: {
      ...session3,
      assigner: { type: "dynamic-session", gaps: { three: 3000, one: 1000 }, otherwise: 2000 },
      domain: "processing",
    },
    stateAfter: "empty",
    steps: [
      [clock(10)],
      [add(10, "key1", "three", { number: 3 })],
      [clock(5000), sum("key1", 10, 3010, 3)],
      [num(5000, "key2", 4)],
      [clock(6000)],
      [num(6000, "key2", 5)],
      [clock(8999), sum("key2", 5000, 8000, 9)],
      [clock(9000)],
      [num(9000, "key2", 1)],
      [clock(10_000)],
      [num(10_000, "key2", 2)],
      [clock(10_500)],
      [add(10_500, "key2", "one", { number: 10 })],
      [clock(13_000), sum("key2", 9000, 12_000, 13)],
      [add(13_000, "key2", "one", { number: 10 })],
      [clock(13_500)],
      [add(13_500, "key2", "one", { number: 10 })],
      [clock(14_000)],
      [num(14_000, "key2", 1)],
      [clock(16_999), sum("key2", 13_000, 16_000, 21)],
    ],
  },
];
