import { assert } from "../base/errors.ts";
import { type Duration, days, seconds } from "../base/time.ts";
import type { Environment } from "../dataflow/environment.ts";
import type { Node, OperatorNode } from "../dataflow/graph.ts";
import type { Leg } from "../dataflow/leg.ts";
import type { Model } from "../dataflow/model.ts";
import { ReconcileOperator } from "./reconcile-operator.ts";
import type { CheckInput, ReconcileRule, RuleLeg, Tolerance } from "./rule.ts";
import { checkLeg, checkSpec } from "./rule-check.ts";

/** Legs of one side by name; the names appear in verdicts and alerts. */
export type Legs<K extends string> = Readonly<Record<string, Leg<K>>>;

/** A reconciliation: Σ expected = Σ actual, by key and currency, each contribution by its deadline. */
export interface ReconcileSpec<K extends string> {
  /** The key field, which every leg's model must have. */
  readonly by: K;
  /** What ought to come: `{ captured: payments.sum("amount"), refunded: minus(refunds.sum("amount")) }`. */
  readonly expect: Legs<NoInfer<K>>;
  /** What came. */
  readonly actual: Legs<NoInfer<K>>;
  /** From the business time of an expected row to the point where its counterpart must be there. `Leg.within` overrides it. */
  readonly missingAfter: Duration;
  /** From the business time of an actual row to the point where what it belongs to must be known. Default: `missingAfter`. */
  readonly unknownAfter?: Duration;
  /** How far the databases' clocks may differ. Default: 2 s. */
  readonly skew?: Duration;
  /** Default: none, the sides must be equal. */
  readonly tolerance?: Tolerance;
  /** Rises when the author changes what the rule means; shown with every verdict. Default: 1. */
  readonly version?: number;
  /** How long a closed key leaves a marker. Default: 180 days. */
  readonly retain?: Duration;
  /** `all` emits every transition, passes too. Default: into, within and out of fail and unobservable. */
  readonly emit?: "all";
}

/** Adds a reconciliation to a job. `uid` names it for ever. Throws RULE_INVALID for a rule that cannot be judged. */
export function reconcile<K extends string>(environment: Environment, uid: string, spec: ReconcileSpec<K>): void {
  checkSpec(uid, spec);
  const inputs: CheckInput[] = [];
  const nodes: Node[] = [];
  const { by, missingAfter, unknownAfter = missingAfter } = spec;
  const resolve = (side: RuleLeg["side"], legs: Legs<never>, deadlineMs: number) =>
    Object.entries(legs).map(([name, leg]): RuleLeg => {
      const { node } = leg.changes;
      const model = modelOf(node);
      checkLeg(uid, by, model, leg);
      let input = nodes.indexOf(node);
      if (input < 0) {
        input = nodes.push(node) - 1;
        inputs.push({ model, key: by, rows: node.uid.replaceAll(/~\d+/g, "") });
      }
      const { scale } = model.fields[leg.field]!.money!;
      const own = { name, side, sign: leg.sign, input, field: leg.field, scale, origin: originOf(leg, model, by) };
      return { ...own, deadlineMs: leg.deadlineMs ?? deadlineMs };
    });
  const rule: ReconcileRule = {
    uid,
    legs: [...resolve("expect", spec.expect, missingAfter), ...resolve("actual", spec.actual, unknownAfter)],
    skewMs: spec.skew ?? seconds(2),
    tolerance: spec.tolerance,
    version: spec.version ?? 1,
    retainMs: spec.retain ?? days(180),
    emitAll: spec.emit === "all",
  };
  const node: OperatorNode = {
    type: "operator",
    uid,
    inputs: nodes,
    fields: {},
    keys: inputs.map(() => by),
    waitsMs: Math.max(...rule.legs.map(({ deadlineMs }) => deadlineMs)) + rule.skewMs,
    create: () => new ReconcileOperator(rule, inputs),
  };
  environment.add(node);
}

/** All that decides which rows a leg counts, and as what. */
function originOf(leg: Leg<never>, model: Model, by: string): string {
  const { node } = leg.changes;
  const { name, from, businessTime = null, fields } = model;
  return JSON.stringify([node.uid, name, from, businessTime, by, fields[by], leg.field, fields[leg.field]]);
}

function modelOf(node: Node): Model {
  if (node.type === "changes") return node.model;
  const [input] = node.inputs;
  assert(input !== undefined, `${node.uid} follows a changelog`);
  return modelOf(input);
}
