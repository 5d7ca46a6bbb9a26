import type { AlgebraCase, Output } from "./format.ts";
import type { BroadcastSpec, ProcessSpec } from "./operators.ts";
import { add, clock, end, left, mark, markOf, out, right, rule } from "./rows.ts";

const one = (method: string): string => `Apache Flink 51f1684b, KeyedProcessOperatorTest.${method}`;
const two = (method: string): string => `Apache Flink e3754d07, KeyedCoProcessOperatorTest.${method}`;
const broadcast = (method: string): string => `Apache Flink 37d62782, CoBroadcastWithKeyedOperatorTest.${method}`;

const noTimes = "the source's rows have no time at all and say TS:null; here every row has one";

const says = (key: string | null, time: number | undefined, text: string): Output => out(key, time, { text });
const aside = (output: "rules-seen" | "rows-seen", key: string | null, time: number, text: string): Output => ({
  ...says(key, time, text),
  output,
});

/** Flink's functions over keyed streams with state and timers, of one input and of two. */
export const processCases: readonly AlgebraCase<ProcessSpec>[] = [
  {
    name: "process: a function knows its key",
    source: one("testKeyQuerying"),
    follows: "flink",
    operator: { kind: "process", inputs: 1, function: "repeat-key", domain: "event" },
    stateAfter: "empty",
    steps: [
      [add(12, "5", "five"), says("5", 12, "five,5")],
      [add(13, "42", "forty-two"), says("42", 13, "forty-two,42")],
    ],
  },
  {
    name: "process: rows of side outputs have the time of their row too",
    source: one("testSideOutput"),
    follows: "flink",
    differs: "the source has two side outputs, of different types of numbers",
    operator: { kind: "process", inputs: 1, function: "side-output", domain: "event" },
    stateAfter: "empty",
    steps: [[add(17, "42", "42"), says("42", 17, "IN:42"), aside("rows-seen", "42", 17, "42")]],
  },
  {
    name: "process: a function sees the watermark and its row's time",
    source: one("testTimestampAndWatermarkQuerying"),
    follows: "flink",
    operator: { kind: "process", inputs: 1, function: "tell-time", domain: "event" },
    stateAfter: "empty",
    steps: [
      [mark(17)],
      [add(12, "5", "5"), says("5", 12, "5TIME:17 TS:12")],
      [mark(42)],
      [add(13, "6", "6"), says("6", 13, "6TIME:42 TS:13")],
    ],
  },
  {
    name: "process: a function sees the clock",
    source: one("testTimestampAndProcessingTimeQuerying"),
    follows: "flink",
    differs: noTimes,
    operator: { kind: "process", inputs: 1, function: "tell-time", domain: "processing" },
    stateAfter: "empty",
    steps: [
      [clock(17)],
      [add(0, "5", "5"), says("5", 0, "5TIME:17 TS:0")],
      [clock(42)],
      [add(0, "6", "6"), says("6", 0, "6TIME:42 TS:0")],
    ],
  },
  {
    name: "process: a timer of event time fires when the watermark reaches it, and what it gives has its time",
    source: one("testEventTimeTimers"),
    follows: "flink",
    operator: { kind: "process", inputs: 1, function: "timer-in-5", domain: "event" },
    stateAfter: "empty",
    steps: [[mark(0)], [add(42, "17", "17"), says("17", 42, "17")], [mark(4)], [mark(5), says("17", 5, "1777")]],
  },
  {
    name: "process: a timer of the clock fires when the clock reaches it",
    source: one("testProcessingTimeTimers"),
    follows: "flink",
    operator: { kind: "process", inputs: 1, function: "timer-in-5", domain: "processing" },
    stateAfter: "empty",
    steps: [
      [add(0, "17", "17"), says("17", 0, "17")],
      [clock(5), says("17", undefined, "1777")],
    ],
  },
  {
    name: "process: state and timers of event time are those of the row's key",
    source: one("testEventTimeTimerWithState"),
    follows: "flink",
    operator: { kind: "process", inputs: 1, function: "remember-and-tell-in-5", domain: "event" },
    steps: [
      [mark(1)],
      [add(0, "17", "17"), says("17", 0, "INPUT:17")],
      [add(0, "13", "13"), says("13", 0, "INPUT:13")],
      [mark(2)],
      [add(1, "42", "42"), says("42", 1, "INPUT:42")],
      [add(1, "13", "13")],
      [mark(6), says("17", 6, "STATE:17")],
      [mark(7), says("42", 7, "STATE:42")],
    ],
  },
  {
    name: "process: state and timers of the clock are those of the row's key",
    source: one("testProcessingTimeTimerWithState"),
    follows: "flink",
    differs: noTimes,
    operator: { kind: "process", inputs: 1, function: "remember-and-tell-in-5", domain: "processing" },
    steps: [
      [clock(1)],
      [add(0, "17", "17"), says("17", 0, "INPUT:17")],
      [add(0, "13", "13"), says("13", 0, "INPUT:13")],
      [clock(2)],
      [add(0, "13", "13")],
      [add(0, "42", "42"), says("42", 0, "INPUT:42")],
      [clock(6), says("17", undefined, "STATE:17")],
      [clock(7), says("42", undefined, "STATE:42")],
    ],
  },
  {
    name: "process: timers of both kinds are part of checkpoints, and those that were deleted do not fire",
    source: one("testSnapshotAndRestore"),
    follows: "flink",
    operator: { kind: "process", inputs: 1, function: "both-timers", domain: "event" },
    stateAfter: "empty",
    steps: [[add(12, "5", "5")], [clock(5), says("5", undefined, "PROC:1777")], [mark(6), says("5", 6, "EVENT:1777")]],
  },
  {
    name: "process of two inputs: functions of both see the watermark and their row's time",
    source: two("testTimestampAndWatermarkQuerying"),
    follows: "flink",
    differs: "the source says WM where this says TIME",
    operator: { kind: "process", inputs: 2, function: "tell-time", domain: "event" },
    stateAfter: "empty",
    steps: [
      [markOf("left", 17)],
      [markOf("right", 17)],
      [left(12, "5", "5"), says("5", 12, "5TIME:17 TS:12")],
      [markOf("left", 42)],
      [markOf("right", 42)],
      [right(13, "6", "6"), says("6", 13, "6TIME:42 TS:13")],
    ],
  },
  {
    name: "process of two inputs: state and timers are those of the row's key, whichever input it is of",
    source: two("testEventTimeTimerWithState"),
    follows: "flink",
    differs: "the source says INPUT1 or INPUT2 where this says INPUT",
    operator: { kind: "process", inputs: 2, function: "remember-and-tell-in-5", domain: "event" },
    steps: [
      [mark(1)],
      [left(0, "17", "17"), says("17", 0, "INPUT:17")],
      [left(0, "13", "13"), says("13", 0, "INPUT:13")],
      [mark(2)],
      [left(1, "13", "13")],
      [right(1, "42", "42"), says("42", 1, "INPUT:42")],
      [mark(6), says("17", 6, "STATE:17")],
      [mark(7), says("42", 7, "STATE:42")],
    ],
  },
  {
    name: "process of two inputs: rows of both share the key",
    source: two("testGetCurrentKeyFromContext"),
    follows: "flink",
    differs: "the source's rows have no time at all; here every row has one",
    operator: { kind: "process", inputs: 2, function: "repeat-key", domain: "event" },
    stateAfter: "empty",
    steps: [
      [left(0, "5", "5"), says("5", 0, "5,5")],
      [left(0, "6", "6"), says("6", 0, "6,6")],
      [right(0, "hello", "hello"), says("hello", 0, "hello,hello")],
      [right(0, "world", "world"), says("world", 0, "world,world")],
    ],
  },
  {
    name: "process of two inputs: timers go by the lesser watermark of both",
    source: two("testEventTimeTimers"),
    follows: "flink",
    operator: { kind: "process", inputs: 2, function: "timers-of-both-inputs", domain: "event" },
    stateAfter: "empty",
    steps: [
      [left(42, "17", "17"), says("17", 42, "INPUT1:17")],
      [right(42, "18", "18"), says("18", 42, "INPUT2:18")],
      [markOf("left", 5)],
      [markOf("right", 5), says("17", 5, "17:1777")],
      [markOf("left", 6)],
      [markOf("right", 6), says("18", 6, "18:1777")],
    ],
  },
];

