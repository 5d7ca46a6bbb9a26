import type { AlgebraCase, Output, Step } from "./format.ts";
import type { WindowAssigner, WindowSpec } from "./operators.ts";
import { add, count, end } from "./rows.ts";

const tumbling = (method: string): string => `Apache Flink 51f1684b, TumblingEventTimeWindowsTest.${method}`;
const sliding = (method: string): string => `Apache Flink 51f1684b, SlidingEventTimeWindowsTest.${method}`;
const session = (method: string): string => `Apache Flink 1a0227f8, EventTimeSessionWindowsTest.${method}`;
const start = "Apache Flink 5cfa461c, TimeWindowTest.testGetWindowStartWithOffset";
const dst = "Apache Flink a4628798, TumblingSliceAssignerTest.testDstSaving, its times in windows of days";
const merging = (method: string): string => `Apache Flink 067bc183, MergingWindowSetTest.${method}`;

/** Which windows a row is put into. Each row has a key of its own, its time; all windows are told at the end. */
export const windowAssignmentCases: readonly AlgebraCase<WindowSpec>[] = [
  assigned("tumbling windows are aligned with 0", tumbling("testWindowAssignment"), { type: "tumbling", size: 5000 }, [
    [0, [0]],
    [4999, [0]],
    [5000, [5000]],
  ]),
  assigned(
    "tumbling windows with an offset",
    tumbling("testWindowAssignmentWithGlobalOffset"),
    { type: "tumbling", size: 5000, offset: 100 },
    [
      [100, [100]],
      [5099, [100]],
      [5100, [5100]],
    ],
  ),
  assigned(
    "tumbling windows with a negative offset",
    tumbling("testWindowAssignmentWithNegativeGlobalOffset"),
    { type: "tumbling", size: 5000, offset: -100 },
    [
      [0, [-100]],
      [4899, [-100]],
      [4900, [4900]],
    ],
  ),
  assigned(
    "tumbling windows of seconds with an offset of a second",
    tumbling("testTimeUnits"),
    { type: "tumbling", size: 5000, offset: 1000 },
    [
      [1000, [1000]],
      [5999, [1000]],
      [6000, [6000]],
    ],
  ),
  assigned("windows of 7 ms", start, { type: "tumbling", size: 7 }, [
    [1, [0]],
    [6, [0]],
    [7, [7]],
    [8, [7]],
  ]),
  assigned(
    "windows of 7 ms, offset 3: a row may be in a window that begins before 0",
    start,
    { type: "tumbling", size: 7, offset: 3 },
    [
      [1, [-4]],
      [2, [-4]],
      [3, [3]],
      [9, [3]],
      [10, [10]],
    ],
  ),
  assigned("windows of 7 ms, offset -2: rows before 0 too", start, { type: "tumbling", size: 7, offset: -2 }, [
    [1, [-2]],
    [-2, [-2]],
    [3, [-2]],
    [4, [-2]],
    [7, [5]],
    [12, [12]],
  ]),
  assigned(
    "days of a zone at +8 hours by an offset",
    start,
    { type: "tumbling", size: 86_400_000, offset: -28_800_000 },
    [[1_470_902_048_450, [1_470_844_800_000]]],
  ),
  assigned(
    "days of a time zone: Shanghai's are at +8 hours",
    `${start}, told by the zone`,
    { type: "days", zone: "Asia/Shanghai" },
    [[1_470_902_048_450, [1_470_844_800_000]]],
    [1_470_931_200_000],
  ),
  assigned(
    "days of a time zone: the day on which clocks go forward has 23 hours",
    dst,
    { type: "days", zone: "America/Los_Angeles" },
    [
      [1_615_708_800_000, [1_615_708_800_000]],
      [1_615_712_400_000, [1_615_708_800_000]],
      [1_615_716_000_000, [1_615_708_800_000]],
      [1_615_719_600_000, [1_615_708_800_000]],
      [1_615_791_599_999, [1_615_708_800_000]],
      [1_615_791_600_000, [1_615_791_600_000]],
    ],
    [...Array<number>(5).fill(1_615_791_600_000), 1_615_878_000_000],
  ),
  assigned(
    "days of a time zone: the day on which clocks go back has 25 hours",
    dst,
    { type: "days", zone: "America/Los_Angeles" },
    [
      [1_636_268_400_000, [1_636_268_400_000]],
      [1_636_272_000_000, [1_636_268_400_000]],
      [1_636_275_600_000, [1_636_268_400_000]],
      [1_636_279_200_000, [1_636_268_400_000]],
      [1_636_358_399_999, [1_636_268_400_000]],
      [1_636_358_400_000, [1_636_358_400_000]],
    ],
    [...Array<number>(5).fill(1_636_358_400_000), 1_636_444_800_000],
  ),
  assigned(
    "sliding windows: a row is in size / slide of them",
    sliding("testWindowAssignment"),
    { type: "sliding", size: 5000, slide: 1000 },
    [
      [0, [-4000, -3000, -2000, -1000, 0]],
      [4999, [0, 1000, 2000, 3000, 4000]],
      [5000, [1000, 2000, 3000, 4000, 5000]],
    ],
  ),
  assigned(
    "sliding windows with an offset",
    sliding("testWindowAssignmentWithOffset"),
    { type: "sliding", size: 5000, slide: 1000, offset: 100 },
    [
      [100, [-3900, -2900, -1900, -900, 100]],
      [5099, [100, 1100, 2100, 3100, 4100]],
      [5100, [1100, 2100, 3100, 4100, 5100]],
    ],
  ),
  assigned(
    "sliding windows with a negative offset",
    sliding("testWindowAssignmentWithNegativeOffset"),
    { type: "sliding", size: 5000, slide: 1000, offset: -100 },
    [
      [0, [-4100, -3100, -2100, -1100, -100]],
      [4899, [-100, 900, 1900, 2900, 3900]],
      [4900, [900, 1900, 2900, 3900, 4900]],
    ],
  ),
  assigned(
    "sliding windows with an offset of half the slide",
    sliding("testTimeUnits"),
    { type: "sliding", size: 5000, slide: 1000, offset: 500 },
    [
      [100, [-4500, -3500, -2500, -1500, -500]],
      [5499, [500, 1500, 2500, 3500, 4500]],
      [5100, [500, 1500, 2500, 3500, 4500]],
    ],
  ),
  sessions("a row is a session from its time to its time and the gap", session("testWindowAssignment"), 5000, [
    ["a", 0, 0, 5000, 1],
    ["b", 4999, 4999, 9999, 1],
    ["c", 5000, 5000, 10_000, 1],
  ]),
  sessions("sessions that touch are one", session("testMergeConsecutiveWindows"), 1, [
    ["k", [0, 1, 2], 0, 3, 3],
    ["k", [4, 5], 4, 6, 2],
  ]),
  sessions(
    "a session grows by each row that overlaps it",
    `${merging("testIncrementalMerging")}, with its gap for all rows`,
    3,
    [
      ["k", [0, 0, 2, 3, 1], 0, 6, 5],
      ["k", [11, 10, 12, 11], 10, 15, 4],
    ],
  ),
  sessions(
    "a row between sessions makes them one, and one more makes all of them one",
    `${merging("testLateMerging")}, with its gap for all rows`,
    3,
    [["k", [0, 5, 10, 8, 3, 7], 0, 13, 6]],
  ),
  sessions("rows of one time are one session", merging("testAddingIdenticalWindows"), 1, [["k", [1, 1], 1, 2, 2]]),
  {
    name: "window assignment: a row that covers several sessions makes them one",
    source: merging("testMergeLargeWindowCoveringMultipleWindows"),
    follows: "flink",
    operator: {
      kind: "window",
      assigner: { type: "dynamic-session", gaps: { 2: 2, 13: 13 }, otherwise: 3 },
      result: "count",
    },
    stateAfter: "empty",
    steps: [
      [add(1, "k", "2")],
      [add(5, "k", "3")],
      [add(10, "k", "3")],
      [add(0, "k", "13")],
      [end, count("k", 0, 13, 4)],
    ],
  },
  {
    name: "window assignment: a row that covers one session takes it in",
    source: merging("testMergeLargeWindowCoveringSingleWindow"),
    follows: "flink",
    operator: { kind: "window", assigner: { type: "dynamic-session", gaps: { 1: 1 }, otherwise: 3 }, result: "count" },
    stateAfter: "empty",
    steps: [[add(1, "k", "1")], [add(0, "k", "3")], [end, count("k", 0, 3, 2)]],
  },
];

