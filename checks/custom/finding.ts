import { exponentOf, fitsInt64, packCurrency } from "../../base/money.ts";
import { formatTime } from "../../base/time.ts";
import type { MoneyValue } from "../../dataflow/model.ts";
import { isClassName } from "../class-names.ts";
import { type Judgement, NO_MONEY } from "../rule.ts";

/** What a function says of a key: how it fails, or that it is too early to tell. */
export type Finding = FailureFinding | PendingFinding;

/** Which verdict it is about: each currency and period of a key has one of its own. */
interface About {
  /** Default: that of the money at risk, or none. */
  readonly currency?: string;
  /** Start of the window that it is about, in epoch ms. Default: none. */
  readonly period?: number;
}

/** Something is wrong. */
export interface FailureFinding extends About {
  /** The cause, in kebab-case: part of the alert's id. */
  readonly class: string;
  /** What it may cost, in minor units as the models' money has. */
  readonly atRisk?: MoneyValue;
  /** For people: what the rows do not say. */
  readonly note?: string;
}

/** It is too early to tell. */
export interface PendingFinding extends About {
  readonly pending: true;
}

/** What a function can say of a key at most: all of it is kept, and told to people. */
const MOST = { findings: 100, classCharacters: 100, noteCharacters: 2_000 } as const;

/**
 * What findings mean, one judgement for each currency and period; a key without money at risk passes as such. `minorOf`:
 * an amount in the units that a currency's verdicts are told in. Throws a TypeError that says what is wrong with them.
 */
export function judgementsOf(findings: unknown, minorOf: (money: MoneyValue) => bigint): Judgement[] {
  if (!Array.isArray(findings)) wrong(`it gave ${kindOf(findings)}, and should give a list of findings`);
  checkSize("it gave", findings.length, "findings", MOST.findings);
  const judgements: Judgement[] = [];
  for (const finding of findings as readonly unknown[]) {
    const judgement = judgementOf(finding, minorOf);
    if (!judgements.some((other) => isAboutSame(other, judgement))) judgements.push(judgement);
  }
  const pass = { ...NONE, currency: NO_MONEY, period: "", status: "pass", class: null, note: null } as const;
  return judgements.some((other) => isAboutSame(other, pass)) ? judgements : [...judgements, pass];
}

const NONE = { lower: 0n, upper: 0n, actual: 0n, atRisk: 0n } as const;

function judgementOf(finding: unknown, minorOf: (money: MoneyValue) => bigint): Judgement {
  if (typeof finding !== "object" || finding === null) wrong(`one of its findings is ${kindOf(finding)}`);
  const { class: cause, pending, note = null, ...about } = finding as Partial<FailureFinding & PendingFinding>;
  const where = { currency: currencyOf(about), period: periodOf(about.period) };
  if (pending === true && cause === undefined) return { ...NONE, ...where, status: "pending", class: null, note: null };
  if (typeof cause === "string") checkSize("its class has", cause.length, "characters", MOST.classCharacters);
  if (!isClassName(cause))
    wrong(`its class is ${JSON.stringify(cause)}, and should be in kebab-case, as "late-parcel"`);
  if (note !== null && typeof note !== "string") wrong(`its note is ${kindOf(note)}, and should be a text`);
  checkSize("its note has", note?.length ?? 0, "characters", MOST.noteCharacters);
  const atRisk = about.atRisk === undefined ? 0n : minorOf(about.atRisk);
  return { ...NONE, ...where, atRisk, status: "fail", class: cause, note };
}

function currencyOf({ atRisk, currency = atRisk?.currency ?? "XXX" }: Pick<FailureFinding, "atRisk" | "currency">) {
  if (atRisk !== undefined) {
    const { minor } = atRisk;
    if (typeof minor !== "bigint" || !fitsInt64(minor) || minor < 0n)
      wrong(`its money at risk is ${String(minor)}, and should be minor units from 0n to the end of 64 bits`);
    if (atRisk.currency !== currency)
      wrong(`its money at risk is in ${atRisk.currency}, and its currency is ${currency}`);
  }
  if (currency !== "XXX" && exponentOf(currency) === undefined) wrong(`its currency is ${kindOf(currency)}`);
  return packCurrency(currency);
}

function periodOf(period: number | undefined): string {
  if (period === undefined) return "";
  if (!Number.isInteger(period)) wrong(`its period is ${kindOf(period)}, and should be whole milliseconds`);
  return formatTime(period);
}

function isAboutSame(one: Judgement, other: Judgement): boolean {
  return one.currency === other.currency && one.period === other.period;
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return typeof value === "object" && value !== null ? "an object" : (JSON.stringify(value) ?? String(value));
}

function checkSize(has: string, size: number, of: string, most: number): void {
  if (size > most) wrong(`${has} ${size} ${of}, and should have ${most} at most`);
}

function wrong(reason: string): never {
  throw new TypeError(reason);
}
