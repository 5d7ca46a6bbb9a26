import { formatDecimal } from "../../../base/money.ts";
import { digitsOf } from "../../prices.ts";
import type { PlannedFault } from "../../refunds/fault-plan.ts";

/** One thing that was made to go wrong, on a purchase that is right in everything else. */
export interface SqlRefundFault {
  /** uid of the check that must find it. */
  readonly check: string;
  readonly class: string;
  /** In canonical text. */
  readonly key: string;
  readonly currency: string;
  /** In currency units at the currency's own exponent. */
  readonly atRisk: string;
  /** The point of event time from which it fails lies between these. */
  readonly failsFrom: number;
  readonly failsBy: number;
  /** A later change makes it pass again. */
  readonly resolves: boolean;
  readonly note: string;
}

/** What really happened at the refund desk. */
export interface SqlRefundTruth {
  readonly faults: readonly SqlRefundFault[];
  /** What was wrong when the connectors took their snapshots. */
  readonly baseline: readonly Pick<SqlRefundFault, "check" | "class" | "key" | "currency">[];
  /** Numbers of purchases that this machine was too slow for; all keys of a purchase have its number in them. */
  readonly doubtful: readonly string[];
  /** Purchases by what they were, faults left out. */
  readonly lookAlikes: Readonly<Record<string, number>>;
  /** The fault that is due last of all. */
  readonly last: SqlRefundFault;
  readonly judgedBy: number;
}

/** A fault as it went. */
export function faultOf(planned: PlannedFault, failsFrom: number, failsBy: number): SqlRefundFault {
  const { check, class: cause, key, currency, atRisk, resolvedAt, note } = planned;
  const money = formatDecimal(BigInt(atRisk), digitsOf(currency));
  const resolves = resolvedAt !== undefined;
  return { check, class: cause, key, currency, atRisk: money, failsFrom, failsBy, resolves, note };
}
