import { raise } from "../../base/errors.ts";
import type { Environment } from "../environment.ts";
import type { Node, SideNode } from "../graph.ts";

/** The sides of a join, in the order of its inputs. */
export const SIDES = ["left", "right"] as const;

/** One side of a join. */
export type Side = (typeof SIDES)[number];

/** The side output of a join that has the late rows of a side. */
export const lateTag = (side: Side): string => `late-${side}`;

/** The side output with the late rows of one side of a join. JOB_JOIN_INVALID where it has no such side. */
export function lateNode(environment: Environment, join: Node, side: Side): SideNode {
  const input = join.inputs[SIDES.indexOf(side)];
  if (input === undefined)
    raise("JOB_JOIN_INVALID", {
      place: join.uid,
      reason: `${JSON.stringify(side)} is no side: "left" and "right" are`,
    });
  return environment.side(join, lateTag(side), input.fields);
}
