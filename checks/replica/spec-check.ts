import { zoneClock } from "../../base/zone.ts";
import type { Field, Model } from "../../dataflow/model.ts";
import { checkCommon, checkDeadline, checkModel, type Invalid, invalidRule } from "../spec-checks.ts";
import type { ReplicaSide } from "./comparison.ts";
import { rightNullText } from "./null-text.ts";
import type { FieldComparison, UntypedReplicaSpec } from "./replica.ts";

/**
 * Checks what a job says of the comparison of two tables, which the compiler may not have seen: jobs run without it. Throws
 * RULE_INVALID, which names what is wrong and what would be right.
 */
export function checkReplica(
  uid: string,
  spec: UntypedReplicaSpec,
  models: Readonly<Record<ReplicaSide, Model>>,
): void {
  const invalid = invalidRule(uid);
  const { by, failAfter, backfilledAfter, backfilled, direction } = spec;
  checkCommon(uid, spec);
  for (const model of [models.old, models.new]) {
    checkModel(uid, model);
    if (model.fields[by]?.kind !== "id") invalid(`\`by\` is ${by}, which is no id of ${model.name}`);
  }
  if (models.old.name === models.new.name) invalid("`old` and `new` are the same model");
  if (failAfter === undefined) invalid("`failAfter` is missing, as in `failAfter: seconds(30)`");
  checkDeadline("`failAfter`", failAfter, invalid);
  checkDeadline("`backfilledAfter`", backfilledAfter, invalid);
  if (backfilledAfter !== undefined && backfilledAfter < failAfter) {
    invalid("`backfilledAfter` is shorter than `failAfter`: what the back-fill brings comes later, not sooner");
  }
  if (backfilled !== undefined) checkBackfilled(spec, models.old, invalid);
  if (direction !== undefined && direction !== "oldToNew" && direction !== "newToOld") {
    invalid('`direction` should be "oldToNew" or "newToOld"');
  }
  checkCompared(spec, models, invalid);
}

function checkBackfilled({ backfilled, backfilledAfter }: UntypedReplicaSpec, old: Model, invalid: Invalid): void {
  const { by, before } = backfilled!;
  if (backfilledAfter === undefined)
    invalid("`backfilled` says which rows have until `backfilledAfter`, which is missing");
  if (old.fields[by]?.kind !== "instant") invalid(`\`backfilled.by\` is ${by}, which is no instant of ${old.name}`);
  if (!Number.isFinite(before)) invalid("`backfilled.before` should be a time, as Date.UTC(2026, 2, 2) gives");
}

function checkCompared(spec: UntypedReplicaSpec, models: Readonly<Record<ReplicaSide, Model>>, invalid: Invalid): void {
  const compared = Object.entries(spec.compare ?? {});
  if (compared.length === 0) invalid("`compare` names no field, as in `compare: { balance: true }`");
  const named = { old: new Set([spec.by]), new: new Set([spec.by]) };
  for (const [name, how] of compared) {
    const options = how === true ? {} : (how as FieldComparison);
    const as = options.as ?? name;
    const [left, right] = [models.old.fields[name], models.new.fields[as]];
    if (left === undefined) invalid(`\`compare\` names ${name}, which is no field of ${models.old.name}`);
    if (right === undefined) invalid(`${name} is compared with ${as}, which is no field of ${models.new.name}`);
    if (left.kind !== right.kind)
      invalid(`${name} is ${left.kind} and ${as} is ${right.kind}, which never are the same`);
    checkOptions(name, left, options, invalid);
    named.old.add(name);
    named.new.add(as);
  }
  const ignored = new Set(spec.ignore);
  for (const side of ["old", "new"] as const) {
    const { name, fields } = models[side];
    const left = Object.keys(fields).find((field) => !named[side].has(field) && !ignored.has(field));
    if (left !== undefined)
      invalid(`${left} of ${name} is neither compared nor ignored: name it in \`compare\` or \`ignore\``);
  }
  const unknown = [...ignored].find((field) => !(field in models.old.fields) && !(field in models.new.fields));
  if (unknown !== undefined) invalid(`\`ignore\` names ${unknown}, which is no field of either model`);
}

function checkOptions(
  name: string,
  { kind }: Field,
  { nullIs, oldClock, newClock }: FieldComparison,
  invalid: Invalid,
) {
  if (nullIs !== undefined && typeof nullIs !== "string") invalid(`\`nullIs\` of ${name} should be text, as "0"`);
  const right = nullIs === undefined ? null : rightNullText(kind, nullIs, oldClock ?? newClock);
  if (right !== null) {
    const given = JSON.stringify(nullIs);
    invalid(`\`nullIs\` of ${name} is ${given}, which no ${kind} is the same as: write it as ${JSON.stringify(right)}`);
  }
  if (oldClock !== undefined && newClock !== undefined) {
    invalid(`${name} has a clock on both sides: times of one zone are compared as they are, so leave out both`);
  }
  const zone = oldClock ?? newClock;
  if (zone === undefined) return;
  if (kind !== "instant") invalid(`${name} has a clock, but is no instant`);
  try {
    zoneClock(zone);
  } catch {
    invalid(`${JSON.stringify(zone)} is no time zone; one is "Europe/Berlin"`);
  }
}
