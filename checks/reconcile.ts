import { assert, raise } from "../base/errors.ts";
import { parseDecimal } from "../base/money.ts";
import { type Duration, days, seconds } from "../base/time.ts";
import type { Environment } from "../dataflow/environment.ts";
import type { Node, OperatorNode } from "../dataflow/graph.ts";
import type { Model } from "../dataflow/model.ts";
import type { Leg } from "../dataflow/streams.ts";
import { ReconcileOperator } from "./reconcile-operator.ts";
import { OUTPUTS } from "./records.ts";
import type { CheckInput, ReconcileRule, RuleLeg, Tolerance } from "./rule.ts";

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
  const inputs: { readonly node: Node; readonly model: Model }[] = [];
  const legs = [
    ...legsOf(uid, "expect", spec.expect, spec.missingAfter, inputs),
    ...legsOf(uid, "actual", spec.actual, spec.unknownAfter ?? spec.missingAfter, inputs),
  ];
  checkSpec(uid, spec, legs);
  const rule: ReconcileRule = {
    uid,
    legs,
    skewMs: spec.skew ?? seconds(2),
    tolerance: spec.tolerance,
    version: spec.version ?? 1,
    retainMs: spec.retain ?? days(180),
    emitAll: spec.emit === "all",
  };
  const checkInputs: CheckInput[] = inputs.map(({ model }) => ({ model, key: spec.by }));
  const node: OperatorNode = {
    type: "operator",
    uid,
    inputs: inputs.map((input) => input.node),
    fields: {},
    keys: inputs.map(() => spec.by),
    create: () => new ReconcileOperator(rule, checkInputs),
    outputs: Object.values(OUTPUTS),
  };
  environment.add(node);
}

/** Resolves the legs of a side; legs over the same changelog share an input. */
function legsOf(
  uid: string,
  side: RuleLeg["side"],
  legs: Legs<never>,
  deadlineMs: number,
  inputs: { readonly node: Node; readonly model: Model }[],
): RuleLeg[] {
  return Object.entries(legs).map(([name, leg]) => {
    const { node } = leg.changes;
    const model = modelOf(node);
    let input = inputs.findIndex((known) => known.node === node);
    if (input < 0) input = inputs.push({ node, model }) - 1;
    const field = model.fields[leg.field];
    if (field?.money === undefined)
      raise("RULE_INVALID", { uid, reason: `${leg.field} of ${model.name} is not money` });
    const scale = field.money.scale;
    return { name, side, sign: leg.sign, input, field: leg.field, deadlineMs: leg.deadlineMs ?? deadlineMs, scale };
  });
}

function modelOf(node: Node): Model {
  if (node.type === "changes") return node.model;
  const [input] = node.inputs;
  assert(input !== undefined, `${node.uid} follows a changelog`);
  return modelOf(input);
}

function checkSpec<K extends string>(uid: string, spec: ReconcileSpec<K>, legs: readonly RuleLeg[]): void {
  const invalid = (reason: string) => raise("RULE_INVALID", { uid, reason });
  for (const side of ["expect", "actual"] as const) {
    if (!legs.some((leg) => leg.side === side)) invalid(`\`${side}\` has no leg`);
  }
  if (!legs.some((leg) => leg.side === "expect" && leg.sign === 1)) invalid("`expect` has no positive leg");
  const names = legs.map((leg) => leg.name);
  if (new Set(names).size < names.length) invalid("two legs have the same name");
  const durations = [
    spec.missingAfter,
    spec.unknownAfter,
    spec.skew,
    spec.retain,
    ...legs.map((leg) => leg.deadlineMs),
  ];
  if (durations.some((ms) => ms !== undefined && !(ms >= 0 && Number.isFinite(ms)))) invalid("a duration is negative");
  const { tolerance } = spec;
  if (tolerance === undefined) return;
  const decimal = parseDecimal("absolute" in tolerance ? tolerance.absolute : tolerance.percent);
  if (decimal === null || decimal.unscaled < 0n) invalid("the tolerance is no positive decimal number");
}
