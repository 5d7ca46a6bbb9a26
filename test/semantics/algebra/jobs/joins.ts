import { milliseconds } from "../../../../base/time.ts";
import type { Environment } from "../../../../dataflow/environment.ts";
import type { JoinType } from "../../../../dataflow/joins/join-type.ts";
import { less } from "../../../../dataflow/joins/pair-condition.ts";
import type { Refs, SelectedFields } from "../../../../dataflow/joins/selection.ts";
import type { JoinAssigner } from "../../../../dataflow/joins/window-join.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import type { KeyedChangelog, KeyedStream } from "../../../../dataflow/streams.ts";
import type * as specs from "../operators.ts";
import { type CaseFields, MODELS } from "./models.ts";
import { late, type Shown, tell } from "./tell.ts";
import { assignerOf } from "./windows.ts";

/** Pairs of rows whose times are close. */
export function intervalJoinJob(env: Environment, spec: specs.IntervalJoinSpec): void {
  const results = events(env, "left").intervalJoin("join", events(env, "right"), {
    type: joinType(spec.type),
    from: milliseconds(spec.from + (spec.fromExclusive ? 1 : 0)),
    to: milliseconds(spec.to - (spec.toExclusive ? 1 : 0)),
    late: spec.late === "join" ? "join" : "aside",
    time: spec.domain ?? "event",
    select,
  });
  tell(results, pair);
  if (spec.late !== "side-output") return;
  tell(results.late("left"), late, "late-left");
  tell(results.late("right"), late, "late-right");
}

/** Pairs of rows in one window. */
export function windowJoinJob(env: Environment, { type, assigner }: specs.WindowJoinSpec): void {
  // Those of the cases end.
  const windows = assignerOf(assigner, "event") as JoinAssigner;
  const results = events(env, "left").windowJoin("join", events(env, "right"), windows, {
    type: joinType(type),
    select,
  });
  tell(results, pair);
}

/** Pairs of rows that hold. */
export function changelogJoinJob(
  env: Environment,
  { type, condition, leftTtl, rightTtl }: specs.ChangelogJoinSpec,
): void {
  const results = changes(env, "left").join("join", changes(env, "right"), {
    type: joinType(type),
    select,
    ...(condition === undefined ? {} : { where: (left, right) => [less(left.number, right.number)] }),
    ttl: {
      ...(leftTtl === undefined ? {} : { left: milliseconds(leftTtl) }),
      ...(rightTtl === undefined ? {} : { right: milliseconds(rightTtl) }),
    },
  });
  tell(results, pair);
}

/** Rows with those of a table as of their time. */
export function temporalJoinJob(env: Environment, { type, ttl }: specs.TemporalJoinSpec): void {
  const results = events(env, "left").lookupJoin("join", changes(env, "right"), {
    type: type === "left" ? "leftOuter" : "inner",
    ...(ttl === undefined ? {} : { ttl: milliseconds(ttl) }),
    select,
  });
  tell(results, pair);
}

type Side = "left" | "right";

const events = (env: Environment, side: Side): KeyedStream<CaseFields, readonly ["key"]> =>
  env.changes(MODELS[side]).asEvents().keyBy("key");

const changes = (env: Environment, side: Side): KeyedChangelog<CaseFields, readonly ["key"]> =>
  env.changes(MODELS[side]).keyBy("key");

const joinType = (type: specs.JoinType): JoinType => (type === "inner" ? "inner" : `${type}Outer`);

/** Rows of one key with several ids differ in what is selected of them. */
const select = (left: Refs<CaseFields>, right: Refs<CaseFields>) => ({
  leftKey: left.key,
  leftId: left.id,
  left: left.value,
  rightKey: right.key,
  rightId: right.id,
  right: right.value,
});

const pair = ({ leftKey, rightKey, left, right }: Row<SelectedFields<ReturnType<typeof select>>>): Shown => ({
  key: leftKey ?? rightKey,
  values: { left, right },
});
