import type { AlgebraCase, Step } from "./format.ts";
import type { IntervalJoinSpec, JoinType } from "./operators.ts";
import { end, left, mark, pair, right } from "./rows.ts";

const source = (method: string): string =>
  `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), StreamStreamJoinIntegrationTest.${method}`;

/**
 * Kafka Streams' published tables of the stream–stream join: a window of 10 s to both sides, rows at 1 to 17 ms. Its
 * records with null values are left out: it drops them, and a stream here has none.
 */
export const intervalJoinKafkaTables: readonly AlgebraCase<IntervalJoinSpec>[] = [
  table("inner", "testInner"),
  table("left", "testLeft"),
  table("full", "testOuter"),
  {
    name: "Kafka's stream–stream table, left: a row whose key is null matches nothing",
    source: source("testLeft"),
    follows: "flink-sql",
    differs: "Kafka Streams gives a left row without a key at once, before its window is closed",
    operator: tenSeconds("left"),
    stateAfter: "empty",
    steps: [
      [left(16, null, "E")],
      [right(17, null, "e")],
      [mark(10_015)],
      [mark(10_016), pair(null, 16, "E", null)],
      [end],
    ],
  },
  {
    name: "Kafka's stream–stream table, full: rows whose keys are null match nothing, nor each other",
    source: source("testOuter"),
    follows: "flink-sql",
    differs: "Kafka Streams gives rows without a key at once, before their windows are closed",
    operator: tenSeconds("full"),
    stateAfter: "empty",
    steps: [
      [left(16, null, "E")],
      [right(17, null, "e")],
      [mark(10_016), pair(null, 16, "E", null)],
      [mark(10_017), pair(null, 17, null, "e")],
    ],
  },
  {
    name: "Kafka's stream–stream table: a stream joined with itself",
    source: source("testSelfJoin"),
    follows: "flink",
    differs:
      "Kafka Streams knows a self-join and gives D-A D-B D-C A-D B-D C-D D-D; here the row comes in twice, by both inputs",
    operator: tenSeconds("inner"),
    order: "any",
    stateAfter: "empty",
    steps: [
      [left(2, "k", "A")],
      [right(2, "k", "A"), pair("k", 2, "A", "A")],
      [left(3, "k", "B"), pair("k", 3, "B", "A")],
      [right(3, "k", "B"), pair("k", 3, "A", "B"), pair("k", 3, "B", "B")],
      [left(5, "k", "C"), pair("k", 5, "C", "A"), pair("k", 5, "C", "B")],
      [right(5, "k", "C"), pair("k", 5, "A", "C"), pair("k", 5, "B", "C"), pair("k", 5, "C", "C")],
      [left(7, "k", "D"), pair("k", 7, "D", "A"), pair("k", 7, "D", "B"), pair("k", 7, "D", "C")],
      [
        right(7, "k", "D"),
        pair("k", 7, "A", "D"),
        pair("k", 7, "B", "D"),
        pair("k", 7, "C", "D"),
        pair("k", 7, "D", "D"),
      ],
      [end],
    ],
  },
  {
    name: "Kafka's stream–stream table, full: what nothing matches is padded when its window is closed",
    source: `${source("testOuter")}, its first rows with a watermark for each`,
    follows: "flink-sql",
    differs:
      "Kafka Streams 3.1 and later give the same when stream time passes window and grace; older ones pad A at once",
    operator: tenSeconds("full"),
    stateAfter: "empty",
    steps: [
      [left(3, "k", "A")],
      [mark(3)],
      [right(4, "other", "a")],
      [mark(10_002)],
      [mark(10_003), pair("k", 3, "A", null)],
      [mark(10_004), pair("other", 4, null, "a")],
      [right(10_005, "k", "b")],
      [end, pair("k", 10_005, null, "b")],
    ],
  },
];

function tenSeconds(type: JoinType): IntervalJoinSpec {
  return { kind: "interval-join", type, from: -10_000, to: 10_000, late: "join" };
}

function table(type: JoinType, method: string): AlgebraCase<IntervalJoinSpec> {
  const steps: Step[] = [
    [left(3, "k", "A")],
    [right(4, "k", "a"), pair("k", 4, "A", "a")],
    [left(5, "k", "B"), pair("k", 5, "B", "a")],
    [right(6, "k", "b"), pair("k", 6, "A", "b"), pair("k", 6, "B", "b")],
    [left(9, "k", "C"), pair("k", 9, "C", "a"), pair("k", 9, "C", "b")],
    [right(10, "k", "c"), pair("k", 10, "A", "c"), pair("k", 10, "B", "c"), pair("k", 10, "C", "c")],
    [right(14, "k", "d"), pair("k", 14, "A", "d"), pair("k", 14, "B", "d"), pair("k", 14, "C", "d")],
    [
      left(15, "k", "D"),
      pair("k", 15, "D", "a"),
      pair("k", 15, "D", "b"),
      pair("k", 15, "D", "c"),
      pair("k", 15, "D", "d"),
    ],
    [mark(30_000)],
  ];
  return {
    name: `Kafka's stream–stream table, ${type}`,
    source: source(method),
    follows: "kafka-streams",
    operator: tenSeconds(type),
    stateAfter: "empty",
    steps,
  };
}
