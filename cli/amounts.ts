import { assert } from "../base/errors.ts";
import { formatDecimal, parseDecimal, rescale } from "../base/money.ts";

/** Exact sums of decimal texts by currency. */
export class Amounts {
  readonly #sums = new Map<string, { unscaled: bigint; scale: number }>();

  /** Adds `12.50` of a currency. */
  add(currency: string, amount: string): void {
    const decimal = parseDecimal(amount);
    assert(decimal !== null, `${amount} is a decimal`);
    const sum = this.#sums.get(currency) ?? { unscaled: 0n, scale: 0 };
    const scale = Math.max(sum.scale, decimal.scale);
    const unscaled = rescale(sum.unscaled, sum.scale, scale)! + rescale(decimal.unscaled, decimal.scale, scale)!;
    this.#sums.set(currency, { unscaled, scale });
  }

  /** The sums that are not zero, as decimal texts by currency, in order of currency. */
  toRecord(): Record<string, string> {
    const sums = [...this.#sums].filter(([, sum]) => sum.unscaled !== 0n).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(
      sums.map(([currency, { unscaled, scale }]) => [currency, formatDecimal(unscaled, scale)]),
    );
  }
}

/** `{ EUR: "12.50", USD: "3.00" }` as `12.50 EUR, 3.00 USD`. */
export function amountsText(amounts: Readonly<Record<string, string>>): string {
  const texts = Object.entries(amounts).map(([currency, amount]) => `${amount} ${currency}`);
  return texts.length === 0 ? "nothing" : texts.join(", ");
}
