import type { Deadline } from "../../base/business-days.ts";
import { type Duration, seconds } from "../../base/time.ts";
import type { Environment } from "../../dataflow/environment.ts";
import type { Node } from "../../dataflow/graph.ts";
import type { KeyFieldOf } from "../../dataflow/keys.ts";
import type { Fields, Id } from "../../dataflow/model.ts";
import type { Row } from "../../dataflow/row-view.ts";
import { CheckInputs, deadlineOf } from "../check-inputs.ts";
import { type CommonSpec, settingsOf } from "../spec-checks.ts";
import { CustomRule } from "./custom-rule.ts";
import type { Finding } from "./finding.ts";
import { checkCustom } from "./spec-check.ts";
import type { KeptState, StateValue } from "./state-text.ts";

/** Changelogs by the names that the function knows them by: of models, derived ones too. */
export type CheckedModels = Readonly<
  Record<string, { readonly fieldTypes: Fields; readonly node: Node; readonly sum: unknown }>
>;

/** The rows of one key, by model: frozen, ordered by the time of their last change, and of one time by primary key. */
export type CheckedRows<M extends CheckedModels> = {
  readonly [K in keyof M]: readonly Row<M[K]["fieldTypes"]>[];
};

/** What a function is told of a key besides its rows. */
export interface CustomContext<S> {
  readonly key: Id;
  /** The point of event time that the key is judged at, in epoch ms. */
  readonly point: number;
  /** What is kept of the key between its points: to be changed in place, or replaced. What is left here is kept. */
  state: S;
  /** True where the deadline of a row is over: `after` its business time, skew included. */
  isDue(row: object): boolean;
  /** When a row was last changed, in epoch ms of event time; a row of the seed when that was taken. */
  changedAt(row: object): number;
}

/** Fields that all models have, by which their rows can be one key. */
export type CommonKey<M extends CheckedModels> = {
  [K in keyof M]: (key: KeyFieldOf<M[K]["fieldTypes"]>) => void;
}[keyof M] extends (key: infer I) => void
  ? I & string
  : never;

/** A check by a function of one's own. */
export interface CustomSpec<M extends CheckedModels, S extends StateValue> extends CommonSpec {
  /** The field, or fields, that every model has and whose rows are judged together. */
  readonly by: CommonKey<NoInfer<M>> | readonly [CommonKey<NoInfer<M>>, ...CommonKey<NoInfer<M>>[]];
  readonly models: M;
  /** From the business time of a model's rows to a point where the key is judged again. Default: none, rows are due at once. */
  readonly after?: { readonly [K in keyof NoInfer<M>]?: Deadline };
  /** What a key's state begins with: null, flags, numbers, bigints, texts, and lists and objects of them. Default: null. */
  readonly state?: S;
  /**
   * Says what is wrong with a key at a point: nothing where it is in order, and of several findings for one currency and
   * period the first. It must depend on nothing but what it is given. A key that it throws at is `unobservable`.
   */
  readonly judge: (rows: CheckedRows<M>, context: CustomContext<KeptState<S>>) => readonly Finding[];
  /** How long a key that nothing is wrong with is known after its last point. Default: 180 days. */
  readonly retain?: Duration;
}

/** A spec whose names have been checked, or are about to be. */
export interface UntypedCustomSpec extends CommonSpec {
  readonly by: string | readonly string[];
  readonly models: CheckedModels;
  readonly after?: Readonly<Record<string, Deadline>>;
  readonly state?: StateValue;
  readonly judge: (
    rows: Readonly<Record<string, readonly object[]>>,
    context: CustomContext<StateValue>,
  ) => readonly Finding[];
}

/** Adds a check by a function to a job. `uid` names it for ever. Throws RULE_INVALID for a rule that cannot be judged. */
export function custom(environment: Environment, uid: string, spec: UntypedCustomSpec): void {
  const { by, scale } = checkCustom(uid, spec);
  const { models, after = {}, state = null, judge } = spec;
  const inputs = new CheckInputs(environment, by);
  const legs = Object.entries(models).map(([name, changes]) => {
    const deadline = deadlineOf(after[name] ?? seconds(0));
    return { ...inputs.leg({ name, side: "actual", sign: 1, changes, field: null, deadline }), scale };
  });
  const fields = inputs.inputs.map(({ model }) => Object.keys(model.fields));
  inputs.add(new CustomRule(settingsOf(uid, legs, spec), { by, state, judge, fields }));
}
