import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import { IntervalJoinOperator } from "./interval-join-operator.ts";
import { checkJoinType, type JoinSide, type JoinType, keepsLonely } from "./join-type.ts";
import { checkKeys } from "./same-keys.ts";
import { type Refs, type Selection, selectedFields, selectionOf } from "./selection.ts";

/** Which rows an interval join pairs, and what it hands on. */
export interface IntervalJoinSpec<L extends Fields, R extends Fields, S extends Selection> {
  /** A right row is a left row's partner from `left time + from` to `left time + to`, both included. */
  readonly from: Duration;
  readonly to: Duration;
  readonly type: JoinType;
  /**
   * Rows at or before the watermark: `join`, the default, pairs them with what is still kept; `aside` keeps them out and
   * hands them to the side output `late`.
   */
  readonly late?: "join" | "aside";
  /** Names the fields of results: `(left, right) => ({ order: left.order, paid: right.amount })`. */
  readonly select: (left: Refs<L>, right: Refs<R>) => S;
}

/** The node of an interval join. JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID. */
export function intervalJoinNode<S extends Selection>(
  uid: string,
  left: JoinSide,
  right: JoinSide,
  spec: IntervalJoinSpec<Fields, Fields, S>,
): OperatorNode {
  checkKeys(uid, left.key, right.key);
  checkSpec(uid, spec);
  const { from, to, type } = spec;
  const selection = selectionOf(uid, left.node.fields, right.node.fields, spec.select);
  const sides = [
    { fields: left.node.fields, keyColumn: left.key.column, from, to, isOuter: keepsLonely("left", type) },
    {
      fields: right.node.fields,
      keyColumn: right.key.column,
      from: -to,
      to: -from,
      isOuter: keepsLonely("right", type),
    },
  ] as const;
  return left.environment.add({
    type: "operator",
    uid,
    inputs: [left.node, right.node],
    fields: selectedFields(selection),
    keys: [left.key.column, right.key.column],
    create: () => new IntervalJoinOperator(selection, sides, spec.late ?? "join"),
    waitsMs: Math.max(0, to, -from),
    lagMs: Math.max(0, ...sides.map(({ isOuter, to: reach }) => (isOuter ? reach : 0))),
  });
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkSpec(uid: string, { from, to, type, late }: IntervalJoinSpec<Fields, Fields, Selection>) {
  const invalid = (reason: string) => raise("JOB_JOIN_INVALID", { place: uid, reason });
  const isWhole = (bound: unknown) => Number.isSafeInteger(bound);
  if (!isWhole(from) || !isWhole(to)) invalid(`its interval is from ${from} to ${to}: name both, as in minutes(-5)`);
  if (from > to) invalid(`its interval is from ${from} ms to ${to} ms, and nothing is in it: exchange them`);
  checkJoinType(uid, type);
  if (late !== undefined && late !== "join" && late !== "aside")
    invalid(`late is ${JSON.stringify(late)}, and should be "join" or "aside"`);
}
