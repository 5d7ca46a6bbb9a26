import type { AlgebraCase, Step } from "./format.ts";
import type { IntervalJoinSpec, JoinType } from "./operators.ts";
import { clock, left, mark, pair, right } from "./rows.ts";

const rowTime = (method: string): string => `Apache Flink 1a0227f8, RowTimeIntervalJoinTest.${method}`;
const clockTime = (method: string): string => `Apache Flink 04b63296, ProcTimeIntervalJoinTest.${method}`;

/**
 * Flink SQL's interval join. It writes bounds the other way round: `a >= b - 10 and a <= b + 20` is right rows from
 * left - 20 to left + 10. It cleans up now and then, up to half an interval after an interval is closed; what it gives for
 * unmatched rows then is given here at the watermark that closes the interval.
 */
export const intervalJoinOfSql: readonly AlgebraCase<IntervalJoinSpec>[] = [
  {
    name: "SQL interval join: a row behind the watermark is paired while its interval is open",
    source: rowTime("testRowTimeInnerJoinWithCommonBounds"),
    follows: "flink-sql",
    differs:
      "Flink's streams drop a row before the watermark; Flink SQL still keeps two rows at watermark 61, since it cleans up late",
    operator: { kind: "interval-join", type: "inner", from: -20, to: 10, late: "join" },
    stateAfter: "empty",
    steps: [
      [mark(1)],
      [left(1, "k1", "L1")],
      [left(2, "k1", "L2")],
      [right(2, "k1", "R2"), pair("k1", 2, "L1", "R2"), pair("k1", 2, "L2", "R2")],
      [left(5, "k1", "L5"), pair("k1", 5, "L5", "R2")],
      [right(15, "k1", "R15"), pair("k1", 15, "L5", "R15")],
      [mark(20)],
      [left(35, "k1", "L35"), pair("k1", 35, "L35", "R15")],
      [mark(38)],
      [left(40, "k2", "L40")],
      [right(39, "k2", "R39"), pair("k2", 40, "L40", "R39")],
      [mark(61)],
    ],
  },
  {
    name: "SQL interval join with both bounds on one side: both bounds are inside, and nothing is kept in vain",
    source: rowTime("testRowTimeInnerJoinWithNegativeBounds"),
    follows: "flink-sql",
    operator: { kind: "interval-join", type: "inner", from: 7, to: 10, late: "join" },
    stateAfter: "empty",
    steps: [
      [mark(1)],
      [right(2, "k1", "R2")],
      [mark(2)],
      [left(3, "k1", "L3")],
      [right(3, "k1", "R3")],
      [right(13, "k1", "R13"), pair("k1", 13, "L3", "R13")],
      [left(6, "k1", "L6"), pair("k1", 13, "L6", "R13")],
      [mark(10)],
      [mark(18)],
    ],
  },
  {
    name: "SQL interval join, left: an unmatched row is padded when the watermark closes its interval",
    source: rowTime("testRowTimeInnerJoinRealtimeCleanUp"),
    follows: "flink-sql",
    differs:
      "the closing watermark is 6, which the source never sends; Kafka Streams before 3.1 padded at once, later ones when stream time passes the window and its grace",
    operator: { kind: "interval-join", type: "left", from: -9, to: 5, late: "join" },
    steps: [[left(1, "k1", "L1")], [right(1, "k2", "R1")], [mark(7), pair("k1", 1, "L1", null)]],
  },
  {
    name: "SQL interval join, left: the watermark that reaches an interval's end closes it, the one before does not",
    source: `${rowTime("testRowTimeInnerJoinRealtimeCleanUp")}, its rows with watermarks around the bound`,
    follows: "flink-sql",
    differs:
      "Flink SQL's clean-up rounds the closing up by 1 ms (1 + 5 + 1) and, unless told otherwise, by half the interval",
    operator: { kind: "interval-join", type: "left", from: -9, to: 5, late: "join" },
    stateAfter: "empty",
    steps: [
      [left(1, "k1", "L1")],
      [right(1, "k2", "R1")],
      [mark(5)],
      [mark(6), pair("k1", 1, "L1", null)],
      [mark(9)],
      [mark(10)],
    ],
  },
  outer("left", "testRowTimeLeftOuterJoin"),
  outer("right", "testRowTimeRightOuterJoin"),
  outer("full", "testRowTimeFullOuterJoin"),
  {
    name: "SQL interval join by the clock: both bounds are inside",
    source: clockTime("testProcTimeInnerJoinWithCommonBounds"),
    follows: "flink-sql",
    operator: { kind: "interval-join", type: "inner", from: -20, to: 10, late: "join", domain: "processing" },
    steps: [
      [clock(1)],
      [left(0, "1", "1a1")],
      [clock(2)],
      [left(0, "2", "2a2")],
      [clock(3)],
      [left(0, "1", "1a3")],
      [right(0, "1", "1b3"), pair("1", undefined, "1a1", "1b3"), pair("1", undefined, "1a3", "1b3")],
      [clock(4)],
      [right(0, "2", "2b4"), pair("2", undefined, "2a2", "2b4")],
      [clock(13)],
      [right(0, "1", "1b13"), pair("1", undefined, "1a3", "1b13")],
      [clock(33)],
      [left(0, "1", "1a33"), pair("1", undefined, "1a33", "1b13")],
      [left(0, "2", "2a33")],
      [right(0, "2", "2b33"), pair("2", undefined, "2a33", "2b33")],
    ],
  },
  {
    name: "SQL interval join by the clock, with both bounds on one side",
    source: clockTime("testProcTimeInnerJoinWithNegativeBounds"),
    follows: "flink-sql",
    operator: { kind: "interval-join", type: "inner", from: 5, to: 10, late: "join", domain: "processing" },
    stateAfter: "empty",
    steps: [
      [clock(1)],
      [left(0, "1", "1a1")],
      [clock(2)],
      [left(0, "2", "2a2")],
      [clock(3)],
      [left(0, "1", "1a3")],
      [right(0, "1", "1b3")],
      [clock(7)],
      [right(0, "2", "2b7"), pair("2", undefined, "2a2", "2b7")],
      [clock(12)],
      [right(0, "1", "1b12"), pair("1", undefined, "1a3", "1b12")],
      [clock(13)],
      [clock(14)],
      [clock(16)],
    ],
  },
];