/** Rows by time with the starts of their windows; ends by the size, or given where days differ. */
function assigned(
  name: string,
  source: string,
  assigner: Extract<WindowAssigner, { type: "tumbling" | "sliding" | "days" }>,
  rows: readonly (readonly [time: number, starts: readonly number[]])[],
  ends: readonly number[] = [],
): AlgebraCase<WindowSpec> {
  const endOf = (from: number, index: number) => (assigner.type === "days" ? ends[index]! : from + assigner.size);
  return {
    name: `window assignment: ${name}`,
    source,
    follows: "flink",
    operator: { kind: "window", assigner, result: "count" },
    stateAfter: "empty",
    steps: [
      ...rows.map(([time]): Step => [add(time, `${time}`, null)]),
      [
        end,
        ...rows.flatMap(([time, starts], index) => starts.map((from) => count(`${time}`, from, endOf(from, index), 1))),
      ],
    ],
  };
}

/** Sessions: key, times of rows as they come, start and end, number of rows. */
function sessions(
  name: string,
  source: string,
  gap: number,
  rows: readonly (readonly [key: string, times: number | readonly number[], from: number, to: number, rows: number])[],
): AlgebraCase<WindowSpec> {
  return {
    name: `window assignment: ${name}`,
    source,
    follows: "flink",
    differs:
      "Kafka Streams' sessions end with their last row, not a gap later; rows a whole gap apart are one session in both",
    operator: { kind: "window", assigner: { type: "session", gap }, result: "count" },
    stateAfter: "empty",
    steps: [
      ...rows.flatMap(([key, times]) => [times].flat().map((time): Step => [add(time as number, key, null)])),
      [end, ...rows.map(([key, , from, to, number]): Output => count(key, from, to, number))],
    ],
  };
}
