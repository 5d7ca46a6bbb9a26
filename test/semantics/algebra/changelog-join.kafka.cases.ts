import type { AlgebraCase, Output, Step } from "./format.ts";
import type { ChangelogJoinSpec, JoinType } from "./operators.ts";
import { left, pair, pairBack, right, takeLeft, takeRight } from "./rows.ts";

const table = (method: string): string =>
  `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), TableTableJoinIntegrationTest.${method}`;
const byKeys = (name: string): string => `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), ${name}.testJoin`;

const updates =
  "Kafka Streams sends new results only, and a null for one that is gone; what comes back after a deletion has the later time of both";

/** The types of Kafka Streams' table joins; it has no right join but the left one turned round. */
type TableJoin = Exclude<JoinType, "right">;

/**
 * Kafka Streams' published tables of the table–table join. A record that replaces a value is a row taken back and a row
 * added here; what it gives between the two is what the join is without the row.
 */
export const changelogJoinOfKafka: readonly AlgebraCase<ChangelogJoinSpec>[] = [
  outOfOrder("inner", "testInner"),
  outOfOrder("left", "testLeft"),
  outOfOrder("full", "testOuter"),
  versioned("inner", "testInnerWithVersionedStores"),
  versioned("left", "testLeftWithVersionedStores"),
  versioned("full", "testOuterWithVersionedStores"),
  fourKeys("inner", "KTableKTableInnerJoinTest"),
  fourKeys("left", "KTableKTableLeftJoinTest"),
  fourKeys("full", "KTableKTableOuterJoinTest"),
];

/** The published records, the later ones out of order. */
function outOfOrder(type: TableJoin, method: string): AlgebraCase<ChangelogJoinSpec> {
  const { padLeft, padRight, backLeft, backRight } = padding(type, "k");
  return {
    name: `Kafka's table–table join, ${type}: rows count in the order in which they come, whatever their times`,
    source: table(method),
    follows: "kafka-streams",
    differs: updates,
    operator: { kind: "changelog-join", type },
    steps: [
      ...inOrder(type),
      [right(7, "k", "d"), ...padRight("d", 7)],
      [left(6, "k", "D"), ...backRight("d"), pair("k", 7, "D", "d")],
      [takeLeft(2, "k", "D"), pairBack("k", "D", "d"), ...padRight("d")],
      [takeRight(3, "k", "d"), ...backRight("d")],
      [right(14, "k", "e"), ...padRight("e", 14)],
      [left(15, "k", "E"), ...backRight("e"), pair("k", 15, "E", "e")],
      [takeLeft(10, "k", "E"), pairBack("k", "E", "e"), ...padRight("e")],
      [takeRight(9, "k", "e"), ...backRight("e")],
      [left(4, "k", "F"), ...padLeft("F", 4)],
      [right(3, "k", "f"), ...backLeft("F"), pair("k", 4, "F", "f")],
    ],
  };
}

/** With versioned stores, of which the records out of order have no effect. */
function versioned(type: TableJoin, method: string): AlgebraCase<ChangelogJoinSpec> {
  const { padRight, backRight } = padding(type, "k");
  return {
    name: `Kafka's table–table join of versioned tables, ${type}: rows in order`,
    source: table(method),
    follows: "kafka-streams",
    differs: `${updates}; its versioned tables drop the records out of order, left out here, where a changelog is in the order of its log`,
    operator: { kind: "changelog-join", type },
    steps: [
      ...inOrder(type),
      [right(14, "k", "e"), ...padRight("e", 14)],
      [left(15, "k", "E"), ...backRight("e"), pair("k", 15, "E", "e")],
    ],
  };
}

/** The records of the published table that are in order: values replaced and deleted on both sides. */
function inOrder(type: TableJoin): Step[] {
  const { padLeft, padRight, backLeft, backRight } = padding(type, "k");
  return [
    [left(3, "k", "A"), ...padLeft("A", 3)],
    [right(4, "k", "a"), ...backLeft("A"), pair("k", 4, "A", "a")],
    [takeLeft(5, "k", "A"), pairBack("k", "A", "a"), ...padRight("a")],
    [left(5, "k", "B"), ...backRight("a"), pair("k", 5, "B", "a")],
    [takeRight(6, "k", "a"), pairBack("k", "B", "a"), ...padLeft("B")],
    [right(6, "k", "b"), ...backLeft("B"), pair("k", 6, "B", "b")],
    [takeLeft(7, "k", "B"), pairBack("k", "B", "b"), ...padRight("b")],
    [takeRight(8, "k", "b"), ...backRight("b")],
    [left(9, "k", "C"), ...padLeft("C", 9)],
    [right(10, "k", "c"), ...backLeft("C"), pair("k", 10, "C", "c")],
    [takeRight(11, "k", "c"), pairBack("k", "C", "c"), ...padLeft("C")],
    [takeLeft(12, "k", "C"), ...backLeft("C")],
  ];
}

