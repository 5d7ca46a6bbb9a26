import { raise } from "../../base/errors.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import {
  type AlignedAssigner,
  kindOf,
  lengthOf,
  type SessionAssigner,
  type WindowAssigner,
} from "../windows/assigners.ts";
import { checkJoinType, type JoinSide, type JoinType, keepsLonely } from "./join-type.ts";
import { alignedJoinWindows, type JoinWindows, sessionJoinWindows } from "./join-windows.ts";
import { checkKeys } from "./same-keys.ts";
import { type Refs, type Selection, selectedFields, selectionOf } from "./selection.ts";
import { WindowJoinOperator } from "./window-join-operator.ts";

/** Windows that end, as joins need them; sessions have one gap for all rows. */
export type JoinAssigner = AlignedAssigner | SessionAssigner;

/** What a window join hands on. */
export interface WindowJoinSpec<L extends Fields, R extends Fields, S extends Selection> {
  readonly type: JoinType;
  /** Names the fields of results: `(left, right) => ({ order: left.order, paid: right.amount })`. */
  readonly select: (left: Refs<L>, right: Refs<R>) => S;
}

/** The node of a window join. JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID. */
export function windowJoinNode<S extends Selection>(
  uid: string,
  left: JoinSide,
  right: JoinSide,
  assigner: WindowAssigner,
  { type, select }: WindowJoinSpec<Fields, Fields, S>,
): OperatorNode {
  checkKeys(uid, left.key, right.key);
  checkJoinType(uid, type);
  if (assigner?.domain === undefined)
    raise("JOB_JOIN_INVALID", { place: uid, reason: "it needs a window, as in tumbling(minutes(5))" });
  windowsOf(uid, assigner);
  const selection = selectionOf(uid, left.node.fields, right.node.fields, select);
  const sides = [
    { fields: left.node.fields, keyColumn: left.key.column, isOuter: keepsLonely("left", type) },
    { fields: right.node.fields, keyColumn: right.key.column, isOuter: keepsLonely("right", type) },
  ];
  const { domain } = assigner;
  const kind = kindOf(assigner);
  return left.environment.add({
    type: "operator",
    uid,
    inputs: [left.node, right.node],
    fields: selectedFields(selection),
    keys: [left.key.column, right.key.column],
    create: () => new WindowJoinOperator({ selection, sides, domain, kind, windows: windowsOf(uid, assigner) }),
    waitsMs: lengthOf(assigner),
  });
}

/** Windows hold a memory of days, so each subtask has its own. */
function windowsOf(uid: string, assigner: WindowAssigner): JoinWindows {
  const invalid = (reason: string) => raise("JOB_JOIN_INVALID", { place: uid, reason });
  switch (assigner.type) {
    case "global":
      return invalid("a global window is never over: join changelogs, or name another window");
    case "session":
      if (typeof assigner.gap === "number") return sessionJoinWindows(assigner.gap);
      return invalid("the gap of its sessions must be one for all rows of both sides");
    default:
      return alignedJoinWindows(assigner);
  }
}
