import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import type { AggregateBuilder, Aggregates } from "../aggregates/aggregate.ts";
import { aggregatedFields, aggregatesOf, requireOfFolds } from "../aggregates/builder.ts";
import { compileAggregates } from "../aggregates/compile.ts";
import { currencyColumn } from "../change-layout.ts";
import { declared } from "../declared.ts";
import type { Environment } from "../environment.ts";
import type { Node, OperatorNode } from "../graph.ts";
import type { KeySpec } from "../keys.ts";
import type { Field, Fields, FieldsOf, MoneyValue } from "../model.ts";
import type { Operator } from "../operator.ts";
import { optionChecks } from "../option-checks.ts";
import { FirstRow, LastRow } from "./deduplicate.ts";
import { EarliestRow } from "./earliest-row.ts";
import { RunningAggregate } from "./running-aggregate.ts";
import { TopRows } from "./top-rows.ts";

/** How long a key is kept. */
export interface TtlOptions {
  /**
   * A key is forgotten once the watermark has reached the time of its last write + ttl; what was emitted of it stays.
   * Default: never.
   */
  readonly ttl?: Duration;
}

/** Which row of each key is kept. */
export interface DeduplicateSpec<W extends "first" | "last", B extends "arrival" | "eventTime"> extends TtlOptions {
  readonly keep: W;
  /**
   * What makes a row the first or last one: `arrival`, in which of the rows come, or `eventTime`; of rows with one time the
   * first that came is the first, and the last that came the last. Default: `arrival` for the first, `eventTime` for the last.
   */
  readonly by?: B;
}

/** What rows can be ordered by: fields that have an order, of money where its currency is part of the key. */
export type RankedBy<F extends Fields, K extends readonly string[]> =
  | FieldsOf<F, bigint | number | string>
  | { [N in FieldsOf<F, MoneyValue>]: `${N}.currency` extends K[number] ? N : never }[FieldsOf<F, MoneyValue>];

/** How rows of a key are ranked. */
export interface TopSpec<B extends string, W extends boolean> extends TtlOptions {
  readonly by: B;
  /** `asc`: least first. Nulls are below all values. */
  readonly order: "asc" | "desc";
  /** Shows the rank, from 1, in the field `rank`. Default: no. */
  readonly withRank?: W;
  /** How many rows are ranked before those that are shown. Default: none. */
  readonly skip?: number;
}

/** The fields of rows that show their rank, or do not. */
export type WithRank<F extends Fields, W extends boolean> = W extends true ? F & { readonly rank: Field<bigint> } : F;

/** Rows by key: what a node of this folder follows. */
export interface KeyedInput {
  readonly environment: Environment;
  readonly node: Node;
  readonly key: KeySpec;
}

/** The node of aggregates that are kept right with each row. JOB_AGGREGATE_INVALID. */
export function aggregateNode<F extends Fields, K extends readonly string[], S extends Aggregates>(
  uid: string,
  { environment, node, key }: KeyedInput,
  define: (rows: AggregateBuilder<F, K>) => S,
  { ttl }: TtlOptions,
  retracts: boolean,
): OperatorNode {
  const spec = aggregatesOf(uid, node.fields as F, key, define);
  if (retracts) requireOfFolds(uid, spec, "retract");
  optionChecks.length("JOB_CHANGELOG_INVALID", uid, "ttl", ttl);
  const create = () => {
    const compiled = compileAggregates(uid, node.fields, key, spec, { retracts });
    return new RunningAggregate(compiled, key.column, ttl);
  };
  return operatorNode(uid, { environment, node, key }, aggregatedFields(spec), create);
}

/** The node that keeps one row of each key. JOB_CHANGELOG_INVALID. */
export function deduplicateNode(
  uid: string,
  input: KeyedInput,
  {
    keep,
    by = keep === "first" ? "arrival" : "eventTime",
    ttl,
  }: DeduplicateSpec<"first" | "last", "arrival" | "eventTime">,
): OperatorNode {
  const { fields } = input.node;
  if (keep !== "first" && keep !== "last") refuse(uid, `it keeps ${String(keep)}, and should keep "first" or "last"`);
  if (by !== "arrival" && by !== "eventTime")
    refuse(uid, `it goes by ${String(by)}, and should go by "arrival" or "eventTime"`);
  optionChecks.length("JOB_CHANGELOG_INVALID", uid, "ttl", ttl);
  const byTime = by === "eventTime";
  const { column } = input.key;
  const create = () => {
    if (keep === "last") return new LastRow(fields, column, byTime, ttl);
    return byTime ? new EarliestRow(fields, column, ttl) : new FirstRow(fields, column, ttl);
  };
  return operatorNode(uid, input, fields, create);
}

/** The node that shows the first rows of each key. JOB_CHANGELOG_INVALID. */
export function topNode(
  uid: string,
  input: KeyedInput,
  n: number,
  spec: TopSpec<string, boolean>,
  retracts: boolean,
): OperatorNode {
  declared.spec(uid, spec);
  const { by, order, withRank = false, skip = 0, ttl } = spec;
  const { fields } = input.node;
  if (!Number.isSafeInteger(n) || n < 1) refuse(uid, `it shows ${String(n)} rows, and should show 1 or more`);
  if (!Number.isSafeInteger(skip) || skip < 0) refuse(uid, `it skips ${String(skip)} rows, and should skip 0 or more`);
  if (order !== "asc" && order !== "desc") refuse(uid, `its order is ${String(order)}, and should be "asc" or "desc"`);
  if (withRank && RANK in fields) refuse(uid, `its rows have a field ${RANK} already: give that another name before`);
  checkRanked(uid, input, by);
  optionChecks.length("JOB_CHANGELOG_INVALID", uid, "ttl", ttl);
  const rank = withRank ? RANK : undefined;
  const emits: Fields = withRank ? { ...fields, [RANK]: { kind: "integer" } } : fields;
  const { column: key } = input.key;
  const plan = { fields, key, skip, n, by, isDescending: order === "desc", rank, retracts, ttlMs: ttl };
  return operatorNode(uid, input, emits, () => new TopRows(plan));
}

/** The field that shows a rank. */
const RANK = "rank";

function operatorNode(
  uid: string,
  { environment, node, key }: KeyedInput,
  fields: Fields,
  create: () => Operator,
): OperatorNode {
  return environment.add({ type: "operator", uid, inputs: [node], fields, keys: [key.column], create });
}

function checkRanked(uid: string, { node: { fields }, key }: KeyedInput, by: string): void {
  const known = Object.keys(fields);
  if (!known.includes(by)) refuse(uid, `its rows have no field ${String(by)}, only ${known.join(", ")}`);
  const { kind } = fields[by]!;
  if (kind === "flag") refuse(uid, `its rows cannot be ordered by ${by}, which is a flag`);
  if (kind === "money" && !key.parts.some(({ name }) => name === currencyColumn(by))) {
    refuse(uid, `amounts of several currencies have no order. Key its rows by ${currencyColumn(by)} too`);
  }
}

function refuse(place: string, reason: string): never {
  return raise("JOB_CHANGELOG_INVALID", { place, reason });
}
