import { modelOf } from "../../dataflow/graph.ts";
import { ModelChangelog } from "../../dataflow/streams.ts";
import { checkCommon, checkDeadline, checkModel, type Invalid, invalidRule } from "../spec-checks.ts";
import type { UntypedCustomSpec } from "./custom.ts";
import { stateText } from "./state-text.ts";

/** What the check of a spec found out: its key as a list, and the scale that its models' money has. */
interface CheckedSpec {
  readonly by: readonly string[];
  readonly scale: number | undefined;
}

/**
 * Checks what a job says of a check by a function, which the compiler may not have seen. Throws RULE_INVALID, which names what
 * is wrong and what would be right.
 */
export function checkCustom(uid: string, spec: UntypedCustomSpec): CheckedSpec {
  const invalid = invalidRule(uid);
  checkCommon(uid, spec);
  const { models, after = {}, judge, state = null } = spec;
  if (typeof models !== "object" || models === null || Object.keys(models).length === 0)
    invalid("`models` names none, as in `models: { payments: env.changes(Payment) }`");
  for (const [name, changes] of Object.entries(models)) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      invalid(`the name ${JSON.stringify(name)} in \`models\` should be letters and digits`);
    if (!(changes instanceof ModelChangelog))
      invalid(`\`models.${name}\` should be rows of a model, as env.changes(Payment) gives`);
    checkModel(uid, modelOf(changes.node));
  }
  const nodes = Object.values(models).map(({ node }) => node);
  if (new Set(nodes).size < nodes.length) invalid("two of its `models` are the same rows");
  for (const [name, deadline] of Object.entries(after)) {
    if (!Object.hasOwn(models, name)) invalid(`\`after\` names ${name}, which is none of its models`);
    checkDeadline(`\`after.${name}\``, deadline, invalid);
  }
  if (typeof judge !== "function" || judge.constructor.name === "AsyncFunction")
    invalid("`judge` should be a function that gives its findings at once");
  try {
    stateText(state);
  } catch (error) {
    invalid(`its ${(error as Error).message}`);
  }
  const by = keyOf(spec, invalid);
  return { by, scale: scaleOf(spec, invalid) };
}

/** The key's fields, which must be alike in all models. */
function keyOf({ by, models }: UntypedCustomSpec, invalid: Invalid): readonly string[] {
  const names = typeof by === "string" ? [by] : by;
  if (!Array.isArray(names) || names.length === 0) return invalid('`by` names no field, as in `by: "orderId"`');
  for (const name of names as readonly string[]) {
    const kinds = Object.entries(models).map(([model, { node }]) => {
      const [field, part] = name.split(".");
      const kind = node.fields[field!]?.kind;
      if (kind === undefined) invalid(`\`by\` names ${name}, which ${model} does not have`);
      return part === undefined ? kind : `${kind}'s ${part}`;
    });
    if (new Set(kinds).size > 1)
      invalid(`\`by\` names ${name}, which is ${kinds.join(" and ")}: their keys would never be equal`);
  }
  return names;
}

/** Findings are told in the units of the models' money, so there must be one scale. */
function scaleOf({ models }: UntypedCustomSpec, invalid: Invalid): number | undefined {
  const scales = new Set<number | undefined>();
  for (const { node } of Object.values(models)) {
    for (const { kind, money } of Object.values(node.fields)) if (kind === "money") scales.add(money?.scale);
  }
  if (scales.size > 1)
    invalid("its models' money has several scales, so that what is at risk could be told in none: give them one");
  return [...scales][0];
}