/** Four keys whose values are replaced at times of their own, some before those of the other side. */
function fourKeys(type: TableJoin, name: string): AlgebraCase<ChangelogJoinSpec> {
  const of = (key: string) => padding(type, key);
  /** Replaces a left value beside a right one. */
  const leftTurns = (key: string, time: number, old: string, now: string, beside: string, at: number): Step[] => [
    [takeLeft(time, key, old), pairBack(key, old, beside), ...of(key).padRight(beside)],
    [left(time, key, now), ...of(key).backRight(beside), pair(key, at, now, beside)],
  ];
  /** Replaces a left value that has no match. */
  const lonely = (key: string, time: number, old: string, now: string): Step[] => [
    [takeLeft(time, key, old), ...of(key).backLeft(old)],
    [left(time, key, now), ...of(key).padLeft(now, time)],
  ];
  /** Replaces a right value beside a left one. */
  const rightTurns = (key: string, time: number, old: string, now: string, beside: string, at: number): Step[] => [
    [takeRight(time, key, old), pairBack(key, beside, old), ...of(key).padLeft(beside)],
    [right(time, key, now), ...of(key).backLeft(beside), pair(key, at, beside, now)],
  ];
  return {
    name: `Kafka's table–table join of four keys, ${type}: a pair has the later time of both rows`,
    source: byKeys(name),
    follows: "kafka-streams",
    differs: updates,
    operator: { kind: "changelog-join", type },
    steps: [
      [left(5, "0", "X0"), ...of("0").padLeft("X0", 5)],
      [left(6, "1", "X1"), ...of("1").padLeft("X1", 6)],
      [right(0, "0", "Y0"), ...of("0").backLeft("X0"), pair("0", 5, "X0", "Y0")],
      [right(10, "1", "Y1"), ...of("1").backLeft("X1"), pair("1", 10, "X1", "Y1")],
      ...leftTurns("0", 7, "X0", "XX0", "Y0", 7),
      ...leftTurns("1", 7, "X1", "XX1", "Y1", 10),
      [left(7, "2", "XX2"), ...of("2").padLeft("XX2", 7)],
      [left(7, "3", "XX3"), ...of("3").padLeft("XX3", 7)],
      ...rightTurns("0", 0, "Y0", "YY0", "XX0", 7),
      ...rightTurns("1", 5, "Y1", "YY1", "XX1", 7),
      [right(10, "2", "YY2"), ...of("2").backLeft("XX2"), pair("2", 10, "XX2", "YY2")],
      [right(15, "3", "YY3"), ...of("3").backLeft("XX3"), pair("3", 15, "XX3", "YY3")],
      ...leftTurns("0", 6, "XX0", "XXX0", "YY0", 6),
      ...leftTurns("1", 6, "XX1", "XXX1", "YY1", 6),
      ...leftTurns("2", 6, "XX2", "XXX2", "YY2", 10),
      ...leftTurns("3", 6, "XX3", "XXX3", "YY3", 15),
      [takeRight(5, "0", "YY0"), pairBack("0", "XXX0", "YY0"), ...of("0").padLeft("XXX0")],
      [takeRight(7, "1", "YY1"), pairBack("1", "XXX1", "YY1"), ...of("1").padLeft("XXX1")],
      ...lonely("0", 13, "XXX0", "XXXX0"),
      ...lonely("1", 13, "XXX1", "XXXX1"),
      ...leftTurns("2", 13, "XXX2", "XXXX2", "YY2", 13),
      ...leftTurns("3", 13, "XXX3", "XXXX3", "YY3", 15),
      [takeLeft(0, "0", "XXXX0"), ...of("0").backLeft("XXXX0")],
      [takeLeft(42, "1", "XXXX1"), ...of("1").backLeft("XXXX1")],
      [takeLeft(5, "2", "XXXX2"), pairBack("2", "XXXX2", "YY2"), ...of("2").padRight("YY2")],
      [takeLeft(20, "3", "XXXX3"), pairBack("3", "XXXX3", "YY3"), ...of("3").padRight("YY3")],
    ],
  };
}

/** Padded rows of a type of join, given and taken back: none where the type has none. */
function padding(type: TableJoin, key: string) {
  const lefts = type !== "inner";
  const rights = type === "full";
  return {
    padLeft: (value: string, time?: number): Output[] => (lefts ? [pair(key, time, value, null)] : []),
    padRight: (value: string, time?: number): Output[] => (rights ? [pair(key, time, null, value)] : []),
    backLeft: (value: string): Output[] => (lefts ? [pairBack(key, value, null)] : []),
    backRight: (value: string): Output[] => (rights ? [pairBack(key, null, value)] : []),
  };
}
