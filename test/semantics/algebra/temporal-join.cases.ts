import type { AlgebraCase } from "./format.ts";
import type { TemporalJoinSpec } from "./operators.ts";
import { left, mark, markOf, pair, right, takeRight } from "./rows.ts";

const flink = (method: string): string => `Apache Flink 26b9b75d, TemporalRowTimeJoinOperatorTest.${method}`;
const kafka = (method: string): string =>
  `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), StreamTableJoinIntegrationTest.${method}`;
const grace = (method: string): string =>
  `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), StreamTableJoinWithGraceIntegrationTest.${method}`;

const atOnce =
  "Kafka Streams without a grace period joins at once, with what the table holds then, so that its result depends on which is read first";
const history =
  "Kafka Streams keeps the versions of a table for as long as it is told (5 min) and pairs D with b; Flink keeps what later watermarks may need";

/** Flink SQL's event-time temporal join, and Kafka Streams' stream–table joins, whose tables may have versions. */
export const temporalJoinCases: readonly AlgebraCase<TemporalJoinSpec>[] = [
  ofFlink("inner", "testRowTimeTemporalJoin"),
  ofFlink("left", "testRowTimeLeftTemporalJoin"),
  {
    name: "temporal join, left: a key that nobody touches is forgotten after its time to live",
    source: flink("testRowTimeTemporalJoinWithStateRetention"),
    follows: "flink-sql",
    differs:
      "Flink counts retention by the clock, and forgets between the least and 1.5 times the least; here it is event time",
    operator: { kind: "temporal-join", type: "left", ttl: 4 },
    stateAfter: "empty",
    steps: [
      [right(3, "k1", "0a3")],
      [left(6, "k1", "0a6")],
      [mark(7), pair("k1", 6, "0a6", "0a3")],
      [takeRight(3, "k1", "0a3")],
      [right(3, "k1", "0a5")],
      [left(9, "k1", "7a9")],
      [mark(13), pair("k1", 9, "7a9", "0a5")],
      [left(15, "k1", "13a15")],
      [mark(15), pair("k1", 15, "13a15", null)],
      [mark(30)],
    ],
  },
  {
    name: "temporal join: a table row of the stream row's own time is seen",
    source: `${flink("testRowTimeLeftTemporalJoin")}, its deletion at 9 beside the stream row at 9`,
    follows: "flink-sql",
    operator: { kind: "temporal-join", type: "left" },
    steps: [
      [left(4, "k", "before")],
      [right(5, "k", "v5")],
      [left(5, "k", "at 5")],
      [takeRight(9, "k", "v5")],
      [left(8, "k", "at 8")],
      [left(9, "k", "at 9")],
      [mark(4), pair("k", 4, "before", null)],
      [mark(8), pair("k", 5, "at 5", "v5"), pair("k", 8, "at 8", "v5")],
      [mark(9), pair("k", 9, "at 9", null)],
    ],
  },
  ofKafka("inner", "testInnerWithVersionedStore"),
  ofKafka("left", "testLeftWithVersionedStore"),
  {
    name: "Kafka's stream–table join: a table's change gives nothing for stream rows that are done",
    source: kafka("testLeft"),
    follows: "flink-sql",
    differs: atOnce,
    operator: { kind: "temporal-join", type: "left" },
    steps: [
      [left(3, "k", "A")],
      [mark(3), pair("k", 3, "A", null)],
      [right(4, "k", "a")],
      [left(5, "k", "B")],
      [mark(5), pair("k", 5, "B", "a")],
      [takeRight(6, "k", "a")],
      [right(6, "k", "b")],
      [mark(6)],
      [takeRight(8, "k", "b")],
      [left(9, "k", "C")],
      [mark(9), pair("k", 9, "C", null)],
    ],
  },
  {
    name: "Kafka's stream–table join with grace, inner: rows wait for the watermark, out of order or not",
    source: grace("testInnerWithVersionedStore"),
    follows: "flink-sql",
    differs: history,
    operator: { kind: "temporal-join", type: "inner" },
    order: "any",
    steps: [...withGrace("inner")],
  },
  {
    name: "Kafka's stream–table join with grace, left: rows wait for the watermark, out of order or not",
    source: grace("testLeftWithVersionedStore"),
    follows: "flink-sql",
    differs: history,
    operator: { kind: "temporal-join", type: "left" },
    order: "any",
    steps: [...withGrace("left")],
  },
];

