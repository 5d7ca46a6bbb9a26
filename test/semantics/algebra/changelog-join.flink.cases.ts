import type { AlgebraCase, Step } from "./format.ts";
import type { ChangelogJoinSpec, JoinType } from "./operators.ts";
import { left, mark, pair, pairBack, right, takeLeft, takeRight } from "./rows.ts";

const source = (method: string): string => `Apache Flink 0909f9b2, StreamingJoinOperatorTest.${method}`;
const sql = (method: string): string => `Apache Flink 11575fcf, JoinITCase.${method}`;

const upserts =
  "Flink's upsert inputs send the new row only, and it gives the new pair only; here an update takes the old row back first";

const byEventTime =
  "Flink counts times to live by the clock, here they are event time, with watermarks where the source sets its clock";

/** It would also take back pairs with rows that came after the one was forgotten, which were never given. */
const takesBackForgotten = (gives: string): string =>
  `Flink does not ask whether a row that is taken back was forgotten: it gives ${gives} when SHIP goes at 4002; here what was given of a row stays when it is forgotten`;

const inner: ChangelogJoinSpec = { kind: "changelog-join", type: "inner" };
const leftJoin: ChangelogJoinSpec = { kind: "changelog-join", type: "left" };
const rightJoin: ChangelogJoinSpec = { kind: "changelog-join", type: "right" };

/**
 * Flink SQL's regular join of orders (left, by line: `Bellevue` and `Manor` are their addresses) and the lines' ship modes
 * (right), and its rules for null padding: it is taken back before the first match, and comes back when the last is gone.
 */
