import type { ShopTruth } from "../shop/truth.ts";
import { Amounts } from "./amounts.ts";
import type { Recorder } from "./recorder.ts";

/** How a check did on one class of fault, or all of them on all. */
export interface ClassScore {
  injected: number;
  found: number;
  missed: number;
  falseAlarms: number;
}

/** What was found of what was made to go wrong. */
export interface Score extends ClassScore {
  /** By `check/class`, in order. */
  readonly byClass: Readonly<Record<string, ClassScore>>;
  /** Money of the injected faults when they fall due, by currency. */
  readonly injectedAtRisk: Readonly<Record<string, string>>;
  /** Money at risk of the faults that were found, as the first failing verdict of each says; also by class. */
  readonly foundAtRisk: Readonly<Record<string, string>>;
  readonly foundAtRiskByClass: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Faults that were found and still alert at the log's end, and their part of the money. */
  readonly open: number;
  readonly openAtRisk: Readonly<Record<string, string>>;
  /** Faults that were found and mended by a later record, and their part of the money. */
  readonly resolved: number;
  readonly resolvedAtRisk: Readonly<Record<string, string>>;
  /** What was missed, and what was alerted without cause, for people: `check/class key currency`. */
  readonly misses: readonly string[];
  readonly falseAlarmKeys: readonly string[];
  /** A verdict to look at: the first that was found. */
  readonly example: { readonly key: string; readonly class: string } | undefined;
}

/**
 * Holds what a run emitted against the shop's truth. A fault is found by a `fail` of its check, class, key and currency at any
 * version, which must have been left again where the fault is mended before the log's end. A false alarm is a money
 * alert ever opened, resolved or not, that no injected fault explains; a warning that comes to nothing is none.
 */
export function scoreOf(truth: ShopTruth, run: Recorder): Score {
  const classes = [...new Set([...truth.faults, ...truth.notDue].map(classOf))].sort();
  const byClass = new Map<string, ClassScore>(classes.map((name) => [name, noScore()]));
  const failures = firstFailures(run);
  const unresolved = openAlerts(run);
  const injectedAtRisk = new Amounts();
  const foundAtRisk = new Amounts();
  const open = { count: 0, atRisk: new Amounts() };
  const resolved = { count: 0, atRisk: new Amounts() };
  const foundByClass = new Map([...byClass.keys()].map((name) => [name, new Amounts()]));
  const misses: string[] = [];
  let example: Score["example"];
  for (const fault of truth.faults) {
    const name = nameOf(fault);
    const score = byClass.get(classOf(fault))!;
    score.injected++;
    addMoney(injectedAtRisk, fault, fault.atRisk);
    const atRisk = failures.get(name);
    if (atRisk === undefined || (fault.resolves && unresolved.has(name))) {
      score.missed++;
      misses.push(name);
      continue;
    }
    score.found++;
    addMoney(foundAtRisk, fault, atRisk);
    const part = unresolved.has(name) ? open : resolved;
    part.count++;
    addMoney(part.atRisk, fault, atRisk);
    addMoney(foundByClass.get(classOf(fault))!, fault, atRisk);
    if (isPlain(fault.key)) example ??= { key: fault.key, class: fault.class };
  }
  const falseAlarmKeys = falseAlarms(truth, run, byClass);
  return {
    ...sumOf([...byClass.values()]),
    byClass: Object.fromEntries([...byClass].sort(([a], [b]) => (a < b ? -1 : 1))),
    injectedAtRisk: injectedAtRisk.toRecord(),
    foundAtRisk: foundAtRisk.toRecord(),
    foundAtRiskByClass: Object.fromEntries([...foundByClass].map(([name, amounts]) => [name, amounts.toRecord()])),
    open: open.count,
    openAtRisk: open.atRisk.toRecord(),
    resolved: resolved.count,
    resolvedAtRisk: resolved.atRisk.toRecord(),
    misses,
    falseAlarmKeys,
    example,
  };
}

interface Named {
  readonly check: string;
  readonly class: string | null;
  readonly key: string;
  readonly currency: string;
}

function nameOf(of: Named): string {
  return `${classOf(of)} ${of.key} ${of.currency}`;
}

function classOf({ check, class: cause }: Pick<Named, "check" | "class">): string {
  return `${check}/${cause}`;
}

function noScore(): ClassScore {
  return { injected: 0, found: 0, missed: 0, falseAlarms: 0 };
}

/** ISO 4217's code for no currency stands where no money is concerned. */
const NO_CURRENCY = "XXX";

function addMoney(amounts: Amounts, { currency }: Named, atRisk: string): void {
  if (currency !== NO_CURRENCY) amounts.add(currency, atRisk);
}

/** True for a key that a shell takes as it is. */
function isPlain(key: string): boolean {
  return /^[\w.-]+$/.test(key);
}

/** Money at risk of the first failure of each class, key and currency, the baseline left out. */
function firstFailures(run: Recorder): Map<string, string> {
  const failures = new Map<string, string>();
  for (const verdict of run.history) {
    const name = nameOf(verdict);
    if (verdict.status === "fail" && !verdict.baseline && !failures.has(name)) failures.set(name, verdict.atRisk);
  }
  return failures;
}

function openAlerts(run: Recorder): Set<string> {
  const open = new Set<string>();
  for (const alert of run.alerts) {
    if (alert.action === "warned") continue;
    if (alert.action === "resolved") open.delete(nameOf(alert));
    else open.add(nameOf(alert));
  }
  return open;
}

function falseAlarms(truth: ShopTruth, run: Recorder, byClass: Map<string, ClassScore>): string[] {
  const injected = new Set(truth.faults.map(nameOf));
  const opened = run.alerts.filter(({ action }) => action !== "warned" && action !== "resolved");
  const alarms = new Map(opened.map((alert) => [nameOf(alert), classOf(alert)]));
  const unexplained = [...alarms].filter(([name]) => !injected.has(name));
  for (const [, cause] of unexplained) {
    const score = byClass.get(cause) ?? noScore();
    score.falseAlarms++;
    byClass.set(cause, score);
  }
  return unexplained.map(([name]) => name);
}

function sumOf(scores: readonly ClassScore[]): ClassScore {
  const sum = noScore();
  for (const score of scores) {
    sum.injected += score.injected;
    sum.found += score.found;
    sum.missed += score.missed;
    sum.falseAlarms += score.falseAlarms;
  }
  return sum;
}
