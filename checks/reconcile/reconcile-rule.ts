import { unpackCurrency } from "../../base/money.ts";
import { type CheckRule, type Judgement, type KeyView, type RuleLeg, scaleOf } from "../rule.ts";
import { judge, missedDeadline, type ToleranceOf } from "./judgement.ts";
import { type Tolerance, toleranceAt } from "./tolerance.ts";

/** What a reconciliation has in common with all checks. */
export type ReconcileSettings = Pick<CheckRule, "uid" | "legs" | "skewMs" | "version" | "retainMs" | "emitAll">;

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
  readonly expression: string;
  readonly settings: string;
  readonly #tolerance: ToleranceOf | undefined;
  readonly #scales = new Map<number, number>();

  constructor({ uid, legs, skewMs, version, retainMs, emitAll }: ReconcileSettings, tolerance?: Tolerance) {
    this.uid = uid;
    this.legs = legs;
    this.skewMs = skewMs;
    this.version = version;
    this.retainMs = retainMs;
    this.emitAll = emitAll;
    this.expression = `${sideText(legs, "expect")} = ${sideText(legs, "actual")}`;
    this.settings = JSON.stringify(tolerance ?? "");
    if (tolerance !== undefined) {
      this.#tolerance = (currency, expected, actual) =>
        toleranceAt(tolerance, this.#scaleOf(currency), expected, actual);
    }
  }

  judge({ totals }: KeyView): Judgement[] {
    return judge(totals, this.#tolerance);
  }

  missedDeadline(failure: Judgement, key: KeyView): number | null {
    return missedDeadline(failure, key.entries, (entry) => key.isDue(entry));
  }

  restsOn(cause: string, { side, sign }: RuleLeg): boolean {
    switch (cause) {
      case "missing":
      case "under-charge":
        return side === "actual" || sign === -1;
      case "unknown-payment":
        return side === "expect" && sign === 1;
      case "over-charge":
        return side === "actual" || sign === 1;
      default:
        return cause === "currency-mismatch";
    }
  }

  lateSide(cause: string): RuleLeg["side"] {
    return cause === "unknown-payment" ? "expect" : "actual";
  }

  #scaleOf(currency: number): number {
    const known = this.#scales.get(currency);
    if (known !== undefined) return known;
    const { scale } = scaleOf(this, unpackCurrency(currency));
    this.#scales.set(currency, scale);
    return scale;
  }
}

function sideText(legs: readonly RuleLeg[], side: RuleLeg["side"]): string {
  return legs
    .filter((leg) => leg.side === side)
    .map((leg, index) => (leg.sign === 1 ? (index === 0 ? leg.name : `+ ${leg.name}`) : `- ${leg.name}`))
    .join(" ");
}
