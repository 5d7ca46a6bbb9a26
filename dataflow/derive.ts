import { declared } from "./declared.ts";
import type { Environment } from "./environment.ts";
import { type DeriveNode, modelOf, type Node } from "./graph.ts";
import type { Fields, InstantsOf, Model } from "./model.ts";
import { checkFields } from "./model-check.ts";

/** A job's function that makes a row of a derived model, as the graph has it. */
export type DeriveRow = DeriveNode["derive"];

/** What else is said of a derived model. */
export interface DeriveOptions<G extends Fields> {
  /** The instant that deadlines count from; default: the event time. */
  readonly businessTime?: InstantsOf<G>;
}

/** Adds a node with the rows of a derived model. MODEL_INVALID, JOB_DECLARATION_INVALID. */
export function deriveNode(
  { environment, node }: { environment: Environment; node: Node },
  name: string,
  fields: Fields,
  derive: DeriveRow,
  { businessTime }: { readonly businessTime?: string },
): DeriveNode {
  const place = `derive of ${node.uid}`;
  declared.name(place, "name", name);
  declared.fields(place, fields);
  declared.callable(place, "function", derive);
  checkFields(name, fields, businessTime);
  const { from } = modelOf(node);
  const model: Model = { name, from, fields, ...(businessTime === undefined ? {} : { businessTime }) };
  const uid = environment.uidAfter(node, `derive(${name})`);
  return environment.add({ type: "derive", uid, inputs: [node], fields, model, derive });
}
