import { exponentOf } from "../base/money.ts";
import type { Random } from "../base/random.ts";

/** The currencies of the shop by how common they are, with exponents 2, 0 and 3. */
const CURRENCIES: readonly (readonly [share: number, code: string])[] = [
  [0.45, "EUR"],
  [0.25, "USD"],
  [0.12, "GBP"],
  [0.11, "JPY"],
  [0.07, "KWD"],
];

/** Draws a currency. */
export function drawCurrency(random: Random): string {
  let draw = random.next();
  for (const [share, code] of CURRENCIES) {
    draw -= share;
    if (draw < 0) return code;
  }
  return "EUR";
}

/** Draws a currency that is not `currency`. */
export function otherCurrency(random: Random, currency: string): string {
  return random.pick(CURRENCIES.map(([, code]) => code).filter((code) => code !== currency));
}

/** Draws the price of an order, in minor units: small ones are common, and now and then one is huge. */
export function drawPrice(random: Random): number {
  const price = Math.round(10 ** (2.4 + 3.3 * random.next()));
  return random.chance(0.0005) ? price * 20_000 : price;
}

/** Draws the fee on an amount, in minor units: less than the amount, at least 1. */
export function drawFee(random: Random, amount: number): number {
  return Math.max(1, Math.floor(amount * (0.009 + 0.02 * random.next())));
}

/** Minor units as the unscaled value of a decimal column. */
export function unscaled(minor: number, currency: string, columnScale: number): number {
  return minor * 10 ** (columnScale - digitsOf(currency));
}

/** Digits of a currency's minor unit. */
export function digitsOf(currency: string): number {
  return exponentOf(currency)!;
}
