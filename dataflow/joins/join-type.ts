import { raise } from "../../base/errors.ts";
import type { Environment } from "../environment.ts";
import type { Node } from "../graph.ts";
import type { KeySpec } from "../keys.ts";
import type { Side } from "./late-side.ts";

/** Of which sides a join hands on rows without a partner too. */
export type JoinType = (typeof JOIN_TYPES)[number];

/** All join types. */
export const JOIN_TYPES = ["inner", "leftOuter", "rightOuter", "fullOuter"] as const;

/** One side of a join, as the builder has it. */
export interface JoinSide {
  readonly environment: Environment;
  readonly node: Node;
  readonly key: KeySpec;
}

/** Whether a join of a type hands on a side's rows without a partner. */
export function keepsLonely(side: Side, type: JoinType): boolean {
  return type === "fullOuter" || type === `${side}Outer`;
}

/** Jobs run without the compiler, so what it would have said is said here. JOB_JOIN_INVALID. */
export function checkJoinType(uid: string, type: JoinType): void {
  if (JOIN_TYPES.includes(type)) return;
  const known = JOIN_TYPES.map((each) => JSON.stringify(each)).join(", ");
  raise("JOB_JOIN_INVALID", {
    place: uid,
    reason: `its type is ${JSON.stringify(type)}, and should be one of ${known}`,
  });
}