/** One sequence of rows for the three outer joins: `a >= b - 5 and a <= b + 9`. */
function outer(type: Exclude<JoinType, "inner">, method: string): AlgebraCase<IntervalJoinSpec> {
  const padLeft = (time: number, key: string, value: string) =>
    type === "right" ? [] : [pair(key, time, value, null)];
  const padRight = (time: number, key: string, value: string) =>
    type === "left" ? [] : [pair(key, time, null, value)];
  const steps: Step[] = [
    [left(1, "k1", "L1")],
    [right(1, "k2", "R1")],
    [mark(14), ...padLeft(1, "k1", "L1"), ...padRight(1, "k2", "R1")],
    [mark(18)],
    [left(2, "k1", "L2"), ...padLeft(2, "k1", "L2")],
    [right(2, "k2", "R2"), ...padRight(2, "k2", "R2")],
    [left(19, "k1", "L19")],
    [left(20, "k1", "L20")],
    [right(26, "k1", "R26")],
    [right(25, "k1", "R25"), pair("k1", 25, "L20", "R25")],
    [left(21, "k1", "L21"), pair("k1", 25, "L21", "R25"), pair("k1", 26, "L21", "R26")],
    [right(39, "k2", "R39")],
    [right(40, "k2", "R40")],
    [left(50, "k2", "L50")],
    [left(49, "k2", "L49"), pair("k2", 49, "L49", "R40")],
    [right(41, "k2", "R41"), pair("k2", 49, "L49", "R41"), pair("k2", 50, "L50", "R41")],
    [mark(100), ...padLeft(19, "k1", "L19"), ...padRight(39, "k2", "R39")],
  ];
  return {
    name: `SQL interval join, ${type}: unmatched rows are padded once, and those that come when all is closed at once`,
    source: rowTime(method),
    follows: "flink-sql",
    differs:
      "in the source the right row at 1 is padded at watermark 18, not 14, since its clean-up waits up to half the interval; Flink's streams have no outer interval join",
    operator: { kind: "interval-join", type, from: -9, to: 5, late: "join" },
    stateAfter: "empty",
    steps,
  };
}
