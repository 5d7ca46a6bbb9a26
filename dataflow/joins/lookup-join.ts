import type { Duration } from "../../base/time.ts";
import type { OperatorNode } from "../graph.ts";
import type { Fields } from "../model.ts";
import { optionChecks } from "../option-checks.ts";
import type { JoinSide } from "./join-type.ts";
import { LookupJoinOperator } from "./lookup-join-operator.ts";
import { checkKeys } from "./same-keys.ts";
import { type Refs, type Selection, selectedFields, selectionOf } from "./selection.ts";

/** What a look-up join hands on, and for how long it keeps the table's rows. */
export interface LookupJoinSpec<L extends Fields, R extends Fields, S extends Selection> {
  /** `leftOuter`: events without a row are handed on too, with nulls. */
  readonly type: "inner" | "leftOuter";
  /** Names the fields of results: `(order, rate) => ({ order: order.id, rate: rate.value })`. */
  readonly select: (event: Refs<L>, row: Refs<R>) => S;
  /**
   * How long a row is kept after it was replaced or retracted: an event that lies less behind the watermark still gets the
   * row of its time. Default: not at all.
   */
  readonly keep?: Duration;
  /**
   * Events at or before the watermark, less `keep`: `join`, the default, joins them with what is still kept, as Flink does;
   * `aside` keeps them out and hands them to the side output `late`.
   */
  readonly late?: "join" | "aside";
  /**
   * A row that neither changed nor was joined for so long, in event time, is forgotten. Default: rows are kept until they
   * are retracted.
   */
  readonly ttl?: Duration;
}

/** The node of a look-up join. JOB_SELECTION_INVALID, JOB_KEYS_DIFFER, JOB_JOIN_INVALID. */
export function lookupJoinNode<S extends Selection>(
  uid: string,
  events: JoinSide,
  table: JoinSide,
  { type, select, keep, late = "join", ttl }: LookupJoinSpec<Fields, Fields, S>,
): OperatorNode {
  checkKeys(uid, events.key, table.key);
  optionChecks.length("JOB_JOIN_INVALID", uid, "keep", keep);
  optionChecks.length("JOB_JOIN_INVALID", uid, "ttl", ttl);
  optionChecks.oneOf("JOB_JOIN_INVALID", uid, "type", type, ["inner", "leftOuter"]);
  optionChecks.oneOf("JOB_JOIN_INVALID", uid, "late", late, ["join", "aside"]);
  const selection = selectionOf(uid, events.node.fields, table.node.fields, select);
  const plan = {
    selection,
    fields: events.node.fields,
    keys: [events.key.column, table.key.column],
    isOuter: type === "leftOuter",
    keepMs: keep ?? 0,
    ttlMs: ttl,
    late,
  } as const;
  return events.environment.add({
    type: "operator",
    uid,
    inputs: [events.node, table.node],
    fields: selectedFields(selection),
    keys: plan.keys,
    create: () => new LookupJoinOperator(plan),
  });
}
