import { idOf } from "../base/hash.ts";
import { exponentOf, pow10, type RoundingMode } from "../base/money.ts";
import type { Model } from "../dataflow/model.ts";

/** A leg of a rule, resolved: where its rows come from and how they count. */
export interface RuleLeg {
  readonly name: string;
  readonly side: "expect" | "actual";
  readonly sign: 1 | -1;
  /** The operator's input that brings its rows. */
  readonly input: number;
  readonly field: string;
  /** From a row's business time to the point where its counterpart must be there, in ms. */
  readonly deadlineMs: number;
  /** Declared scale of the money field; undefined: the currency's own. */
  readonly scale: number | undefined;
  /** Where its rows come from, in full: changelog with its conditions, tables, key, business time, mapping. */
  readonly origin: string;
}

/** An input of a check: the model of its rows, and the field that is the key. */
export interface CheckInput {
  readonly model: Model;
  readonly key: string;
  /** Which of the model's rows it takes: all, or by which conditions. */
  readonly rows: string;
}

/** How far the sides may differ: an absolute amount, or per cent of a side. */
export type Tolerance =
  | { readonly absolute: string }
  | { readonly percent: string; readonly of: "expect" | "actual"; readonly rounding: RoundingMode };

/** A reconciliation of two sides by key, per currency (A1 of the semantics). */
export interface ReconcileRule {
  /** uid of the check: names its state, its verdicts and alerts for ever. */
  readonly uid: string;
  readonly legs: readonly RuleLeg[];
  /** Added to every point, so that clocks of different databases may differ a little. */
  readonly skewMs: number;
  readonly tolerance: Tolerance | undefined;
  readonly version: number;
  /** How long closed keys leave a marker, in ms. */
  readonly retainMs: number;
  readonly emitAll: boolean;
}

/** The equation as people write it. */
export function expressionOf(rule: ReconcileRule): string {
  return `${sideText(rule, "expect")} = ${sideText(rule, "actual")}`;
}

function sideText(rule: ReconcileRule, side: RuleLeg["side"]): string {
  return rule.legs
    .filter((leg) => leg.side === side)
    .map((leg, index) => (leg.sign === 1 ? (index === 0 ? leg.name : `+ ${leg.name}`) : `- ${leg.name}`))
    .join(" ");
}

/** A hash over everything that decides a verdict. */
export function hashOf(rule: ReconcileRule): string {
  const legs = rule.legs.map((leg) => [leg.name, leg.side, leg.sign, leg.deadlineMs, leg.origin].join(":"));
  return idOf(rule.uid, rule.skewMs, rule.retainMs, JSON.stringify(rule.tolerance ?? ""), ...legs).slice(0, 16);
}

/**
 * The scale at which the sides are compared in a currency: the finest of all legs. Amounts of a leg are brought to it
 * by a factor of ten, so nothing is ever rounded.
 */
export interface CurrencyScale {
  readonly scale: number;
  /** Per leg: what a minor unit of its field is worth at `scale`. */
  readonly factors: readonly bigint[];
}

/** Gives the comparison scale of a rule in a currency. */
export function scaleOf(rule: ReconcileRule, currency: string): CurrencyScale {
  const exponent = exponentOf(currency) ?? 0;
  const scales = rule.legs.map((leg) => leg.scale ?? exponent);
  const scale = Math.max(...scales);
  return { scale, factors: scales.map((own) => pow10(scale - own)) };
}
