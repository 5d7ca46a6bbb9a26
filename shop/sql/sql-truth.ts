import { formatDecimal } from "../../base/money.ts";
import { digitsOf } from "../prices.ts";
import { terms } from "../terms.ts";
import type { FaultClass } from "../truth.ts";
import type { SqlPlannedFault } from "./sql-faults.ts";
import type { SqlOrder } from "./sql-order.ts";

/** One thing that was made to go wrong, on an order that is right in everything else. */
export interface SqlFault {
  readonly class: FaultClass;
  /** The payment id's canonical text: its digits. */
  readonly key: string;
  readonly currency: string;
  /** The difference at its point, in currency units at the currency's own exponent. */
  readonly atRisk: string;
  /** The point of event time from which it fails lies between these; they are equal where a deadline makes it so. */
  readonly failsFrom: number;
  readonly failsBy: number;
  /** A later change makes it pass again. */
  readonly resolves: boolean;
  /** What was done, for people. */
  readonly note: string;
}

/** What really happened in a run of the shop. */
export interface SqlTruth {
  readonly seed: number;
  readonly orders: number;
  /** In order of key. */
  readonly faults: readonly SqlFault[];
  /** What was overdue when the connectors took their snapshots: it belongs in the baseline report. */
  readonly baseline: readonly { readonly key: string; readonly currency: string; readonly class: FaultClass }[];
  /** Keys of orders that this machine was too slow for: what must be said of them is not known. */
  readonly doubtful: readonly string[];
  /** Orders by what they were, faults left out. */
  readonly lookAlikes: Readonly<Record<string, number>>;
  /** The key that is due last: once its fault is found, everything was judged. */
  readonly lastKey: string;
  /** The event time from which on nothing that this run did changes a verdict. */
  readonly judgedBy: number;
}

/** A fault as it went, once its order is through. */
export function faultOf(order: SqlOrder, planned: SqlPlannedFault): SqlFault {
  const { class: cause, from, resolves = false, note } = planned;
  const { after, by } = typeof from === "number" ? { after: from, by: from } : from;
  return {
    class: cause,
    key: String(order.paymentId),
    currency: order.currency,
    atRisk: formatDecimal(BigInt(planned.atRisk), digitsOf(order.currency)),
    failsFrom: after + terms.skew,
    failsBy: by + terms.skew,
    resolves,
    note,
  };
}
