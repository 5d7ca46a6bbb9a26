import { refuse, shown } from "./declared.ts";
import type { Environment } from "./environment.ts";
import type { Node, SampleNode } from "./graph.ts";
import { keySpec } from "./keys.ts";

/** Adds a node with all rows of a share of the keys. `by`: undefined for the primary key of changes. JOB_DECLARATION_INVALID, JOB_NOT_A_KEY. */
export function sampleNode(
  { environment, node }: { environment: Environment; node: Node },
  share: number,
  by: string | undefined,
): SampleNode {
  if (typeof share !== "number" || !(share > 0 && share <= 1)) {
    refuse(`sample of ${node.uid}`, `its share is ${shown(share)}, and should be a part of 1, as 0.01`);
  }
  const key = by === undefined ? undefined : keySpec(node.uid, node.fields, [by]);
  const uid = environment.uidAfter(node, `sample(${share}${by === undefined ? "" : ` by ${by}`})`);
  return environment.add({ type: "sample", uid, inputs: [node], fields: node.fields, share, key });
}
