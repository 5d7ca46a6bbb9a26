import type { AlgebraCase, Output } from "./format.ts";
import type { DeduplicateSpec } from "./operators.ts";
import { add, mark, num, out, outBack } from "./rows.ts";

const rowTime = (method: string): string => `Apache Flink 1d3cbf97, RowTimeDeduplicateFunctionTest.${method}`;
const first = "Apache Flink c15323ba, RowTimeDeduplicateKeepFirstRowFunctionTest.testRowTimeDeduplicateKeepFirstRow";
const lastByClock = (method: string): string =>
  `Apache Flink 19808b13, ProcTimeDeduplicateKeepLastRowFunctionTest.${method}`;
const firstByClock = (method: string): string =>
  `Apache Flink d57b89db, ProcTimeDeduplicateKeepFirstRowFunctionTest.${method}`;

const byEventTime = "Flink counts the time to live by the clock, and the source sets it; here it is event time";

const kept = (key: string, time: number, number: number): Output => out(key, time, { value: null, number });
const keptBack = (key: string, number: number): Output => outBack(key, { value: null, number });

/** Flink SQL's deduplication: the first or last row of a key, by event time or as rows come. */
export const deduplicateCases: readonly AlgebraCase<DeduplicateSpec>[] = [
  {
    name: "deduplicate, first by event time: the earliest row, when the watermark reaches it, and never another",
    source: first,
    follows: "flink-sql",
    differs: `${byEventTime}, of 250 ms instead of 10`,
    operator: { kind: "deduplicate", keep: "first", by: "event-time", ttl: 250 },
    steps: [
      [mark(50)],
      [num(1, "key1", 0)],
      [num(101, "key1", 14)],
      [num(99, "key1", 13)],
      [num(99, "key1", 15)],
      [num(100, "key1", 12)],
      [num(101, "key2", 11)],
      [mark(102), kept("key1", 99, 13), kept("key2", 101, 11)],
      [num(300, "key1", 12)],
      [num(301, "key2", 11)],
      [num(299, "key3", 5)],
      [mark(302), kept("key3", 299, 5)],
      [mark(351)],
      [num(400, "key1", 12)],
      [num(401, "key2", 11)],
      [mark(402), kept("key1", 400, 12), kept("key2", 401, 11)],
      [mark(651)],
      [num(700, "key1", 22)],
      [num(701, "key2", 21)],
      [mark(702), kept("key1", 700, 22), kept("key2", 701, 21)],
    ],
  },
  {
    name: "deduplicate, first by event time: equal rows are one",
    source: rowTime("testRowTimeDeduplicateKeepFirstRow"),
    follows: "flink-sql",
    differs:
      "the time to live is event time here, of 250 ms instead of 10; the source is Flink's older function, which gives a row at once and takes it back when an earlier one comes; the newer one waits for the watermark",
    operator: { kind: "deduplicate", keep: "first", by: "event-time", ttl: 250 },
    steps: [
      [num(99, "key1", 13)],
      [num(99, "key1", 13)],
      [num(100, "key1", 12)],
      [num(101, "key2", 11)],
      [mark(102), kept("key1", 99, 13), kept("key2", 101, 11)],
      [num(300, "key1", 12)],
      [num(301, "key2", 11)],
      [num(299, "key3", 5)],
      [mark(302), kept("key3", 299, 5)],
      [mark(351)],
      [num(400, "key1", 12)],
      [num(401, "key2", 11)],
      [mark(402), kept("key1", 400, 12), kept("key2", 401, 11)],
    ],
  },
  {
    name: "deduplicate, last by event time: at once, and taken back when a later row comes",
    source: rowTime("testRowTimeDeduplicateKeepLastRow"),
    follows: "flink-sql",
    differs: `${byEventTime}, of 250 ms instead of 10`,
    operator: { kind: "deduplicate", keep: "last", by: "event-time", ttl: 250 },
    steps: [
      [num(99, "key1", 13), kept("key1", 99, 13)],
      [num(100, "key1", 12), keptBack("key1", 13), kept("key1", 100, 12)],
      [num(101, "key2", 11), kept("key2", 101, 11)],
      [mark(102)],
      [num(300, "key1", 12), keptBack("key1", 12), kept("key1", 300, 12)],
      [num(301, "key2", 11), keptBack("key2", 11), kept("key2", 301, 11)],
      [num(299, "key3", 5), kept("key3", 299, 5)],
      [mark(302)],
      [mark(551)],
      [num(600, "key1", 12), kept("key1", 600, 12)],
      [num(601, "key2", 11), kept("key2", 601, 11)],
      [mark(602)],
    ],
  },
  {
    name: "deduplicate, last by event time: an earlier row changes nothing",
    source: `${rowTime("testRowTimeDeduplicateKeepLastRow")}, its first rows turned round`,
    follows: "flink-sql",
    operator: { kind: "deduplicate", keep: "last", by: "event-time" },
    steps: [
      [num(100, "key1", 12), kept("key1", 100, 12)],
      [num(99, "key1", 13)],
      [num(300, "key1", 14), keptBack("key1", 12), kept("key1", 300, 14)],
    ],
  },
  {
    name: "deduplicate, last as rows come: an equal row is given again while state may be forgotten",
    source: lastByClock("testWithGenerateUpdateBefore"),
    follows: "flink-sql",
    operator: { kind: "deduplicate", keep: "last", by: "arrival", ttl: 10 },
    steps: [
      [num(1, "1", 12), kept("1", 1, 12)],
      [num(2, "2", 11), kept("2", 2, 11)],
      [num(3, "1", 12), keptBack("1", 12), kept("1", 3, 12)],
    ],
  },
  {
    name: "deduplicate, last as rows come: an equal row changes nothing while state is kept for ever",
    source: lastByClock("testWithStateTtlDisabled"),
    follows: "flink-sql",
    differs: "the source's rows have no event time; equal rows are equal in all fields, and here their times are too",
    operator: { kind: "deduplicate", keep: "last", by: "arrival" },
    steps: [[num(1, "1", 12), kept("1", 1, 12)], [num(2, "2", 11), kept("2", 2, 11)], [num(1, "1", 12)]],
  },
  {
    name: "deduplicate, last as rows come: another row takes the place of the first",
    source: lastByClock("testWithoutGenerateUpdateBefore"),
    follows: "flink-sql",
    differs: "the source leaves out the row that is taken back, for sinks that do without",
    operator: { kind: "deduplicate", keep: "last", by: "arrival", ttl: 10 },
    steps: [
      [num(1, "1", 12), kept("1", 1, 12)],
      [num(2, "2", 11), kept("2", 2, 11)],
      [num(3, "1", 13), keptBack("1", 12), kept("1", 3, 13)],
    ],
  },
  {
    name: "deduplicate, last as rows come: what is forgotten is not taken back",
    source: lastByClock("testWithGenerateUpdateBeforeAndStateTtl"),
    follows: "flink-sql",
    differs: byEventTime,
    operator: { kind: "deduplicate", keep: "last", by: "arrival", ttl: 10 },
    steps: [
      [num(1, "1", 12), kept("1", 1, 12)],
      [num(2, "2", 11), kept("2", 2, 11)],
      [num(3, "1", 13), keptBack("1", 12), kept("1", 3, 13)],
      [mark(30)],
      [num(31, "1", 17), kept("1", 31, 17)],
      [num(32, "2", 18), kept("2", 32, 18)],
      [num(33, "1", 19), keptBack("1", 17), kept("1", 33, 19)],
    ],
  },
  {
    name: "deduplicate, first as rows come",
    source: firstByClock("test"),
    follows: "flink-sql",
    operator: { kind: "deduplicate", keep: "first", by: "arrival", ttl: 10 },
    steps: [[num(1, "1", 12), kept("1", 1, 12)], [num(2, "2", 11), kept("2", 2, 11)], [num(3, "1", 13)]],
  },
  {
    name: "deduplicate, first as rows come: when the first is forgotten the next is the first",
    source: firstByClock("testWithStateTtl"),
    follows: "flink-sql",
    differs: byEventTime,
    operator: { kind: "deduplicate", keep: "first", by: "arrival", ttl: 10 },
    steps: [
      [num(1, "1", 12), kept("1", 1, 12)],
      [num(2, "2", 11), kept("2", 2, 11)],
      [num(3, "1", 13)],
      [mark(30)],
      [num(31, "1", 17), kept("1", 31, 17)],
      [num(32, "2", 18), kept("2", 32, 18)],
      [num(33, "1", 19)],
    ],
  },
  {
    name: "deduplicate, first as rows come: the row is given as it is",
    source: `${firstByClock("test")}, with the text of its rows`,
    follows: "flink-sql",
    operator: { kind: "deduplicate", keep: "first", by: "arrival" },
    steps: [
      [add(1, "1", "book", { number: 12 }), out("1", 1, { value: "book", number: 12 })],
      [add(2, "1", "book", { number: 13 })],
    ],
  },
];
