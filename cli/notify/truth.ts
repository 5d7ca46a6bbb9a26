import { parseDecimal, rescale } from "../../base/money.ts";
import type { Amounts } from "../../connectors/reread/answers.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";

/** What the source of truth says of a key; what it was not asked is not there. */
export interface Truth {
  readonly actual?: Amounts;
  readonly expected?: Amounts;
  readonly wrong?: boolean;
}

/** What a verdict says, as far as it is held against the truth. */
export type Picture = Pick<VerdictRecord, "currency" | "lower" | "upper" | "actual">;

/** How the truth stands to a verdict that fails, with both in words. */
export interface Comparison {
  readonly isWrong: boolean;
  readonly note: string;
}

/**
 * Holds the truth against a failure: is there anything wrong by the totals that the source of truth has? Of what it was
 * not asked, the verdict's own totals are taken; expected totals of the source are exact, without the rule's tolerance.
 */
export function compare(truth: Truth, verdict: Picture): Comparison {
  if (truth.wrong !== undefined)
    return {
      isWrong: truth.wrong,
      note: `the source of truth says that ${truth.wrong ? "it is so" : "nothing is wrong"}`,
    };
  const { currency } = verdict;
  const actual = truth.actual === undefined ? verdict.actual : (truth.actual[currency] ?? "0");
  const expected = truth.expected && (truth.expected[currency] ?? "0");
  const [lower, upper] = expected === undefined ? [verdict.lower, verdict.upper] : [expected, expected];
  const [least, found, most] = atOneScale([lower, actual, upper]);
  const isWrong = found! < least! || found! > most!;
  const says = (name: string, from: string, to: string, has: string) =>
    `${name} expected ${from === to ? from : `${from} to ${to}`} ${currency}, found ${has}`;
  const events = says("change events:", verdict.lower, verdict.upper, verdict.actual);
  return { isWrong, note: `${events}; ${says("source of truth:", lower, upper, actual)}` };
}

function atOneScale(texts: readonly string[]): bigint[] {
  const decimals = texts.map((text) => parseDecimal(text)!);
  const scale = Math.max(...decimals.map((decimal) => decimal.scale));
  return decimals.map((decimal) => rescale(decimal.unscaled, decimal.scale, scale)!);
}
