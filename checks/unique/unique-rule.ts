import { formatDuration } from "../../base/time.ts";
import type { Model } from "../../dataflow/model.ts";
import type { CheckRule, RuleSettings } from "../rule.ts";
import { judgeUnique, type Likeness } from "./judgement.ts";
import type { UniqueFields } from "./unique.ts";

/** Rows of a key that repeat others (B of the semantics). */
export function uniqueRule(
  settings: RuleSettings,
  cause: string,
  { by, alike, within, confirmedBy }: UniqueFields,
  model: Model,
): CheckRule {
  const names = Object.keys(model.fields);
  const places = (fields: readonly string[]) => fields.map((field) => names.indexOf(field));
  const likeness: Likeness = {
    class: cause,
    time: model.businessTime === undefined ? null : names.indexOf(model.businessTime),
    alike: places(alike),
    withinMs: within ?? null,
    confirmedBy: places(confirmedBy),
  };
  const time = within === undefined ? "" : ` within ${formatDuration(within)}`;
  const confirmed = confirmedBy.length === 0 ? "" : `, told apart by ${confirmedBy.join(" and ")}`;
  return {
    ...settings,
    kind: "unique",
    isOfSums: false,
    expression: `one row for each ${[...by, ...alike].join(", ")}${time}${confirmed}`,
    settings: JSON.stringify(["unique", cause, by, alike, within ?? null, confirmedBy]),
    judge: ({ entries }) => judgeUnique(entries, likeness),
    missedDeadline: () => null,
    // Rows that are there repeat one another, whatever else has not been seen.
    restsOn: () => false,
    lateSide: () => "actual",
  };
}
