import { packCurrency } from "../../base/money.ts";
import { type Judgement, NO_MONEY } from "../rule.ts";
import type { Severity } from "./audit.ts";
import { moneyMoved, type NamedFields, writesText } from "./changed.ts";
import type { Write } from "./transaction.ts";

/** What is said of a transaction. */
export interface Finding {
  readonly class: string;
  /** What is wrong, for people. */
  readonly reason: string;
  /** The writes that it is about. */
  readonly writes: readonly Write[];
}

/**
 * The judgement of a transaction, one for all that it did: in the currency of the money that was moved, or in none where it
 * was several's or none.
 */
export function judgementOf(
  writes: readonly Write[],
  status: "pass" | "pending" | Finding,
  fields: NamedFields,
  severityOf: (writes: readonly Write[]) => Severity,
): Judgement {
  const moved = moneyMoved(writes, fields);
  const [first] = moved;
  const currency = moved.size === 1 ? packCurrency(first![0]) : NO_MONEY;
  const said = { currency, period: "", lower: 0n, upper: 0n, actual: 0n };
  if (typeof status === "string") return { ...said, status, class: null, atRisk: 0n, note: null };
  const own = moneyMoved(status.writes, fields);
  const atRisk = currency === NO_MONEY ? 0n : ([...own.values()][0] ?? 0n);
  const note = `${severityOf(status.writes)} severity: ${status.reason}. ${writesText(status.writes, fields)}`;
  return { ...said, status: "fail", class: status.class, atRisk, note };
}
