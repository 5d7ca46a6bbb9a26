import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import { optionChecks } from "../option-checks.ts";
import type { TimeDomain } from "../windows/assigners.ts";
import { IntervalJoinOperator, type IntervalSide } from "./interval-join-operator.ts";
import { checkJoinType, type JoinSide, type JoinType, keepsLonely } from "./join-type.ts";
import type { Side } from "./late-side.ts";
import { checkKeys } from "./same-keys.ts";
import { type Refs, type Selection, selectedFields, selectionOf } from "./selection.ts";

/** Which rows an interval join pairs, and what it hands on. */
export interface IntervalJoinSpec<L extends Fields, R extends Fields, S extends Selection> {
  /** A right row is a left row's partner from `left time + from` to `left time + to`, both included. */
  readonly from: Duration;
  readonly to: Duration;
  readonly type: JoinType;
  /** What a row's time is: its event time, or the processing time at which it comes. Default: `event`. */
  readonly time?: TimeDomain;
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
  const { from, to, type, time: domain = "event", late = "join" } = spec;
  const selection = selectionOf(uid, left.node.fields, right.node.fields, spec.select);
  const side = (name: Side, { node, key }: JoinSide, bounds: { readonly from: number; readonly to: number }) => ({
    fields: node.fields,
    keyColumn: key.column,
    ...bounds,
    isOuter: keepsLonely(name, type),
  });
  const sides = [side("left", left, { from, to }), side("right", right, { from: -to, to: -from })];
  const plan = { selection, sides, domain, kind: `interval_${domain}`, late };
  const reach = (some: readonly IntervalSide[]) => Math.max(0, ...some.map(({ to }) => to));
  return left.environment.add({
    type: "operator",
    uid,
    inputs: [left.node, right.node],
    fields: selectedFields(selection),
    keys: [left.key.column, right.key.column],
    create: () => new IntervalJoinOperator(plan),
    waitsMs: reach(sides),
    lagMs: domain === "event" ? reach(sides.filter(({ isOuter }) => isOuter)) : 0,
  });
}

/** Jobs run without the compiler, so what it would have said is said here. */
function checkSpec(uid: string, { from, to, type, time, late }: IntervalJoinSpec<Fields, Fields, Selection>) {
  const invalid = (reason: string) => raise("JOB_JOIN_INVALID", { place: uid, reason });
  const isWhole = (bound: unknown) => Number.isSafeInteger(bound);
  if (!isWhole(from) || !isWhole(to)) invalid(`its interval is from ${from} to ${to}: name both, as in minutes(-5)`);
  if (from > to) invalid(`its interval is from ${from} ms to ${to} ms, and nothing is in it: exchange them`);
  checkJoinType(uid, type);
  if (time !== undefined) optionChecks.oneOf("JOB_JOIN_INVALID", uid, "time", time, ["event", "processing"]);
  if (late !== undefined) optionChecks.oneOf("JOB_JOIN_INVALID", uid, "late", late, ["join", "aside"]);
}
