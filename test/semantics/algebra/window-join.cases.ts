import type { AlgebraCase, Step } from "./format.ts";
import type { CoGroupSpec, JoinType, WindowJoinSpec } from "./operators.ts";
import { end, left, mark, out, pair, right } from "./rows.ts";

const sql = (method: string): string => `Apache Flink 37d62782, WindowJoinOperatorTest.${method}`;
const streams = (method: string): string => `Apache Flink 0d98b8d9, CoGroupJoinITCase.${method}`;

/**
 * Flink SQL's window join. Its rows carry the end of their window only; here they have a time in that window of 3 ms, the
 * first one's in a window that ends at 0 instead of 1, so that all windows are aligned.
 */
export const windowJoinCases: readonly AlgebraCase<WindowJoinSpec>[] = [
  joinOf("inner", "testInnerJoin"),
  joinOf("left", "testLeftOuterJoin"),
  joinOf("right", "testRightOuterJoin"),
  joinOf("full", "testOuterJoin"),
  {
    name: "window join of streams: every pair of a key in a window",
    source: streams("testJoin"),
    follows: "flink",
    operator: { kind: "window-join", type: "inner", assigner: { type: "tumbling", size: 3 } },
    order: "any",
    stateAfter: "empty",
    steps: [
      ...rows(left, "a x 0, a y 1, a z 2, b u 3, b w 5, a i 6, a j 7, a k 8"),
      ...rows(right, "a u 0, a w 1, b i 3, b k 5, a x 6, a z 8"),
      [end, ...product("a", 2, "xyz", "uw"), ...product("b", 5, "uw", "ik"), ...product("a", 8, "ijk", "xz")],
    ],
  },
  {
    name: "window join of a stream with itself",
    source: streams("testSelfJoin"),
    follows: "flink",
    operator: { kind: "window-join", type: "inner", assigner: { type: "tumbling", size: 3 } },
    order: "any",
    stateAfter: "empty",
    steps: [
      ...rows(left, "a x 0, a y 1, a z 2, b u 3, b w 5, a i 6, a j 7, a k 8"),
      ...rows(right, "a x 0, a y 1, a z 2, b u 3, b w 5, a i 6, a j 7, a k 8"),
      [end, ...product("a", 2, "xyz", "xyz"), ...product("b", 5, "uw", "uw"), ...product("a", 8, "ijk", "ijk")],
    ],
  },
  {
    name: "window join, full: a session of both sides is one window",
    source: `${streams("testJoin")}, its first rows in sessions as EventTimeSessionWindows merge them`,
    follows: "flink",
    differs:
      "Flink SQL joins windows that a window function gave each side before, so there each side has its own sessions",
    operator: { kind: "window-join", type: "full", assigner: { type: "session", gap: 3 } },
    order: "any",
    stateAfter: "empty",
    steps: [
      [left(0, "a", "x")],
      [right(4, "a", "u")],
      [left(2, "a", "y")],
      [mark(5)],
      [mark(6), pair("a", 6, "x", "u"), pair("a", 6, "y", "u")],
      [right(20, "a", "w")],
      [end, pair("a", 22, null, "w")],
    ],
  },
];

/** Flink's co-group: all rows of both sides in a window, though one side has none. */
export const coGroupCases: readonly AlgebraCase<CoGroupSpec>[] = [
  {
    name: "co-group: a window gives all its rows of both sides, and is there when one side has none",
    source: streams("testCoGroup"),
    follows: "flink",
    operator: { kind: "co-group", assigner: { type: "tumbling", size: 3 } },
    stateAfter: "empty",
    steps: [
      ...rows(left, "a 0 0, a 1 1, a 2 2, b 3 3, b 4 4, b 5 5, a 6 6, a 7 7, a 8 8"),
      ...rows(right, "a 0 0, a 1 1, b 3 3, c 6 6, c 7 7, c 8 8"),
      [
        end,
        out("a", 2, { left: "0,1,2", right: "0,1" }),
        out("b", 5, { left: "3,4,5", right: "3" }),
        out("a", 8, { left: "6,7,8", right: "" }),
        out("c", 8, { left: "", right: "6,7,8" }),
      ],
    ],
  },
];

/** One sequence of rows for all types: windows that end at 3, 6, 9, 12 and 15. */
function joinOf(type: JoinType, method: string): AlgebraCase<WindowJoinSpec> {
  const padLeft = (time: number, value: string) =>
    type === "left" || type === "full" ? [pair("k1", time, value, null)] : [];
  const padRight = (time: number, value: string) =>
    type === "right" || type === "full" ? [pair("k1", time, null, value)] : [];
  return {
    name: `SQL window join, ${type}: results come when the window ends, late rows are dropped`,
    source: sql(method),
    follows: "flink-sql",
    operator: { kind: "window-join", type, assigner: { type: "tumbling", size: 3 } },
    order: "any",
    stateAfter: "empty",
    steps: [
      [mark(1)],
      [left(-1, "k1", "late")],
      [left(2, "k1", "L3")],
      [left(2, "k1", "L3 again")],
      [right(2, "k1", "R3")],
      [left(5, "k1", "L6")],
      [right(8, "k1", "R9")],
      [mark(10), pair("k1", 2, "L3", "R3"), pair("k1", 2, "L3 again", "R3"), ...padLeft(5, "L6"), ...padRight(8, "R9")],
      [left(11, "k1", "L12")],
      [left(14, "k1", "L15")],
      [right(14, "k1", "R15")],
      [right(14, "k1", "R15 again")],
      [mark(13), ...padLeft(11, "L12")],
      [mark(18), pair("k1", 14, "L15", "R15"), pair("k1", 14, "L15", "R15 again")],
    ],
  };
}

/** Rows as `key value time`. */
function rows(side: typeof left, text: string): Step[] {
  return text.split(", ").map((item): Step => {
    const [key, value, time] = item.split(" ");
    return [side(Number(time), key!, value!)];
  });
}

function product(key: string, time: number, lefts: string, rights: string) {
  return [...lefts].flatMap((of) => [...rights].map((with_) => pair(key, time, of, with_)));
}
