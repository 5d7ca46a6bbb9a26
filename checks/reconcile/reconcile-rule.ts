import { unpackCurrency } from "../../base/money.ts";
import { type CheckRule, type Judgement, type KeyView, type RuleLeg, type RuleSettings, scaleOf } from "../rule.ts";
import { sideText } from "../side-text.ts";
import { CauseNames, type ClassNames } from "./cause-names.ts";
import { judge, judgePlain, missedDeadline, type ToleranceOf } from "./judgement.ts";
import { type Tolerance, toleranceAt } from "./tolerance.ts";

/** What a reconciliation has in common with other checks. */
export type ReconcileSettings = RuleSettings & Pick<CheckRule, "warnBeforeMs">;

/** A reconciliation of two sides by key, per currency (A of the semantics). */
export class ReconcileRule implements CheckRule {
  readonly kind = "reconcile";
  readonly isOfSums = true;
  readonly uid: string;
  readonly legs: readonly RuleLeg[];
  readonly skewMs: number;
  readonly version: number;
  readonly retainMs: number;
  readonly emitAll: boolean;
  readonly warnBeforeMs?: number;
  readonly expression: string;
  readonly settings: string;
  readonly quick = judgePlain;
  readonly hasNoPlainKeys: boolean;
  readonly #tolerance: ToleranceOf | undefined;
  readonly #scales = new Map<number, number>();
  readonly #names: CauseNames;

  constructor(
    { uid, legs, skewMs, version, retainMs, emitAll, warnBeforeMs }: ReconcileSettings,
    tolerance?: Tolerance,
    classes?: Partial<ClassNames>,
  ) {
    this.uid = uid;
    this.legs = legs;
    this.skewMs = skewMs;
    this.version = version;
    this.retainMs = retainMs;
    this.emitAll = emitAll;
    if (warnBeforeMs !== undefined) this.warnBeforeMs = warnBeforeMs;
    this.expression = `${sideText(legs, "expect")} = ${sideText(legs, "actual")}`;
    this.settings = JSON.stringify(classes === undefined ? (tolerance ?? "") : [tolerance ?? "", classes]);
    this.#names = new CauseNames(classes);
    this.hasNoPlainKeys = tolerance !== undefined;
    if (tolerance !== undefined) {
      this.#tolerance = (currency, expected, actual) =>
        toleranceAt(tolerance, this.#scaleOf(currency), expected, actual);
    }
  }

  judge({ totals }: KeyView): Judgement[] {
    return judge(totals, this.#tolerance).map((judgement) => this.#names.named(judgement));
  }

  missedDeadline(failure: Judgement, key: KeyView): number | null {
    const cause = this.#names.causeOf(failure.class);
    return cause === undefined ? null : missedDeadline(cause, failure, key);
  }

  restsOn(name: string, { side, sign }: RuleLeg): boolean {
    switch (this.#names.causeOf(name)) {
      case "missing":
      case "under-charge":
        return side === "actual" || sign === -1;
      case "unknown-payment":
        return side === "expect" && sign === 1;
      case "over-charge":
        return side === "actual" || sign === 1;
      case "currency-mismatch":
        return true;
      default:
        return false;
    }
  }

  isRestOf(name: string, former: string): boolean {
    return this.#names.causeOf(name) === "under-charge" && this.#names.causeOf(former) === "missing";
  }

  lateSide(name: string): RuleLeg["side"] {
    return this.#names.causeOf(name) === "unknown-payment" ? "expect" : "actual";
  }

  #scaleOf(currency: number): number {
    const known = this.#scales.get(currency);
    if (known !== undefined) return known;
    const { scale } = scaleOf(this, unpackCurrency(currency));
    this.#scales.set(currency, scale);
    return scale;
  }
}
