import type { CheckRule, RuleSettings } from "../rule.ts";
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
    missedDeadline: (failure, key) =>
      failure.class === classes.unknown ? key.firstMissed("actual", failure.currency) : null,
    // Only more of the whole, or less of the parts, makes up for an excess; only a whole for there being none.
    restsOn: (cause, { side, sign }) =>
      (side === "expect" && sign === 1) || (cause !== classes.unknown && side === "actual" && sign === -1),
    isRestOf: (cause, former) => cause === classes.exceeded && former === classes.repeated,
    lateSide: () => "expect",
  };
}
