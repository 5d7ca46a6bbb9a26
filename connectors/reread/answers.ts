import { raise } from "../../base/errors.ts";
import { exponentOf, formatDecimal, parseDecimal } from "../../base/money.ts";
import type { TruthRow } from "./truth-reader.ts";

/** Decimal texts in currency units, by currency; a currency that is not there has nothing. */
export type Amounts = Readonly<Record<string, string>>;

/**
 * Reads rows of `currency` and `amount`, a decimal in currency units, or `minor`, a whole number of minor units. `place`
 * is where the question is configured, for REREAD_ANSWER_INVALID.
 */
export function amountsOf(rows: readonly TruthRow[], place: string): Amounts {
  const amounts: Record<string, string> = {};
  for (const { currency, amount, minor } of rows) {
    const refuse = (problem: string): never => raise("REREAD_ANSWER_INVALID", { place, problem });
    if (typeof currency !== "string" || exponentOf(currency) === undefined)
      return refuse(`${shown(currency)} is no \`currency\` of ISO 4217`);
    if (Object.hasOwn(amounts, currency)) return refuse(`it has ${currency} twice; add up and group by currency`);
    if ((amount === undefined) === (minor === undefined))
      return refuse("expected either `amount` or `minor` beside `currency`");
    amounts[currency] = amount === undefined ? ofMinor(minor, currency, refuse) : decimalOf(amount, refuse);
  }
  return amounts;
}

/** Reads one row whose `wrong` says whether something is wrong. REREAD_ANSWER_INVALID. */
export function isWrong(rows: readonly TruthRow[], place: string): boolean {
  const [row, ...others] = rows;
  const wrong = row?.wrong;
  if (others.length === 0) {
    if (wrong === true || wrong === false) return wrong;
    // MariaDB has no booleans of its own.
    if (wrong === 1 || wrong === 0 || wrong === 1n || wrong === 0n) return Boolean(wrong);
  }
  return raise("REREAD_ANSWER_INVALID", { place, problem: "expected one row, with true or false as `wrong`" });
}

type Refuse = (problem: string) => never;

/** A double cannot say what a decimal says, so whole numbers are all that is taken as one. */
function decimalOf(value: unknown, refuse: Refuse): string {
  if (value === null) return "0";
  const text = typeof value === "string" || typeof value === "bigint" || Number.isSafeInteger(value) ? `${value}` : "";
  return parseDecimal(text) === null ? refuse(`${shown(value)} is no exact decimal as \`amount\``) : text;
}

function ofMinor(value: unknown, currency: string, refuse: Refuse): string {
  const text = value === null ? "0" : String(value);
  if (!/^-?\d+$/.test(text)) return refuse(`${shown(value)} is no whole number as \`minor\``);
  return formatDecimal(BigInt(text), exponentOf(currency)!);
}

function shown(value: unknown): string {
  return String(value).slice(0, 40);
}
