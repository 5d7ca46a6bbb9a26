import type { CheckRule, Judgement, KeyView, RuleSettings } from "../rule.ts";
import { sideText } from "../side-text.ts";
import { type BoundClasses, judgeBound } from "./judgement.ts";

/** Σ parts ≤ Σ whole by key, per currency (B of the semantics). Parts are the actual side, the whole the expected one. */
export function boundRule(settings: RuleSettings, classes: BoundClasses): CheckRule {
  return {
    ...settings,
    kind: "bound",
    isOfSums: true,
    expression: `${sideText(settings.legs, "actual")} <= ${sideText(settings.legs, "expect")}`,
    settings: JSON.stringify(["bound", classes.exceeded, classes.repeated, classes.unknown]),
    judge: ({ totals }) => judgeBound(totals, classes),
    missedDeadline: (failure, key) => (failure.class === classes.unknown ? firstDue(failure, key) : null),
    // Only more of the whole, or less of the parts, makes up for an excess; only a whole for there being none.
    restsOn: (cause, { side, sign }) =>
      (side === "expect" && sign === 1) || (cause !== classes.unknown && side === "actual" && sign === -1),
    isRestOf: (cause, former) => cause === classes.exceeded && former === classes.repeated,
    lateSide: () => "expect",
  };
}

/** The first deadline of a part in the failure's currency that is over. */
function firstDue({ currency }: Judgement, key: KeyView): number | null {
  let first: number | null = null;
  for (const entry of key.entries) {
    if (entry.side !== "actual" || entry.currency !== currency || !key.isDue(entry)) continue;
    if (first === null || entry.dueAt < first) first = entry.dueAt;
  }
  return first;
}
