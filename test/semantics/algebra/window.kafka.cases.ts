import type { AlgebraCase, Output, Step } from "./format.ts";
import type { WindowSpec } from "./operators.ts";
import { add, count, end, mark, rowsOf } from "./rows.ts";

const source = (method: string): string =>
  `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), KStreamWindowAggregateTest.${method}`;
const session = (method: string): string =>
  `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), KStreamSessionWindowAggregateProcessorTest.${method}`;

const hopping: WindowSpec = { kind: "window", assigner: { type: "sliding", size: 10, slide: 5 }, result: "rows" };
const minutes5 = 300_000;
const sessions: WindowSpec = { kind: "window", assigner: { type: "session", gap: minutes5 }, result: "count" };
const sessionsOf10: WindowSpec = { kind: "window", assigner: { type: "session", gap: 10 }, result: "count" };

const beforeZero = "Kafka Streams has no window that begins before 0, so not those at -5";
const times = "Kafka Streams gives a result the time of its latest row, not of the window's end";

/**
 * Kafka Streams' aggregates over windows; what its strategy `onWindowClose` gives at stream time t with grace g comes with
 * the watermark t - 1 - g here. Results are the rows of a window, which its tests collect too.
 */
export const windowKafkaCases: readonly AlgebraCase<WindowSpec>[] = [
  {
    name: "Kafka's hopping windows: final results of rows out of order",
    source: source("testAggBasic"),
    follows: "flink",
    differs: `${beforeZero}; ${times}; by default it gives a result at each row`,
    operator: hopping,
    stateAfter: "empty",
    steps: [
      ...basic(),
      [
        end,
        ...final("A", "1,1", "1,1,1", "1,1", "1"),
        ...final("B", "2,1,2", "2,2,2,1,2,3", "2,2,2,2,3", "2,2"),
        ...final("C", "3", "3,3", "3,3", "3"),
        ...final("D", "4", "4,4", "4,4", "4"),
      ],
    ],
  },
  {
    name: "Kafka's windows, a result at each row",
    source: `${source("testAggBasic")}, its key A in tumbling windows`,
    follows: "flink",
    differs: `${times}; it gives no result at the end, since nothing has changed`,
    operator: {
      kind: "window",
      assigner: { type: "tumbling", size: 10 },
      trigger: { type: "early-count", count: 1 },
      result: "rows",
    },
    stateAfter: "empty",
    steps: [
      [add(0, "A", "1"), rowsOf("A", 0, 10, "1")],
      [add(4, "A", "1"), rowsOf("A", 0, 10, "1,1")],
      [add(5, "A", "1"), rowsOf("A", 0, 10, "1,1,1")],
      [add(10, "A", "1"), rowsOf("A", 10, 20, "1")],
      [end, rowsOf("A", 0, 10, "1,1,1"), rowsOf("A", 10, 20, "1")],
    ],
  },
  {
    name: "Kafka's windows given when they close, after their grace",
    source: source("testJoin, processEmitFinalJoin, first table"),
    follows: "flink",
    differs: `${beforeZero}; ${times}`,
    operator: hopping,
    steps: [
      [add(0, "A", "1")],
      [add(1, "B", "2")],
      [add(2, "C", "3")],
      [add(3, "D", "4")],
      [add(9, "A", "1")],
      [
        mark(9),
        rowsOf("A", -5, 5, "1"),
        rowsOf("A", 0, 10, "1,1"),
        rowsOf("B", -5, 5, "2"),
        rowsOf("B", 0, 10, "2"),
        rowsOf("C", -5, 5, "3"),
        rowsOf("C", 0, 10, "3"),
        rowsOf("D", -5, 5, "4"),
        rowsOf("D", 0, 10, "4"),
      ],
      [add(15, "A", "1")],
      [add(10, "A", "1")],
      [add(11, "B", "2")],
      [add(12, "D", "4")],
      [add(13, "B", "2")],
      [add(14, "C", "3")],
      [
        mark(14),
        rowsOf("A", 5, 15, "1,1"),
        rowsOf("B", 5, 15, "2,2"),
        rowsOf("C", 5, 15, "3"),
        rowsOf("D", 5, 15, "4"),
      ],
      [add(20, "A", "1")],
    ],
  },
  {
    name: "Kafka's windows: a row is dropped when all its windows and their grace are over, not before",
    source: source("shouldLogAndMeterWhenSkippingExpiredWindow"),
    follows: "flink",
    differs: `${times}; it counts a drop for each window of a row (7 for rows 0 to 6), Flink one for each row (5)`,
    operator: hopping,
    stateAfter: "empty",
    steps: [
      [mark(9)],
      [add(100, "k", "100")],
      ...[0, 1, 2, 3, 4, 5, 6].map((time): Step => [add(time, "k", `${time}`)]),
      [mark(14), rowsOf("k", 5, 15, "5,6")],
      [add(105, "k", "105")],
      [add(106, "k", "106")],
      [end, rowsOf("k", 95, 105, "100"), rowsOf("k", 100, 110, "100,105,106"), rowsOf("k", 105, 115, "105,106")],
    ],
  },
  {
    name: "Kafka's sessions: a row within the gap of both makes two sessions one",
    source: session("shouldMergeSessions"),
    follows: "kafka-streams",
    operator: sessions,
    stateAfter: "empty",
    steps: [
      [add(0, "mel", "first")],
      [add(minutes5 + 1, "mel", "second")],
      [add(minutes5 / 2, "mel", "third")],
      [end, count("mel", 0, 2 * minutes5 + 1, 3)],
    ],
  },
  {
    name: "Kafka's sessions: rows one millisecond more than the gap apart are sessions of their own",
    source: session("shouldHaveMultipleSessionsForSameIdWhenTimestampApartBySessionGap"),
    follows: "flink",
    differs: "Kafka Streams' sessions end with their last row, and its results have that row's time",
    operator: sessions,
    stateAfter: "empty",
    steps: [
      [add(0, "mel", "first")],
      [add(minutes5 + 1, "mel", "second")],
      [add(minutes5 + 1, "mel", "second")],
      [mark(minutes5), count("mel", 0, minutes5, 1)],
      [add(2 * (minutes5 + 1), "mel", "third")],
      [add(2 * (minutes5 + 1), "mel", "third")],
      [add(2 * (minutes5 + 1), "mel", "third")],
      [mark(2 * minutes5 + 1), count("mel", minutes5 + 1, 2 * minutes5 + 1, 2)],
      [end, count("mel", 2 * minutes5 + 2, 3 * minutes5 + 2, 3)],
    ],
  },
  {
    name: "Kafka's sessions of several keys",
    source: session("shouldHandleMultipleSessionsAndMerging"),
    follows: "flink",
    differs: "Kafka Streams' sessions end with their last row, and its results have that row's time",
    operator: sessions,
    stateAfter: "empty",
    steps: [
      [add(0, "a", "1")],
      [add(0, "b", "1")],
      [add(0, "c", "1")],
      [add(0, "d", "1")],
      [add(minutes5 / 2, "d", "2")],
      [add(minutes5 + 1, "a", "2")],
      [add(minutes5 + 1, "b", "2")],
      [add(1.5 * minutes5 + 1, "a", "3")],
      [add(1.5 * minutes5 + 1, "c", "3")],
      [
        mark(1.5 * minutes5),
        count("a", 0, minutes5, 1),
        count("b", 0, minutes5, 1),
        count("c", 0, minutes5, 1),
        count("d", 0, 1.5 * minutes5, 2),
      ],
      [
        end,
        count("b", minutes5 + 1, 2 * minutes5 + 1, 1),
        count("a", minutes5 + 1, 2.5 * minutes5 + 1, 2),
        count("c", 1.5 * minutes5 + 1, 2.5 * minutes5 + 1, 1),
      ],
    ],
  },
  {
    name: "Kafka's sessions without grace: a late row makes no session",
    source: session("shouldLogAndMeterWhenSkippingLateRecordWithZeroGrace"),
    follows: "kafka-streams",
    operator: sessionsOf10,
    stateAfter: "empty",
    steps: [
      [add(0, "dummy", "dummy")],
      [add(0, "OnTime1", "1")],
      [mark(10), count("dummy", 0, 10, 1), count("OnTime1", 0, 10, 1)],
      [add(11, "dummy", "dummy")],
      [add(0, "Late1", "1")],
      [end, count("dummy", 11, 21, 1)],
    ],
  },
  {
    name: "Kafka's sessions with grace: a session is over when its last millisecond is",
    source: session("shouldLogAndMeterWhenSkippingLateRecordWithNonzeroGrace"),
    follows: "flink",
    differs:
      "Kafka Streams takes OnTime2, whose session a row 10 ms later could still extend: it closes sessions one millisecond later than Flink",
    operator: sessionsOf10,
    stateAfter: "empty",
    steps: [
      [add(0, "dummy", "dummy")],
      [add(0, "OnTime1", "1")],
      [mark(8)],
      [mark(9), count("dummy", 0, 10, 1), count("OnTime1", 0, 10, 1)],
      [add(11, "dummy", "dummy")],
      [add(0, "OnTime2", "1")],
      [mark(10)],
      [add(12, "dummy", "dummy")],
      [add(0, "Late1", "1")],
      [end, count("dummy", 11, 22, 2)],
    ],
  },
];

/** The rows of `testAggBasic`: in order up to 14, then three of B out of order. */
function basic(): Step[] {
  const keys = "A1 B2 C3 D4 A1 A1 B2 D4 B2 C3 A1 B2 D4 B2 C3".split(" ");
  return [
    ...keys.map((text, time): Step => [add(time, text[0]!, text[1]!)]),
    [add(3, "B", "1")],
    [add(2, "B", "2")],
    [add(9, "B", "3")],
  ];
}

/** Results of a key in the windows at -5, 0, 5 and 10. */
function final(key: string, ...rows: readonly string[]): Output[] {
  return rows.map((text, index) => rowsOf(key, index * 5 - 5, index * 5 + 5, text));
}
