import { ROUNDING_MODES } from "../base/money.ts";
import { modelOf } from "../dataflow/graph.ts";
import type { Leg } from "../dataflow/leg.ts";
import { type Field, type Model, NO_CURRENCY } from "../dataflow/model.ts";
import { type CheckInputs, deadlineOf } from "./check-inputs.ts";
import type { LegDeadline, RuleLeg } from "./rule.ts";
import { checkModel, invalidRule } from "./spec-checks.ts";

/** Legs of one side by name; the names appear in verdicts and alerts. */
export type Legs<K extends string> = Readonly<Record<string, Leg<K>>>;

/** What the legs of a side have in common. */
interface Side {
  readonly uid: string;
  /** The key field. */
  readonly by: string;
  readonly side: RuleLeg["side"];
  /** Of legs that have none of their own. */
  readonly deadline: LegDeadline;
}

/** The legs of a side of a rule that sums money, as inputs of its operator. RULE_INVALID. */
export function resolveLegs(
  inputs: CheckInputs,
  { uid, by, side, deadline: general }: Side,
  legs: Legs<never>,
): RuleLeg[] {
  return Object.entries(legs).map(([name, { changes, field, sign, conversion, deadline }]): RuleLeg => {
    checkLeg(uid, by, modelOf(changes.node), { field, conversion });
    const own = deadline === undefined ? general : deadlineOf(deadline);
    return inputs.leg({ name, side, sign, changes, field, conversion, deadline: own });
  });
}

/** Checks that a leg sums money, that its model has the key, and that what it converts by is there. */
function checkLeg(
  uid: string,
  by: string,
  model: Model,
  { field, conversion }: Pick<Leg, "field" | "conversion">,
): void {
  const kinds = Object.entries(model.fields).map(([name, { kind }]) => [name, kind] as const);
  const having = (wanted: string) =>
    kinds.flatMap(([name, kind]) => (kind === wanted ? [name] : [])).join(", ") || "none";
  const invalid = invalidRule(uid);
  checkModel(uid, model);
  if (model.fields[by]?.kind !== "id")
    invalid(`\`by\` is ${by}, which is no id of ${model.name}; its ids: ${having("id")}`);
  if (model.fields[field]?.kind !== "money") {
    invalid(`${field} of ${model.name} is not money; its money: ${having("money")}`);
  }
  if (isRate(model.fields[field])) invalid(`${field} of ${model.name} is a rate, which is no money`);
  if (conversion === undefined) return;
  if (model.fields[conversion.to]?.kind !== "text") {
    invalid(`${conversion.to} of ${model.name} should name a currency, but is no text; its texts: ${having("text")}`);
  }
  if (!isRate(model.fields[conversion.rate])) {
    invalid(`${conversion.rate} of ${model.name} is no rate: declare it as \`rate()\``);
  }
  if (!ROUNDING_MODES.includes(conversion.rounding)) {
    invalid(`the rounding of ${field} should be one of ${ROUNDING_MODES.join(", ")}`);
  }
}

function isRate(field: Field | undefined): boolean {
  return field?.money?.currency === NO_CURRENCY;
}
