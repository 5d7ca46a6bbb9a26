import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import { ChangelogJoinOperator } from "./changelog-join-operator.ts";
import { checkJoinType, type JoinSide, type JoinType, keepsLonely } from "./join-type.ts";
import { checkKeys } from "./same-keys.ts";
import { type Refs, type Selection, selectedFields, selectionOf } from "./selection.ts";

/** Which rows a join hands on, and for how long they are kept. */
export interface ChangelogJoinSpec<L extends Fields, R extends Fields, S extends Selection> {
  /** Of which sides rows without a match are handed on too, with nulls for the other side. */
  readonly type: JoinType;
  /** Names the fields of results: `(left, right) => ({ order: left.order, paid: right.amount })`. */
  readonly select: (left: Refs<L>, right: Refs<R>) => S;
  /**
   * A row of event time t is forgotten once the watermark has reached t + ttl; what was joined with it stays. Default: rows
   * are kept until they are retracted.
   */
  readonly ttl?: Duration;
}

/** The node of a join of changelogs. JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID. */
export function changelogJoinNode<S extends Selection>(
  uid: string,
  left: JoinSide,
  right: JoinSide,
  { type, select, ttl }: ChangelogJoinSpec<Fields, Fields, S>,
): OperatorNode {
  checkKeys(uid, left.key, right.key);
  checkJoinType(uid, type);
  checkLength(uid, "ttl", ttl);
  const selection = selectionOf(uid, left.node.fields, right.node.fields, select);
  const plan = {
    selection,
    keys: [left.key.column, right.key.column],
    outer: [keepsLonely("left", type), keepsLonely("right", type)],
    ttlMs: ttl,
  } as const;
  return left.environment.add({
    type: "operator",
    uid,
    inputs: [left.node, right.node],
    fields: selectedFields(selection),
    keys: plan.keys,
    create: () => new ChangelogJoinOperator(plan),
  });
}

/** Lengths of time are named, and none of them is empty. JOB_JOIN_INVALID. */
export function checkLength(place: string, name: string, length: Duration | undefined): void {
  if (length === undefined || (Number.isFinite(length) && length > 0)) return;
  raise("JOB_JOIN_INVALID", {
    place,
    reason: `its ${name} is ${length}, and should be a length of time, such as hours(24)`,
  });
}
