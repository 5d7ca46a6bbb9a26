import type { Environment } from "../environment.ts";
import type { Node, SideNode } from "../graph.ts";

/** The side output of rows that came too late for their windows. */
export const LATE = "late";

/** Adds the side output with the late rows of a window operator. */
export function lateRowsNode(environment: Environment, windows: Node): SideNode {
  const { fields } = windows.inputs[0]!;
  return environment.add({ type: "side", uid: `${windows.uid}/${LATE}`, inputs: [windows], fields, tag: LATE });
}
