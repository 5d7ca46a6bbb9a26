import { idOf } from "../base/hash.ts";
import type { Key } from "../base/key.ts";
import { exponentOf, packCurrency, pow10 } from "../base/money.ts";
import type { Conversion } from "../dataflow/leg.ts";
import type { Model } from "../dataflow/model.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { Totals } from "./totals.ts";

/** The currency of what has no money, packed: ISO 4217's code for none. */
export const NO_MONEY = packCurrency("XXX");

/** When the counterpart of a row must be there. */
export interface LegDeadline {
  /** The deadline of a row, from its business time, both in epoch ms; `from` is the row. */
  dueAt(businessTime: number, from: RowEvidence): number;
  /** The longest that it can be, in ms. */
  readonly longestMs: number;
  /** It is always so long behind the business time; absent where that is not so. */
  readonly alwaysMs?: number;
  /** Names it, for the rule's hash. */
  readonly text: string;
}

/** A leg of a rule, resolved: where its rows come from and how they count. */
export interface RuleLeg {
  readonly name: string;
  readonly side: "expect" | "actual";
  readonly sign: 1 | -1;
  /** The operator's input that brings its rows. */
  readonly input: number;
  /** The money field; null for rows that take part as rows, without money. */
  readonly field: string | null;
  /** A row whose amount is null takes part too: as one without money, in no currency. Without it: it takes no part. */
  readonly takesWithoutAmount?: true;
  readonly deadline: LegDeadline;
  /** How its amounts count in another currency. */
  readonly conversion?: Conversion | undefined;
  /** Declared scale of the money field; undefined: the currency's own. */
  readonly scale: number | undefined;
  /** Where its rows come from, in full: changelog with its conditions, tables, key, business time, mapping. */
  readonly origin: string;
}

/** True for positive legs of the expected side: what makes a payment captured. */
export function isCapture({ side, sign }: Pick<RuleLeg, "side" | "sign">): boolean {
  return side === "expect" && sign === 1;
}

/** An input of a check: the model of its rows, and the column that is the key. */
export interface CheckInput {
  readonly model: Model;
  /** Names of the fields that the key is made of. */
  readonly by: readonly string[];
  /** The text column that holds it. */
  readonly key: string;
  /** Which of the model's rows it takes: all, or by which conditions. */
  readonly rows: string;
  /** Its rows are of no key: every key is judged with all of them. */
  readonly isReference?: true;
  /** The tables, as indexes into `model.from`, whose rows come without a row stage: dataflow/whole-rows.ts. Default: none. */
  readonly stageless?: ReadonlySet<number>;
}

/** What a rule sees of a key at a point. Valid during the call only. */
export interface KeyView {
  readonly key: Key;
  readonly point: number;
  /** Rows that count, each in every leg that it takes part in; in no order. */
  readonly entries: readonly Entry[];
  /** Sums by currency, in order of code. */
  readonly totals: readonly Totals[];
  /** True where the deadline of an entry is over, skew included. */
  isDue(entry: Entry): boolean;
  /** The first deadline that is over of a side's entries, in a currency or in any; null for none. */
  firstMissed(side: RuleLeg["side"], currency?: number): number | null;
  /** What the rule keeps of the key besides its rows; what it leaves here is kept, if a point is judged. */
  own: string;
  /** Rows that every key is judged with, as they are at the point. */
  referenceRows(): readonly RowEvidence[];
  /** A point at which the key is to be judged besides: what the rule leaves here, if a point is judged; +∞ for none. */
  wakeAt: number;
}

/** What is said of a key in one currency, and one period, at a point. Amounts are at the currency's comparison scale. */
export interface Judgement {
  /** Packed; `NO_MONEY` where no money is concerned. */
  readonly currency: number;
  /** Start of the window that is judged, as ISO text; empty for checks without windows. */
  readonly period: string;
  readonly status: "pass" | "fail" | "pending";
  /** The cause of a failure, else null. */
  readonly class: string | null;
  readonly lower: bigint;
  readonly upper: bigint;
  readonly actual: bigint;
  readonly atRisk: bigint;
  /** For people: what the amounts do not say; null for nothing. */
  readonly note: string | null;
  /** Names of the fields in which rows differ, where that is what is wrong; they can be counted, unlike what the note says. */
  readonly fields?: readonly string[] | undefined;
  /** Why the rule cannot say more, though all sources have been read: the verdict is `unobservable` then. */
  readonly unobservable?: string;
}

