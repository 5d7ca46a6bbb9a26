import type { AlgebraCase } from "./format.ts";
import { wave } from "./kafka-waves.ts";
import type { IntervalJoinSpec } from "./operators.ts";
import { left, mark, right } from "./rows.ts";

const source = (method: string): string => `Apache Kafka 1eb76443 (4.0.0-SNAPSHOT), KStreamKStreamJoinTest.${method}`;

/** Kafka Streams' inner join of streams with asymmetric windows: which bounds are inside. */
export const intervalJoinKafkaInner: readonly AlgebraCase<IntervalJoinSpec>[] = [
  {
    name: "Kafka's inner join with nothing before a row: both bounds are inside",
    source: source("testAsymmetricWindowingAfter"),
    follows: "kafka-streams",
    operator: { kind: "interval-join", type: "inner", from: 0, to: 100, late: "join" },
    steps: [
      ...wave(left, "0123", "A", (key) => 1000 + key),
      [mark(1002)],
      ...wave(right, "0123", "a", 999),
      ...wave(right, "0123", "b", 1000, "0 A0+b0 @1000"),
      ...wave(right, "0123", "c", 1001, "0 A0+c0 @1001, 1 A1+c1 @1001"),
      ...wave(right, "0123", "d", 1002, "0 A0+d0 @1002, 1 A1+d1 @1002, 2 A2+d2 @1002"),
      ...wave(right, "0123", "e", 1003, "0 A0+e0 @1003, 1 A1+e1 @1003, 2 A2+e2 @1003, 3 A3+e3 @1003"),
      [mark(1099)],
      ...wave(right, "0123", "f", 1100, "0 A0+f0 @1100, 1 A1+f1 @1100, 2 A2+f2 @1100, 3 A3+f3 @1100"),
      [mark(1100)],
      ...wave(right, "0123", "g", 1101, "1 A1+g1 @1101, 2 A2+g2 @1101, 3 A3+g3 @1101"),
      [mark(1101)],
      ...wave(right, "0123", "h", 1102, "2 A2+h2 @1102, 3 A3+h3 @1102"),
      [mark(1102)],
      ...wave(right, "0123", "i", 1103, "3 A3+i3 @1103"),
      [mark(1103)],
      ...wave(right, "0123", "j", 1104),
    ],
  },
  {
    name: "Kafka's inner join with nothing after a row, before any watermark: both bounds are inside",
    source: source("testAsymmetricWindowingBefore"),
    follows: "kafka-streams",
    differs:
      "with watermarks at Kafka's stream time only A3 would have matches: Kafka Streams pairs rows whose windows are closed as long as it keeps them",
    operator: { kind: "interval-join", type: "inner", from: -100, to: 0, late: "join" },
    steps: [
      ...wave(left, "0123", "A", (key) => 1000 + key),
      ...wave(right, "0123", "a", 899),
      ...wave(right, "0123", "b", 900, "0 A0+b0 @1000"),
      ...wave(right, "0123", "c", 901, "0 A0+c0 @1000, 1 A1+c1 @1001"),
      ...wave(right, "0123", "d", 902, "0 A0+d0 @1000, 1 A1+d1 @1001, 2 A2+d2 @1002"),
      ...wave(right, "0123", "e", 903, "0 A0+e0 @1000, 1 A1+e1 @1001, 2 A2+e2 @1002, 3 A3+e3 @1003"),
      ...wave(right, "0123", "f", 1000, "0 A0+f0 @1000, 1 A1+f1 @1001, 2 A2+f2 @1002, 3 A3+f3 @1003"),
      ...wave(right, "0123", "g", 1001, "1 A1+g1 @1001, 2 A2+g2 @1002, 3 A3+g3 @1003"),
      ...wave(right, "0123", "h", 1002, "2 A2+h2 @1002, 3 A3+h3 @1003"),
      ...wave(right, "0123", "i", 1003, "3 A3+i3 @1003"),
      ...wave(right, "0123", "j", 1004),
    ],
  },
];