export const changelogJoinOfFlink: readonly AlgebraCase<ChangelogJoinSpec>[] = [
  {
    name: "changelog join, inner: pairs come and go with their rows",
    source: source("testInnerJoinWithStateRetentionDisabled"),
    follows: "flink-sql",
    differs: upserts,
    operator: inner,
    steps: [
      [left(1, "Line1", "Bellevue")],
      [left(1, "Line2", "Bellevue")],
      [right(1, "Line2", "AIR"), pair("Line2", 1, "Bellevue", "AIR")],
      [takeLeft(3000, "Line2", "Bellevue"), pairBack("Line2", "Bellevue", "AIR")],
      [left(3000, "Line2", "Manor"), pair("Line2", 3000, "Manor", "AIR")],
      [takeRight(3000, "Line2", "AIR"), pairBack("Line2", "Manor", "AIR")],
      [right(3000, "Line2", "SHIP"), pair("Line2", 3000, "Manor", "SHIP")],
      [right(4001, "Line1", "TRUCK"), pair("Line1", 4001, "Bellevue", "TRUCK")],
      [takeRight(4001, "Line2", "SHIP"), pairBack("Line2", "Manor", "SHIP")],
      [right(7000, "Line2", "RAIL"), pair("Line2", 7000, "Manor", "RAIL")],
    ],
  },
  {
    name: "changelog join, inner: each side forgets its rows by its own time to live",
    source: source("testInnerJoinWithDifferentStateRetentionTime"),
    follows: "flink-sql",
    differs: `${upserts}; ${byEventTime}; ${takesBackForgotten("-(Manor, SHIP)")}`,
    operator: { ...inner, leftTtl: 4000, rightTtl: 1000 },
    steps: [
      [left(1, "Line1", "Bellevue")],
      [left(1, "Line2", "Bellevue")],
      [right(1, "Line2", "AIR"), pair("Line2", 1, "Bellevue", "AIR")],
      [mark(3000)],
      [takeLeft(3001, "Line2", "Bellevue")],
      [left(3001, "Line2", "Manor")],
      [right(3001, "Line2", "SHIP"), pair("Line2", 3001, "Manor", "SHIP")],
      [mark(4001)],
      [right(4002, "Line1", "TRUCK")],
      [takeRight(4002, "Line2", "SHIP")],
      [mark(7001)],
      [right(7002, "Line2", "RAIL")],
    ],
  },
  {
    name: "changelog join, inner: a row is forgotten when its time to live is over to the millisecond",
    source: source("testInnerJoinWithSameStateRetentionTime"),
    follows: "flink-sql",
    differs: `${upserts}; ${byEventTime}`,
    operator: { ...inner, leftTtl: 4000, rightTtl: 4000 },
    steps: [
      [left(1, "Line1", "Bellevue")],
      [left(1, "Line2", "Bellevue")],
      [right(1, "Line2", "AIR"), pair("Line2", 1, "Bellevue", "AIR")],
      [mark(3999)],
      [takeLeft(4000, "Line2", "Bellevue"), pairBack("Line2", "Bellevue", "AIR")],
      [left(4000, "Line2", "Manor"), pair("Line2", 4000, "Manor", "AIR")],
      [mark(4001)],
      [right(4002, "Line1", "TRUCK")],
      [mark(7999)],
      [right(8000, "Line2", "TRUCK"), pair("Line2", 8000, "Manor", "TRUCK")],
      [mark(8000)],
      [right(8001, "Line2", "RAIL")],
    ],
  },
  {
    name: "changelog join, left: padding is taken back at the first match and comes back after the last",
    source: source("testLeftOuterJoinWithStateRetentionDisabled"),
    follows: "flink-sql",
    differs: upserts,
    operator: leftJoin,
    steps: [
      [left(1, "Line1", "Bellevue"), pair("Line1", 1, "Bellevue", null)],
      [left(1, "Line2", "Bellevue"), pair("Line2", 1, "Bellevue", null)],
      [right(1, "Line2", "AIR"), pairBack("Line2", "Bellevue", null), pair("Line2", 1, "Bellevue", "AIR")],
      [takeLeft(3000, "Line2", "Bellevue"), pairBack("Line2", "Bellevue", "AIR")],
      [left(3000, "Line2", "Manor"), pair("Line2", 3000, "Manor", "AIR")],
      [takeRight(3000, "Line2", "AIR"), pairBack("Line2", "Manor", "AIR"), pair("Line2", undefined, "Manor", null)],
      [right(3000, "Line2", "SHIP"), pairBack("Line2", "Manor", null), pair("Line2", 3000, "Manor", "SHIP")],
      [right(4001, "Line1", "TRUCK"), pairBack("Line1", "Bellevue", null), pair("Line1", 4001, "Bellevue", "TRUCK")],
      [takeRight(8001, "Line2", "SHIP"), pairBack("Line2", "Manor", "SHIP"), pair("Line2", undefined, "Manor", null)],
    ],
  },
  {
    name: "changelog join, left, with times to live: what is forgotten is neither matched nor taken back",
    source: `${source("testLeftOuterJoinWithDifferentStateRetentionTime")}, its updated order in a line of its own`,
    follows: "flink-sql",
    differs: `${upserts}; ${byEventTime}; ${takesBackForgotten("-(Manor, SHIP) and +(Manor, null)")}`,
    operator: { ...leftJoin, leftTtl: 4000, rightTtl: 1000 },
    steps: [
      [left(1, "Line1", "Bellevue"), pair("Line1", 1, "Bellevue", null)],
      [left(1, "Line2", "Bellevue"), pair("Line2", 1, "Bellevue", null)],
      [right(1, "Line2", "AIR"), pairBack("Line2", "Bellevue", null), pair("Line2", 1, "Bellevue", "AIR")],
      [mark(3000)],
      [left(3001, "Line3", "Manor"), pair("Line3", 3001, "Manor", null)],
      [right(3001, "Line3", "SHIP"), pairBack("Line3", "Manor", null), pair("Line3", 3001, "Manor", "SHIP")],
      [mark(4001)],
      [right(4002, "Line1", "TRUCK")],
      [takeRight(4002, "Line3", "SHIP")],
      [mark(8002)],
      [right(8003, "Line3", "RAIL")],
    ],
  },
  {
    name: "changelog join, right: unmatched right rows are padded",
    source: source("testRightOuterJoinWithDStateRetentionDisabled"),
    follows: "flink-sql",
    differs: upserts,
    operator: rightJoin,
    steps: [
      [left(1, "Line1", "Bellevue")],
      [left(1, "Line2", "Bellevue")],
      [right(4001, "Line2", "AIR"), pair("Line2", 4001, "Bellevue", "AIR")],
      [right(10_000, "Line1", "TRUCK"), pair("Line1", 10_000, "Bellevue", "TRUCK")],
      [
        takeLeft(20_000, "Line2", "Bellevue"),
        pairBack("Line2", "Bellevue", "AIR"),
        pair("Line2", undefined, null, "AIR"),
      ],
      [left(20_000, "Line2", "Manor"), pairBack("Line2", null, "AIR"), pair("Line2", 20_000, "Manor", "AIR")],
    ],
  },
  {
    name: "changelog join, right, with times to live",
    source: source("testRightOuterJoinWithDifferentStateRetentionTime"),
    follows: "flink-sql",
    differs: `${upserts}; ${byEventTime}`,
    operator: { ...rightJoin, leftTtl: 4000, rightTtl: 1000 },
    steps: [
      [left(1, "Line1", "Bellevue")],
      [left(1, "Line2", "Bellevue")],
      [mark(4001)],
      [right(4002, "Line2", "AIR"), pair("Line2", 4002, null, "AIR")],
      [right(4002, "Line1", "TRUCK"), pair("Line1", 4002, null, "TRUCK")],
      [mark(5002)],
      [left(5003, "Line2", "Manor")],
      [right(5003, "Line2", "SHIP"), pair("Line2", 5003, "Manor", "SHIP")],
      [right(5003, "Line1", "RAIL"), pair("Line1", 5003, null, "RAIL")],
      [mark(6002)],
      [left(6003, "Line1", "Haines"), pairBack("Line1", null, "RAIL"), pair("Line1", 6003, "Haines", "RAIL")],
      [mark(7003)],
      [takeLeft(7004, "Line1", "Haines")],
    ],
  },
  restoresPadding("left", "right", "testLeftOuterJoinInnerSideUpdateAfterThenDeleteRestoresNullPadding"),
  restoresPadding("right", "left", "testRightOuterJoinInnerSideUpdateAfterThenDeleteRestoresNullPadding"),
  restoresPadding("full", "right", "testFullOuterJoinRightSideUpdateAfterThenDeleteRestoresNullPadding"),
  restoresPadding("full", "left", "testFullOuterJoinLeftSideUpdateAfterThenDeleteRestoresNullPadding"),
  {
    name: "changelog join, left: padding comes back only when the last of several matches is gone",
    source: sql("testLeftJoinOnRowKey"),
    follows: "flink-sql",
    differs: upserts,
    operator: leftJoin,
    steps: [
      [left(1, "EU", "order"), pair("EU", 1, "order", null)],
      [right(2, "EU", "new", { id: "l1" }), pairBack("EU", "order", null), pair("EU", 2, "order", "new")],
      [right(3, "EU", "new", { id: "l2" }), pair("EU", 3, "order", "new")],
      [takeRight(4, "EU", "new", { id: "l1" }), pairBack("EU", "order", "new")],
      [right(4, "EU", "paid", { id: "l1" }), pair("EU", 4, "order", "paid")],
      [takeRight(5, "EU", "paid", { id: "l1" }), pairBack("EU", "order", "paid")],
      [takeRight(6, "EU", "new", { id: "l2" }), pairBack("EU", "order", "new"), pair("EU", undefined, "order", null)],
    ],
  },
  {
    name: "changelog join, left, with a condition: a row that no longer meets it is no match",
    source: sql("testLeftJoinOnRowKeyWithNonEquiCondition"),
    follows: "flink-sql",
    differs: `${upserts}; its condition is on a text, here the line's number must be greater`,
    operator: { ...leftJoin, condition: "left.number < right.number" },
    steps: [
      [left(1, "EU", "order", { number: 0 }), pair("EU", 1, "order", null)],
      [right(2, "EU", "new", { id: "l1", number: 1 }), pairBack("EU", "order", null), pair("EU", 2, "order", "new")],
      [
        takeRight(3, "EU", "new", { id: "l1", number: 1 }),
        pairBack("EU", "order", "new"),
        pair("EU", undefined, "order", null),
      ],
      [right(3, "EU", "cancelled", { id: "l1", number: 0 })],
      [takeRight(4, "EU", "cancelled", { id: "l1", number: 0 })],
      [right(4, "EU", "paid", { id: "l1", number: 1 }), pairBack("EU", "order", null), pair("EU", 4, "order", "paid")],
    ],
  },
  {
    name: "changelog join, left: equal rows are counted, and one taken back leaves the other",
    source: `${source("testLeftOuterJoinInnerSideDuplicateInsertThenDeleteRestoresNullPadding")}, for rows without a key of their own`,
    follows: "flink-sql",
    differs:
      "the source's right side has the join key for its unique key, so that the second row replaces the first there",
    operator: leftJoin,
    steps: [
      [left(1, "Line1", "Bellevue"), pair("Line1", 1, "Bellevue", null)],
      [right(2, "Line1", "AIR"), pairBack("Line1", "Bellevue", null), pair("Line1", 2, "Bellevue", "AIR")],
      [right(3, "Line1", "AIR"), pair("Line1", 3, "Bellevue", "AIR")],
      [takeRight(4, "Line1", "AIR"), pairBack("Line1", "Bellevue", "AIR")],
      [takeRight(5, "Line1", "AIR"), pairBack("Line1", "Bellevue", "AIR"), pair("Line1", undefined, "Bellevue", null)],
    ],
  },
];

