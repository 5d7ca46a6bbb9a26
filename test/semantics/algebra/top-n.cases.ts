import type { AlgebraCase, InputRow, Output, Step } from "./format.ts";
import type { TopNSpec } from "./operators.ts";
import { add, mark, out, outBack, take } from "./rows.ts";

const base = (method: string): string => `Apache Flink 059bd7dc, TopNFunctionTestBase.${method}`;
const retractable = (method: string): string => `Apache Flink 04c99703, RetractableTopNFunctionTest.${method}`;
const updatable = (method: string): string => `Apache Flink 1907855e, UpdatableTopNFunctionTest.${method}`;

const noBefore = "the source is told to leave out what is taken back; here a changelog always says it";
const upserts =
  "Flink's updatable top-n is told of the new row only and ranks it anew in one step; here the old row is taken back first, and others move up meanwhile";

const byEventTime = "Flink counts the time to live by the clock, and the source sets it; here it is event time";

const top2: TopNSpec = { kind: "top-n", from: 1, to: 2, withRank: false };
const ranked2: TopNSpec = { ...top2, withRank: true };

/**
 * Flink SQL's top-n: rows as `+1:12` (id 1, number 12 comes in) or `-1:12`, outputs the same, with `#1` for the rank.
 */
export const topNCases: readonly AlgebraCase<TopNSpec>[] = [
  {
    name: "top-n: of equal numbers the one that came first is before",
    source: base("testDisableGenerateUpdateBefore"),
    follows: "flink-sql",
    operator: top2,
    steps: [
      ...of(
        "book",
        ["+1:12", "+1:12"],
        ["+2:19", "+2:19"],
        ["+3:19"],
        ["+4:11", "-2:19 +4:11"],
        ["+5:11", "-1:12 +5:11"],
      ),
      ...of("fruit", ["+4:33", "+4:33"], ["+3:44", "+3:44"], ["+5:22", "-3:44 +5:22"]),
    ],
  },
  {
    name: "top-n with ranks: rows that move down are taken back and given with their new rank",
    source: base("testOutputRankNumberWithConstantRankRange"),
    follows: "flink-sql",
    operator: ranked2,
    steps: [
      ...of(
        "book",
        ["+1:12", "+1:12#1"],
        ["+2:19", "+2:19#2"],
        ["+4:11", "-1:12#1 +4:11#1 -2:19#2 +1:12#2"],
        ["+5:11", "-1:12#2 +5:11#2"],
      ),
      ...of("fruit", ["+4:33", "+4:33#1"], ["+3:44", "+3:44#2"], ["+5:22", "-4:33#1 +5:22#1 -3:44#2 +4:33#2"]),
    ],
  },
  {
    name: "top-n from the second rank on",
    source: base("testConstantRankRangeWithOffset"),
    follows: "flink-sql",
    operator: { ...top2, from: 2 },
    steps: [
      ...of("book", ["+1:12"], ["+2:19", "+2:19"], ["+4:11", "-2:19 +1:12"]),
      ...of("fruit", ["+4:33"], ["+3:44", "+3:44"], ["+5:22", "-3:44 +4:33"]),
    ],
  },
  {
    name: "top-n goes on with what it kept",
    source: base("testConstantRankRangeWithoutOffset"),
    follows: "flink-sql",
    operator: top2,
    steps: [
      ...of("book", ["+1:12", "+1:12"], ["+2:19", "+2:19"], ["+4:11", "-2:19 +4:11"]),
      ...of("fruit", ["+4:33", "+4:33"], ["+3:44", "+3:44"], ["+5:22", "-3:44 +5:22"]),
      ...of("book", ["+5:10", "-1:12 +5:10"]),
    ],
  },
  {
    name: "top-n of a changelog, with ranks: rows move up when one before them is taken back",
    source: retractable("testProcessRetractMessageWithGenerateUpdateBefore"),
    follows: "flink-sql",
    operator: ranked2,
    steps: [
      ...of(
        "book",
        ["+1:12", "+1:12#1"],
        ["+2:19", "+2:19#2"],
        ["+4:11", "-1:12#1 +4:11#1 -2:19#2 +1:12#2"],
        ["-1:12", "-1:12#2 +2:19#2"],
        ["+5:11", "-2:19#2 +5:11#2"],
      ),
      ...of("fruit", ["+4:33", "+4:33#1"], ["+3:44", "+3:44#2"], ["+5:22", "-4:33#1 +5:22#1 -3:44#2 +4:33#2"]),
    ],
  },
  {
    name: "top-n of a changelog, with ranks: rows of one id are rows of their own",
    source: retractable("testConstantRankRangeWithoutOffsetWithRowNumber"),
    follows: "flink-sql",
    operator: ranked2,
    steps: of(
      "book",
      ["+1:12", "+1:12#1"],
      ["+2:19", "+2:19#2"],
      ["+4:11", "-1:12#1 +4:11#1 -2:19#2 +1:12#2"],
      ["+1:10", "-4:11#1 +1:10#1 -1:12#2 +4:11#2"],
    ),
  },
  {
    name: "top-n of a changelog: rows of one id are rows of their own",
    source: retractable("testConstantRankRangeWithoutOffsetWithoutRowNumber"),
    follows: "flink-sql",
    operator: top2,
    steps: of("book", ["+1:12", "+1:12"], ["+2:19", "+2:19"], ["+4:11", "-2:19 +4:11"], ["+1:10", "-1:12 +1:10"]),
  },
  {
    name: "top-n of a changelog: the next row comes up for one that is taken back",
    source: retractable("testConstantRankRangeWithoutRowNumber"),
    follows: "flink-sql",
    operator: { ...top2, to: 3 },
    steps: of(
      "a",
      ["+1:1", "+1:1"],
      ["+2:2", "+2:2"],
      ["+3:2", "+3:2"],
      ["+4:2"],
      ["+5:3"],
      ["+6:4"],
      ["-2:2", "-2:2 +4:2"],
    ),
  },
  {
    name: "top-n of a changelog, with ranks: all rows after one that is taken back move up",
    source: retractable("testConstantRankRangeWithRowNumber"),
    follows: "flink-sql",
    differs: noBefore,
    operator: { ...ranked2, to: 3 },
    steps: of(
      "a",
      ["+1:1", "+1:1#1"],
      ["+2:2", "+2:2#2"],
      ["+3:2", "+3:2#3"],
      ["+4:2"],
      ["+5:3"],
      ["+6:4"],
      ["-2:2", "-2:2#2 +3:2#2 -3:2#3 +4:2#3"],
    ),
  },
  {
    name: "top-n of a changelog: a row that is not among the first is taken back in silence, and does not come up later",
    source: retractable("testRetractRecordOutOfRankRangeWithoutRowNumber"),
    follows: "flink-sql",
    operator: top2,
    steps: of(
      "a",
      ["+1:1", "+1:1"],
      ["+2:2", "+2:2"],
      ["+3:2"],
      ["+4:4"],
      ["+5:4"],
      ["-4:4"],
      ["-1:1", "-1:1 +3:2"],
      ["-2:2", "-2:2 +5:4"],
    ),
  },
  {
    name: "top-n of a changelog, with ranks: a row that is not among the first is taken back in silence",
    source: retractable("testRetractRecordOutOfRankRangeWithRowNumber"),
    follows: "flink-sql",
    differs: noBefore,
    operator: ranked2,
    steps: of(
      "a",
      ["+1:1", "+1:1#1"],
      ["+2:2", "+2:2#2"],
      ["+3:2"],
      ["+4:4"],
      ["+5:4"],
      ["-4:4"],
      ["-1:1", "-1:1#1 +2:2#1 -2:2#2 +3:2#2"],
      ["-2:2", "-2:2#1 +3:2#1 -3:2#2 +5:4#2"],
    ),
  },
  {
    name: "top-1 of a changelog: rows that went leave nothing behind",
    source: retractable("testRetractAndThenDeleteRecordWithoutRowNumber"),
    follows: "flink-sql",
    operator: { ...top2, to: 1 },
    steps: of(
      "a",
      ["+1:10", "+1:10"],
      ["+1:9", "-1:10 +1:9"],
      ["-1:10"],
      ["-1:9", "-1:9"],
      ["+2:10", "+2:10"],
      ["+2:9", "-2:10 +2:9"],
    ),
  },
  {
    name: "top-n with ranks and a time to live: what is forgotten has no rank and is not taken back",
    source: retractable("testCleanIdleState"),
    follows: "flink-sql",
    differs: byEventTime,
    operator: { ...ranked2, ttl: 10_000_000 },
    steps: [
      ...at(0, "book", ["+1:12", "+1:12#1"]),
      ...at(0, "fruit", ["+5:22", "+5:22#1"]),
      [mark(8_999_999)],
      ...at(9_000_000, "book", ["-1:12", "-1:12#1"]),
      ...at(9_000_000, "fruit", ["+4:11", "-5:22#1 +4:11#1 +5:22#2"]),
      [mark(20_000_000)],
      ...at(20_000_001, "fruit", ["+8:100", "+8:100#1"]),
      ...at(20_000_001, "book", ["+1:12", "+1:12#1"]),
    ],
  },
  {
    name: "top-n with ranks and a time to live: a row that was forgotten is taken back in silence",
    source: retractable("testRetractAnStaledRecordWithRowNumber"),
    follows: "flink-sql",
    differs: byEventTime,
    operator: { ...ranked2, ttl: 1000 },
    steps: [...at(0, "a", ["+1:10", "+1:10#1"]), [mark(1001)], ...at(1002, "a", ["+2:11", "+2:11#1"], ["-1:10"])],
  },
  {
    name: "top-n of rows that change",
    source: updatable("testSortKeyChangesWhenNotOutputRankNumber"),
    follows: "flink-sql",
    differs: upserts,
    operator: top2,
    steps: of(
      "book",
      ["+2:19", "+2:19"],
      ["+3:16", "+3:16"],
      ["-2:19", "-2:19"],
      ["+2:11", "+2:11"],
      ["-3:16", "-3:16"],
      ["+3:15", "+3:15"],
      ["+4:2", "-3:15 +4:2"],
      ["-2:11", "-2:11 +3:15"],
      ["+2:1", "-3:15 +2:1"],
    ),
  },
  {
    name: "top-n of rows that change, with ranks",
    source: updatable("testSortKeyChangesWhenOutputRankNumber"),
    follows: "flink-sql",
    differs: upserts,
    operator: ranked2,
    steps: of(
      "book",
      ["+2:19", "+2:19#1"],
      ["+3:16", "-2:19#1 +3:16#1 +2:19#2"],
      ["-2:19", "-2:19#2"],
      ["+2:11", "-3:16#1 +2:11#1 +3:16#2"],
      ["-3:16", "-3:16#2"],
      ["+3:15", "+3:15#2"],
      ["+4:2", "-2:11#1 +4:2#1 -3:15#2 +2:11#2"],
      ["-2:11", "-2:11#2 +3:15#2"],
      ["+2:1", "-4:2#1 +2:1#1 -3:15#2 +4:2#2"],
    ),
  },
];

type Change = readonly [comes: string, gives?: string];

/** Steps of one key: a row that comes in, and what it gives. */
function of(key: string, ...changes: readonly Change[]): Step[] {
  return at(0, key, ...changes);
}

/** The same for rows of a time. */
function at(time: number, key: string, ...changes: readonly Change[]): Step[] {
  return changes.map(([comes, gives = ""]): Step => {
    const { kind, id, number } = parse(comes);
    const input: InputRow = (kind === "+" ? add : take)(time, key, null, { id: `${id}`, number });
    return [
      input,
      ...gives
        .split(" ")
        .filter(Boolean)
        .map((text) => output(key, text)),
    ];
  });
}

function output(key: string, text: string): Output {
  const { kind, id, number, rank } = parse(text);
  const values = { id: `${id}`, number, ...(rank === undefined ? {} : { rank }) };
  return kind === "+" ? out(key, undefined, values) : outBack(key, values);
}

function parse(text: string) {
  const [, kind, id, number, rank] = /^([+-])(\d+):(\d+)(?:#(\d+))?$/.exec(text)!;
  return { kind, id: Number(id), number: Number(number), rank: rank === undefined ? undefined : Number(rank) };
}
