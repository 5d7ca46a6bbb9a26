import type { Environment } from "../environment.ts";
import type { Node } from "../graph.ts";
import type { KeySpec } from "../keys.ts";
import { optionChecks } from "../option-checks.ts";
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

/** JOB_JOIN_INVALID. */
export function checkJoinType(uid: string, type: JoinType): void {
  optionChecks.oneOf("JOB_JOIN_INVALID", uid, "type", type, JOIN_TYPES);
}
