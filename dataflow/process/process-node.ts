import { raise } from "../../base/errors.ts";
import { declared } from "../declared.ts";
import type { Environment } from "../environment.ts";
import type { Node, OperatorNode } from "../graph.ts";
import type { KeySpec } from "../keys.ts";
import type { Fields } from "../model.ts";
import { ProcessOperator, type ProcessPlan } from "./process-operator.ts";
import type { ProcessSpec, Sides } from "./process-spec.ts";
import { checkSides } from "./sides.ts";
import { checkBroadcastStates, checkStates, type StateSpecs } from "./state-spec.ts";

/** What the operator of a process function of one input is made of. */
export function processPlan<F extends Fields, S extends StateSpecs, G extends Fields, D extends Sides>(
  uid: string,
  { fields }: Node,
  { column: key }: KeySpec,
  { state, emits, sides, onElement: onRow, onTimer, onProcessingTimer }: ProcessSpec<F, S, G, D>,
): ProcessPlan {
  const inputs = [{ fields, key, onRow }];
  return { uid, inputs, state, broadcastState: {}, emits, sides: sides ?? {}, onTimer, onProcessingTimer };
}

/** Adds the operator of process functions. JOB_STATE_INVALID, JOB_SIDE_INVALID, JOB_DUPLICATE_NAME. */
export function processNode(environment: Environment, inputs: readonly Node[], plan: ProcessPlan): OperatorNode {
  const { uid, state, broadcastState, sides, emits: fields } = plan;
  declared.fields(uid, fields);
  for (const { onRow } of plan.inputs) declared.callable(uid, "function of rows", onRow);
  declared.callable(uid, "onTimer", plan.onTimer, true);
  declared.callable(uid, "onProcessingTimer", plan.onProcessingTimer, true);
  declared.spec(`state of ${uid}`, state);
  checkStates(uid, state);
  checkBroadcastStates(uid, broadcastState);
  for (const name of Object.keys(broadcastState)) {
    if (name in state) raise("JOB_DUPLICATE_NAME", { kind: "states", name: `${name} in ${uid}` });
  }
  checkSides(uid, sides);
  const keys = plan.inputs.map(({ key }) => key);
  return environment.add({ type: "operator", uid, inputs, fields, keys, create: () => new ProcessOperator(plan) });
}
