import type { Duration } from "../../base/time.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import { optionChecks } from "../option-checks.ts";
import { ChangelogJoinOperator } from "./changelog-join-operator.ts";
import { checkJoinType, type JoinSide, type JoinType, keepsLonely } from "./join-type.ts";
import { type Comparison, comparisonsOf } from "./pair-condition.ts";
import { checkKeys } from "./same-keys.ts";
import { type Refs, type Selection, selectedFields, selectionOf } from "./selection.ts";

/** Which rows a join hands on, and for how long they are kept. */
export interface ChangelogJoinSpec<L extends Fields, R extends Fields, S extends Selection> {
  /** Of which sides rows without a match are handed on too, with nulls for the other side. */
  readonly type: JoinType;
  /** Names the fields of results: `(left, right) => ({ order: left.order, paid: right.amount })`. */
  readonly select: (left: Refs<L>, right: Refs<R>) => S;
  /**
   * What rows of one key must fulfil besides to be a match: all of a list of comparisons, such as
   * `(order, payment) => [atMost(order.placed, payment.made)]`.
   */
  readonly where?: (left: Refs<L>, right: Refs<R>) => readonly Comparison[];
  /**
   * A row of event time t is forgotten once the watermark has reached t + ttl; what was joined with it stays. Of a row of the
   * seed t is when it was read, of any other without a time it is the watermark. One for both sides, or one for each.
   * Default: rows are kept until they are retracted.
   */
  readonly ttl?: Duration | { readonly left?: Duration; readonly right?: Duration };
}

/** The node of a join of changelogs. JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID. */
export function changelogJoinNode<S extends Selection>(
  uid: string,
  left: JoinSide,
  right: JoinSide,
  { type, select, where, ttl }: ChangelogJoinSpec<Fields, Fields, S>,
): OperatorNode {
  checkKeys(uid, left.key, right.key);
  checkJoinType(uid, type);
  const ttls = typeof ttl === "object" && ttl !== null ? ([ttl.left, ttl.right] as const) : ([ttl, ttl] as const);
  for (const each of ttls) optionChecks.length("JOB_JOIN_INVALID", uid, "ttl", each);
  const sides = [left.node.fields, right.node.fields] as const;
  const selection = selectionOf(uid, ...sides, select);
  const plan = {
    selection,
    comparisons: comparisonsOf(uid, ...sides, where),
    keys: [left.key.column, right.key.column],
    outer: [keepsLonely("left", type), keepsLonely("right", type)],
    ttlMs: ttls,
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