const fiveAndMore = "12.key=12,34.key=34,5.key=5,51.key=51,53.key=53,98.key=98";

/** Flink's broadcast state: rules that every subtask sees, beside a keyed stream. */
export const broadcastCases: readonly AlgebraCase<BroadcastSpec>[] = [
  {
    name: "broadcast: the keyed side knows its key",
    source: broadcast("testKeyQuerying"),
    follows: "flink",
    operator: { kind: "broadcast", function: "echo-key" },
    steps: [
      [add(12, "5", "5"), says("5", 12, "5")],
      [add(13, "42", "42"), says("42", 13, "42")],
    ],
  },
  {
    name: "broadcast: rows and rules see the watermark, timers are those of rows",
    source: broadcast("testFunctionWithTimer"),
    follows: "flink",
    differs: "with several subtasks each of them sees the rule, and gives its line for it",
    operator: { kind: "broadcast", function: "timer-at-41" },
    steps: [
      [mark(10)],
      [rule(12, "5"), says(null, 12, "BR:5 WM:10 TS:12")],
      [mark(40)],
      [add(13, "6", "6"), says("6", 13, "NON-BR:6 WM:40 TS:13")],
      [add(15, "6", "6"), says("6", 15, "NON-BR:6 WM:40 TS:15")],
      [mark(50), says("6", 41, "TIMER:41")],
    ],
  },
  {
    name: "broadcast: both sides may give to side outputs",
    source: broadcast("testSideOutput"),
    follows: "flink",
    differs: "with several subtasks each of them sees the rule, and gives its line for it",
    operator: { kind: "broadcast", function: "side-outputs" },
    steps: [
      [mark(10)],
      [rule(12, "5"), aside("rules-seen", null, 12, "BR:5 WM:10 TS:12")],
      [mark(40)],
      [add(13, "6", "6"), aside("rows-seen", "6", 13, "NON-BR:6 WM:40 TS:13")],
      [add(15, "6", "6"), aside("rows-seen", "6", 15, "NON-BR:6 WM:40 TS:15")],
      [mark(50)],
    ],
  },
  {
    name: "broadcast: a timer sees the rules that have come by then",
    source: broadcast("testFunctionWithBroadcastState"),
    follows: "flink",
    operator: { kind: "broadcast", function: "list-rules-at-41" },
    steps: [
      [mark(10)],
      [rule(10, "5")],
      [rule(12, "34")],
      [rule(15, "53")],
      [rule(16, "12")],
      [rule(19, "98")],
      [add(13, "trigger", "trigger")],
      [rule(21, "51")],
      [mark(50), says("trigger", 41, `TS:41 ${fiveAndMore}`)],
    ],
  },
  {
    name: "broadcast: every subtask has all rules, when there are more subtasks or fewer than before",
    source: `${broadcast("testScaleUp")} and testScaleDown`,
    follows: "flink",
    operator: { kind: "broadcast", function: "list-rules" },
    order: "any",
    steps: [
      [rule(0, "3")],
      ...["0", "1", "2", "3", "4", "5"].map(
        (key) => [add(1, key, key), says(key, 1, "test1=3"), says(key, 1, "test2=3"), says(key, 1, "test3=3")] as const,
      ),
      [end],
    ],
  },
];