/** A row of the outer side, then its only match comes, changes and goes; `changing` is the side of the match. */
function restoresPadding(
  type: Exclude<JoinType, "inner">,
  changing: "left" | "right",
  method: string,
): AlgebraCase<ChangelogJoinSpec> {
  const [stays, comes, goes] = changing === "left" ? [right, left, takeLeft] : [left, right, takeRight];
  const padded = (time: number | undefined) =>
    changing === "left" ? pair("Line1", time, null, "stays") : pair("Line1", time, "stays", null);
  const back = changing === "left" ? pairBack("Line1", null, "stays") : pairBack("Line1", "stays", null);
  const paired = (time: number, value: string) =>
    changing === "left" ? pair("Line1", time, value, "stays") : pair("Line1", time, "stays", value);
  const pairedBack = (value: string) =>
    changing === "left" ? pairBack("Line1", value, "stays") : pairBack("Line1", "stays", value);
  const steps: Step[] = [
    [stays(1, "Line1", "stays"), padded(1)],
    [comes(2, "Line1", "AIR"), back, paired(2, "AIR")],
    [goes(3, "Line1", "AIR"), pairedBack("AIR"), padded(undefined)],
    [comes(3, "Line1", "SHIP"), back, paired(3, "SHIP")],
    [goes(4, "Line1", "SHIP"), pairedBack("SHIP"), padded(undefined)],
  ];
  return {
    name: `changelog join, ${type}: padding comes back when the only match of the ${changing} side goes`,
    source: source(method),
    follows: "flink-sql",
    differs: upserts,
    operator: { kind: "changelog-join", type },
    steps,
  };
}
