import type { BusinessDays, Deadline } from "../base/business-days.ts";
import { raise } from "../base/errors.ts";
import { type Duration, days, seconds } from "../base/time.ts";
import type { Model } from "../dataflow/model.ts";
import type { RuleLeg, RuleSettings } from "./rule.ts";

/** What the specs of all kinds of checks may say. */
export interface CommonSpec {
  /** How far the databases' clocks may differ. Default: 2 s. */
  readonly skew?: Duration;
  /** Rises when the author changes what the rule means; shown with every verdict. Default: 1. */
  readonly version?: number;
  /** How long a closed key leaves a marker. Default: 180 days. */
  readonly retain?: Duration;
  /** `all` emits every transition, passes too. Default: into, within and out of fail and unobservable. */
  readonly emit?: "all";
}

/** What a spec says for a check of any kind, and what it leaves out. */
export function settingsOf(uid: string, legs: readonly RuleLeg[], spec: CommonSpec): RuleSettings {
  const { skew = seconds(2), version = 1, retain = days(180), emit } = spec;
  return { uid, legs, skewMs: skew, version, retainMs: retain, emitAll: emit === "all" };
}

/** Refuses a rule, saying what is wrong and what would be right. */
export type Invalid = (reason: string) => never;

/** Refuses the rule of a check: RULE_INVALID. */
export function invalidRule(uid: string): Invalid {
  return (reason) => raise("RULE_INVALID", { uid, reason });
}

/** No deadline or retention is longer than ten years. */
const LONGEST_MS = days(3_650);

/** Checks a uid and what all kinds have in common: jobs run without the compiler. RULE_INVALID. */
export function checkCommon(uid: string, { skew, retain, version }: CommonSpec): void {
  const invalid = invalidRule(uid);
  if (!/^[A-Za-z0-9][\w.-]*$/.test(uid)) invalid("its uid may have letters, digits, dots, hyphens and underscores");
  checkDuration("`skew`", skew, invalid);
  checkDuration("`retain`", retain, invalid);
  if (version !== undefined && !(Number.isSafeInteger(version) && version > 0))
    invalid("`version` is no number from 1 on");
}

/** Checks that a model's rows can take part in a check. RULE_INVALID. */
export function checkModel(uid: string, { name, insertsOnly }: Model): void {
  if (insertsOnly)
    invalidRule(uid)(`${name} has inserts only, of which repeats cannot be told, so that money would count twice`);
}

/** A deadline below a second is a duration without its unit. */
export function checkDeadline(name: string, deadline: Deadline | undefined, invalid: Invalid): void {
  if (deadline === undefined || isBusinessDays(deadline)) return;
  checkDuration(name, deadline, invalid);
  if (deadline > 0 && deadline < seconds(1)) invalid(`${name} is ${deadline} ms: write it with its unit, as hours(24)`);
}

function isBusinessDays(deadline: Deadline): deadline is BusinessDays {
  return typeof deadline === "object" && typeof deadline?.dueAt === "function";
}

/** Checks a duration, where one is given. */
function checkDuration(name: string, ms: number | undefined, invalid: Invalid): void {
  if (ms === undefined) return;
  if (!Number.isSafeInteger(ms) || ms < 0 || ms > LONGEST_MS) {
    invalid(`${name} is ${JSON.stringify(ms)}, and should be whole milliseconds up to ten years, as hours(24) gives`);
  }
}
