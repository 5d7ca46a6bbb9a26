import type { AlgebraCase, Output, Step } from "./format.ts";
import type { AggregateSpec } from "./operators.ts";
import { add, num, out, outBack, take } from "./rows.ts";

const flink = (method: string): string => `Apache Flink 0044ad41, AggregateITCase.${method}`;
const kafka = (method: string): string => `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), KTableAggregateTest.${method}`;

const oneUpdate =
  "Kafka Streams sends new results only, one for a row that stays in its group (since 3.4), and an empty group's result is what its functions make of it";

/** Aggregates over changelogs, by Flink SQL's rules: no result for a group without rows. */
export const aggregateCases: readonly AlgebraCase<AggregateSpec>[] = [
  {
    name: "aggregate: count and sum by key, old results are taken back",
    source: flink("testGroupByAgg"),
    follows: "flink-sql",
    operator: { kind: "aggregate", results: ["count", "sum"] },
    steps: [
      [num(1, "1", 1), of("1", { count: 1, sum: 1 })],
      [num(2, "2", 2), of("2", { count: 1, sum: 2 })],
      [num(3, "2", 3), back("2", { count: 1, sum: 2 }), of("2", { count: 2, sum: 5 })],
      [num(4, "3", 4), of("3", { count: 1, sum: 4 })],
      [num(5, "3", 5), back("3", { count: 1, sum: 4 }), of("3", { count: 2, sum: 9 })],
      [num(6, "3", 6), back("3", { count: 2, sum: 9 }), of("3", { count: 3, sum: 15 })],
      [num(7, "4", 7), of("4", { count: 1, sum: 7 })],
      [num(8, "4", 8), back("4", { count: 1, sum: 7 }), of("4", { count: 2, sum: 15 })],
      [num(9, "4", 9), back("4", { count: 2, sum: 15 }), of("4", { count: 3, sum: 24 })],
      [num(10, "4", 10), back("4", { count: 3, sum: 24 }), of("4", { count: 4, sum: 34 })],
      [num(11, "5", 11), of("5", { count: 1, sum: 11 })],
      [num(12, "5", 12), back("5", { count: 1, sum: 11 }), of("5", { count: 2, sum: 23 })],
    ],
  },
  {
    name: "aggregate of aggregates: their results taken back are taken out again",
    source: `${flink("testNestedGroupByAgg")}, its outer aggregate over the groups 2, 3 and 5`,
    follows: "flink-sql",
    operator: { kind: "aggregate", results: ["sum", "count", "max", "min"] },
    steps: [
      [num(2, "1 row", 2), of("1 row", { sum: 2, count: 1, max: 2, min: 2 })],
      [takeNumber(3, "1 row", 2), back("1 row", { sum: 2, count: 1, max: 2, min: 2 })],
      [num(3, "2 rows", 5), of("2 rows", { sum: 5, count: 1, max: 5, min: 5 })],
      [num(4, "1 row", 4), of("1 row", { sum: 4, count: 1, max: 4, min: 4 })],
      [takeNumber(5, "1 row", 4), back("1 row", { sum: 4, count: 1, max: 4, min: 4 })],
      [
        num(5, "2 rows", 9),
        back("2 rows", { sum: 5, count: 1, max: 5, min: 5 }),
        of("2 rows", { sum: 14, count: 2, max: 9, min: 5 }),
      ],
      [
        takeNumber(6, "2 rows", 9),
        back("2 rows", { sum: 14, count: 2, max: 9, min: 5 }),
        of("2 rows", { sum: 5, count: 1, max: 5, min: 5 }),
      ],
      [num(6, "3 rows", 15), of("3 rows", { sum: 15, count: 1, max: 15, min: 15 })],
      [num(11, "1 row", 11), of("1 row", { sum: 11, count: 1, max: 11, min: 11 })],
      [takeNumber(12, "1 row", 11), back("1 row", { sum: 11, count: 1, max: 11, min: 11 })],
      [
        num(12, "2 rows", 23),
        back("2 rows", { sum: 5, count: 1, max: 5, min: 5 }),
        of("2 rows", { sum: 28, count: 2, max: 23, min: 5 }),
      ],
    ],
  },
  {
    name: "aggregate: the least value goes back to the next when it is taken back",
    source: `${flink("testMinAggRetractWithCondition")}, the outer aggregate`,
    follows: "flink-sql",
    operator: { kind: "aggregate", results: ["min"] },
    steps: [
      [num(1, "all", 5), of("all", { min: 5 })],
      [num(2, "all", 6)],
      [takeNumber(3, "all", 5), back("all", { min: 5 }), of("all", { min: 6 })],
    ],
  },
  {
    name: "aggregate: the greatest value goes back to the next when it is taken back, and a result that stays is not repeated",
    source: `${flink("testMaxAggRetractWithCondition")}, the outer aggregate`,
    follows: "flink-sql",
    operator: { kind: "aggregate", results: ["max"] },
    steps: [
      [num(1, "all", 10), of("all", { max: 10 })],
      [takeNumber(2, "all", 10), back("all", { max: 10 })],
      [num(2, "all", 10), of("all", { max: 10 })],
      [num(3, "all", 5)],
      [takeNumber(4, "all", 10), back("all", { max: 10 }), of("all", { max: 5 })],
    ],
  },
  {
    name: "aggregate: a sum of rows that come and go",
    source: flink("testDifferentTypesSumWithRetract"),
    follows: "flink-sql",
    operator: { kind: "aggregate", results: ["sum"] },
    steps: [
      [num(1, "a", 1), of("a", { sum: 1 })],
      [num(2, "a", 2), back("a", { sum: 1 }), of("a", { sum: 3 })],
      [takeNumber(3, "a", 1), back("a", { sum: 3 }), of("a", { sum: 2 })],
      [num(4, "a", 3), back("a", { sum: 2 }), of("a", { sum: 5 })],
      [takeNumber(5, "a", 2), back("a", { sum: 5 }), of("a", { sum: 3 })],
      [num(6, "a", 1), back("a", { sum: 3 }), of("a", { sum: 4 })],
      [takeNumber(7, "a", 3), back("a", { sum: 4 }), of("a", { sum: 1 })],
      [num(8, "a", 2), back("a", { sum: 1 }), of("a", { sum: 3 })],
      [num(9, "a", 3), back("a", { sum: 3 }), of("a", { sum: 6 })],
    ],
  },
  {
    name: "aggregate: a row taken back that never came gives nothing",
    source: "Apache Flink 6bbb01b9, MiniBatchGroupAggFunctionTest.testFinishBundleContinuesAfterEmptyInputRows",
    follows: "flink-sql",
    differs: "a changelog here cannot hold such a row; Flink may see one when state was forgotten",
    operator: { kind: "aggregate", results: ["sum"] },
    steps: [
      [takeNumber(1, "aaa", 1)],
      [num(1, "bbb", 2), of("bbb", { sum: 2 })],
      [num(1, "ccc", 3), of("ccc", { sum: 3 })],
    ],
  },
  {
    name: "Kafka's count by value: a row that changes leaves one group for another",
    source: kafka("testCount"),
    follows: "flink-sql",
    differs: oneUpdate,
    operator: { kind: "aggregate", results: ["count"] },
    steps: [
      [add(10, "green", "A"), of("green", { count: 1 })],
      [add(9, "green", "B"), back("green", { count: 1 }), of("green", { count: 2 })],
      [take(12, "green", "A"), back("green", { count: 2 }), of("green", { count: 1 })],
      [add(12, "blue", "A"), of("blue", { count: 1 })],
      [add(15, "yellow", "C"), of("yellow", { count: 1 })],
      [add(11, "green", "D"), back("green", { count: 1 }), of("green", { count: 2 })],
    ],
  },
  {
    name: "Kafka's aggregate by key: a group's only row is replaced",
    source: kafka("testAggBasic"),
    follows: "flink-sql",
    differs: `${oneUpdate}: 0+2-2+4 in one result for B`,
    operator: { kind: "aggregate", results: ["sum"] },
    steps: [
      [num(10, "A", 1), of("A", { sum: 1 })],
      [num(15, "B", 2), of("B", { sum: 2 })],
      ...replaced("A", 20, 1, 3),
      ...replaced("B", 18, 2, 4),
      [num(5, "C", 5), of("C", { sum: 5 })],
      [num(25, "D", 6), of("D", { sum: 6 })],
      ...replaced("B", 15, 4, 7),
      ...replaced("C", 10, 5, 8),
    ],
  },
  {
    name: "Kafka's aggregate: the old row is taken out before the new one is put in",
    source: kafka("testRemoveOldBeforeAddNew"),
    follows: "flink-sql",
    differs: oneUpdate,
    operator: { kind: "aggregate", results: ["sum", "count"] },
    steps: [
      [num(10, "1", 1), of("1", { sum: 1, count: 1 })],
      [num(8, "1", 2), back("1", { sum: 1, count: 1 }), of("1", { sum: 3, count: 2 })],
      [takeNumber(12, "1", 1), back("1", { sum: 3, count: 2 }), of("1", { sum: 2, count: 1 })],
      [takeNumber(6, "1", 2), back("1", { sum: 2, count: 1 })],
      [num(6, "1", 2), of("1", { sum: 2, count: 1 })],
    ],
  },
];

function of(key: string, values: Output["values"]): Output {
  return out(key, undefined, values);
}

function back(key: string, values: Output["values"]): Output {
  return outBack(key, values);
}

function takeNumber(time: number, key: string, number: number) {
  return take(time, key, null, { number });
}

/** A group's only row is taken back, so that it has no result, and another comes. */
function replaced(key: string, time: number, old: number, now: number): Step[] {
  return [
    [takeNumber(time, key, old), back(key, { sum: old })],
    [num(time, key, now), of(key, { sum: now })],
  ];
}
