import type { Batch } from "../base/batch.ts";
import type { Int64Column, TextColumn } from "../base/columns.ts";
import { assert } from "../base/errors.ts";
import { exponentOf, packCurrency, pow10, rescale, unpackCurrency } from "../base/money.ts";
import type { Conversion } from "../dataflow/leg.ts";
import type { Model } from "../dataflow/model.ts";
import type { RuleLeg } from "./rule.ts";

/** Brings the amounts of a leg into the currencies that its rows name, by the rates that they bring. Of one batch. */
export class Converter {
  readonly #conversion: Conversion;
  readonly #to: TextColumn;
  readonly #rate: Int64Column;
  readonly #rateScale: number;
  /** Digits of the leg's amounts; undefined: those of their currency. */
  readonly #scale: number | undefined;

  constructor(conversion: Conversion, { scale }: RuleLeg, model: Model, batch: Batch) {
    this.#conversion = conversion;
    this.#scale = scale;
    this.#to = batch.column(conversion.to) as TextColumn;
    this.#rate = batch.column(conversion.rate) as Int64Column;
    this.#rateScale = model.fields[conversion.rate]!.money!.scale!;
  }

  /** The currency that a row is to count in, packed; its own where it says nothing that can be used. */
  currencyOf(row: number, own: number): number {
    if (this.#to.nulls[row] === 1 || this.#rate.nulls[row] === 1) return own;
    const code = this.#to.text(row);
    return /^[A-Z]{3}$/.test(code) && exponentOf(code) !== undefined ? packCurrency(code) : own;
  }

  /** An amount in another currency, at that one's comparison scale: exact, but for one rounding to its minor unit. */
  convert(row: number, minor: bigint, from: number, to: number, scale: number): bigint {
    const digits = Math.min(exponentOf(unpackCurrency(to))!, scale);
    const product = minor * this.#rate.big[row]!;
    const productScale = (this.#scale ?? exponentOf(unpackCurrency(from)) ?? 0) + this.#rateScale;
    const converted = rescale(product, productScale, digits, this.#conversion.rounding);
    assert(converted !== null, "a conversion has a rounding mode");
    return converted * pow10(scale - digits);
  }
}