/** What rules of all kinds have in common. */
export interface RuleSettings {
  /** uid of the check: names its state, its verdicts and alerts for ever. */
  readonly uid: string;
  readonly legs: readonly RuleLeg[];
  /** Added to every point, so that clocks of different databases may differ a little. */
  readonly skewMs: number;
  readonly version: number;
  /** How long closed keys leave a marker, in ms. */
  readonly retainMs: number;
  readonly emitAll: boolean;
}

/** A rule over rows that share a key: what a kind of check gives to the operator, which does all the rest. */
export interface CheckRule extends RuleSettings {
  readonly kind: string;
  /** The rule as people write it. */
  readonly expression: string;
  /** All that decides a verdict besides the legs, the skew and the retention. */
  readonly settings: string;
  /** For so long before a deadline a person is warned of what would be missed, in ms. Without it: never. */
  readonly warnBeforeMs?: number;
  /** True where sums are enough of a key that has been quiet for long; else its rows are kept as long as it is. */
  readonly isOfSums: boolean;
  /** True where a key is not on its way out while it has rows, however long it has been quiet. */
  readonly keepsLive?: boolean;
  /**
   * For rules that remember rows which are over: what is kept of the key when a row is changed or deleted at a time, besides
   * what was kept (`own`). Rows of one leg that end at one time come in no order.
   */
  ended?(own: string, entry: Entry, time: number): string;
  /** Judges a key at a point: one answer per currency and period. Must depend on nothing but the key. */
  judge(key: KeyView): readonly Judgement[];
  /**
   * For rules of sums of money whose deadlines follow from the business time alone: what `judge` says of a key with these
   * sums, whose rows were never changed; null where it fails, and where only `judge` can tell. It depends on nothing else.
   */
  quick?(totals: PlainTotals): "pass" | "pending" | null;
  /**
   * True where `quick` cannot tell of this rule's keys, so that none of them is plain. It tells of plain keys that another
   * version of the rule left, which are read by it.
   */
  readonly hasNoPlainKeys?: boolean;
  /** The first deadline that a failure missed; null for failures that have none. */
  missedDeadline(failure: Judgement, key: KeyView): number | null;
  /** True when a row of the leg that was not seen could undo a failure of the class. */
  restsOn(cause: string, leg: RuleLeg): boolean;
  /** True where a failure of a class may be what is left of one of another, and so no new loss. Without it: never. */
  isRestOf?(cause: string, former: string): boolean;
  /** The side whose newest row makes up for a failure of the class. */
  lateSide(cause: string): RuleLeg["side"];
}

/** Sums of a key that has one currency, exact as numbers; what they are, `Totals` says. */
export interface PlainTotals {
  readonly lower: number;
  readonly upper: number;
  readonly full: number;
  readonly actual: number;
  readonly ahead: number;
  readonly captures: number;
  readonly lines: number;
  readonly dueLines: number;
}

/** A hash over everything that decides a verdict. */
export function hashOf({ uid, skewMs, retainMs, settings, legs }: CheckRule): string {
  const texts = legs.map((leg) => [leg.name, leg.side, leg.sign, leg.deadline.text, leg.origin].join(":"));
  return idOf(uid, skewMs, retainMs, settings, ...texts).slice(0, 16);
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
export function scaleOf({ legs }: Pick<CheckRule, "legs">, currency: string): CurrencyScale {
  const exponent = exponentOf(currency) ?? 0;
  const scales = legs.map((leg) => (leg.field === null ? 0 : (leg.scale ?? exponent)));
  // Without a leg of money, a rule that finds money in its rows tells it in the currency's own minor units, or in finer ones.
  const isWithoutMoney = legs.every((leg) => leg.field === null);
  const scale = isWithoutMoney ? Math.max(exponent, ...legs.map((leg) => leg.scale ?? 0)) : Math.max(...scales);
  return { scale, factors: scales.map((own) => pow10(scale - own)) };
}
