import { parseDecimal, rescale } from "../../base/money.ts";
import type { Amounts } from "../../connectors/reread/answers.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import type { Confirmation } from "./confirmation.ts";

/** What the source of truth says of a key; what it was not asked is not there. */
export interface Truth {
  readonly actual?: Amounts;
  readonly expected?: Amounts;
  readonly wrong?: boolean;
}

/** What a verdict says, as far as it is held against the truth. */
export type Picture = Pick<VerdictRecord, "currency" | "lower" | "upper" | "actual">;

/**
 * Holds the truth against a failure: is there anything wrong by the totals that the source of truth has? Of what it was
 * not asked, the verdict's own totals are taken; expected totals of the source are exact, without the rule's tolerance.
 * A failure that is none by its own totals, as money that came in another currency, is neither confirmed nor refuted by an
 * actual total.
 */
export function compare(truth: Truth, verdict: Picture): Confirmation {
  if (truth.wrong !== undefined) {
    const note = `the source of truth says that ${truth.wrong ? "it is so" : "nothing is wrong"}`;
    return { outcome: truth.wrong ? "confirmed" : "refuted", note };
  }
  const { currency } = verdict;
  const actual = truth.actual === undefined ? verdict.actual : (truth.actual[currency] ?? "0");
  const expected = truth.expected && (truth.expected[currency] ?? "0");
  const [lower, upper] = expected === undefined ? [verdict.lower, verdict.upper] : [expected, expected];
  const says = (name: string, from: string, to: string, has: string) =>
    `${name} expected ${from === to ? from : `${from} to ${to}`} ${currency}, found ${has}`;
  const events = says("change events:", verdict.lower, verdict.upper, verdict.actual);
  const note = `${events}; ${says("source of truth:", lower, upper, actual)}`;
  if (isWithin(verdict.actual, verdict.lower, verdict.upper) && expected === undefined)
    return { outcome: "unknown", note: `not confirmed: totals of one currency do not tell; ${note}` };
  return { outcome: isWithin(actual, lower, upper) ? "refuted" : "confirmed", note };
}

function isWithin(...amounts: readonly [actual: string, lower: string, upper: string]): boolean {
  const [found, least, most] = atOneScale(amounts);
  return found! >= least! && found! <= most!;
}

function atOneScale(texts: readonly string[]): bigint[] {
  const decimals = texts.map((text) => parseDecimal(text)!);
  const scale = Math.max(...decimals.map((decimal) => decimal.scale));
  return decimals.map((decimal) => rescale(decimal.unscaled, decimal.scale, scale)!);
}