/** Keys, late rows, a version replaced, deleted and made anew; the watermarks of the sides differ now and then. */
function ofFlink(type: TemporalJoinSpec["type"], method: string): AlgebraCase<TemporalJoinSpec> {
  const alone = (key: string, time: number, value: string) => (type === "left" ? [pair(key, time, value, null)] : []);
  return {
    name: `temporal join, ${type}: a stream row is given with the version of its time when the watermark reaches it`,
    source: flink(method),
    follows: "flink-sql",
    operator: { kind: "temporal-join", type },
    steps: [
      [mark(1)],
      [left(1, "k1", "1a1")],
      [right(2, "k1", "1a2")],
      [mark(2), ...alone("k1", 1, "1a1")],
      [left(1, "k1", "1a1")],
      [left(3, "k1", "1a3")],
      [right(4, "k2", "2a4")],
      [mark(5), ...alone("k1", 1, "1a1"), pair("k1", 3, "1a3", "1a2")],
      [left(6, "k2", "2a3")],
      [takeRight(7, "k2", "2a4")],
      [right(7, "k2", "2a5")],
      [markOf("left", 8)],
      [markOf("right", 9), pair("k2", 6, "2a3", "2a4")],
      [left(9, "k2", "5a11")],
      [left(11, "k2", "5a12")],
      [takeRight(9, "k2", "2a5")],
      [right(10, "k2", "2a6")],
      [markOf("left", 13), ...alone("k2", 9, "5a11")],
      [markOf("right", 13), pair("k2", 11, "5a12", "2a6")],
    ],
  };
}

/** The published records before a watermark: out of order they find the version of their time. */
function ofKafka(type: TemporalJoinSpec["type"], method: string): AlgebraCase<TemporalJoinSpec> {
  const alone = (time: number, value: string) => (type === "left" ? [pair("k", time, value, null)] : []);
  return {
    name: `Kafka's stream–table join of a versioned table, ${type}: rows out of order find the version of their time`,
    source: kafka(method),
    follows: "kafka-streams",
    differs: `${atOnce}; E is after the records that the table's log could not hold in this order, which are left out`,
    operator: { kind: "temporal-join", type },
    order: "any",
    steps: [
      [left(3, "k", "A")],
      [right(4, "k", "a")],
      [left(5, "k", "B")],
      [takeRight(6, "k", "a")],
      [right(6, "k", "b")],
      [takeRight(8, "k", "b")],
      [left(9, "k", "C")],
      [right(10, "k", "c")],
      [takeRight(11, "k", "c")],
      [left(6, "k", "D")],
      [right(14, "k", "e")],
      [left(15, "k", "E")],
      [left(4, "k", "F")],
      [
        mark(20),
        ...alone(3, "A"),
        pair("k", 5, "B", "a"),
        ...alone(9, "C"),
        pair("k", 6, "D", "b"),
        pair("k", 15, "E", "e"),
        pair("k", 4, "F", "a"),
      ],
    ],
  };
}

/** The same records with watermarks 2 ms behind the latest stream row, as its grace period has it. */
function withGrace(type: TemporalJoinSpec["type"]): AlgebraCase<TemporalJoinSpec>["steps"] {
  const alone = (time: number, value: string) => (type === "left" ? [pair("k", time, value, null)] : []);
  return [
    [left(3, "k", "A")],
    [right(4, "k", "a")],
    [left(5, "k", "B")],
    [mark(3), ...alone(3, "A")],
    [takeRight(6, "k", "a")],
    [right(6, "k", "b")],
    [takeRight(8, "k", "b")],
    [left(9, "k", "C")],
    [mark(7), pair("k", 5, "B", "a")],
    [right(10, "k", "c")],
    [takeRight(11, "k", "c")],
    [right(14, "k", "e")],
    [left(15, "k", "E")],
    [mark(13), ...alone(9, "C")],
    [left(6, "k", "D")],
    [mark(14), ...alone(6, "D")],
    [mark(15), pair("k", 15, "E", "e")],
  ];
}
