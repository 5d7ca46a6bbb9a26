import { modelOf } from "../../dataflow/graph.ts";
import type { Fields } from "../../dataflow/model.ts";
import { ModelChangelog } from "../../dataflow/streams.ts";
import { checkClassNames } from "../class-names.ts";
import { checkCommon, checkDeadline, checkModel, invalidRule } from "../spec-checks.ts";
import type { UniqueFields, UniqueSpec } from "./unique.ts";

/**
 * Checks what a job says of rows that must not repeat, which the compiler may not have seen. Throws RULE_INVALID, which
 * names what is wrong and what would be right.
 */
export function checkUniqueSpec<F extends Fields>(
  uid: string,
  spec: UniqueSpec<F>,
  { by, alike, within, confirmedBy }: UniqueFields,
): void {
  const invalid = invalidRule(uid);
  checkCommon(uid, spec);
  if (!(spec.of instanceof ModelChangelog)) invalid("`of` should be rows of a model, as env.changes(Refund) gives");
  const model = modelOf(spec.of.node);
  checkModel(uid, model);
  const known = Object.keys(model.fields);
  const lists = { by, alike, confirmedBy };
  for (const [option, names] of Object.entries(lists)) {
    if (!Array.isArray(names)) invalid(`\`${option}\` should be names of fields`);
  }
  if (by.length === 0) invalid('`by` names no field, as in `by: "requestId"`');
  for (const name of [...alike, ...confirmedBy]) {
    if (!known.includes(name)) invalid(`${name} is no field of ${model.name}; its fields: ${known.join(", ")}`);
  }
  const { money, class: cause = "duplicate" } = spec;
  if (money !== undefined && model.fields[money]?.kind !== "money") {
    invalid(`\`money\` is ${String(money)}, which is no money of ${model.name}`);
  }
  checkDeadline("`within`", within, invalid);
  if (within !== undefined && (typeof within !== "number" || within === 0))
    invalid("`within` should be a length of time");
  if (within !== undefined && model.businessTime === undefined) {
    invalid(`\`within\` is told by business times, and ${model.name} has none: its rows would move when they change`);
  }
  checkClassNames("class", [cause], invalid);
}
