import { hours, minutes } from "../../base/time.ts";
import type { Purchase } from "./purchase.ts";
import { refundTerms } from "./terms.ts";

/** What a plan made go wrong; `atRisk` is minor units. */
export interface PlannedFault {
  readonly check: string;
  readonly class: string;
  /** In canonical text. */
  readonly key: string;
  readonly currency: string;
  readonly atRisk: number;
  /** The point of event time from which it is failing. */
  readonly dueAt: number;
  /** When something makes it right again. */
  readonly resolvedAt?: number;
  readonly note: string;
}

/** Plans a purchase in which one thing goes wrong. */
export type FaultPlan = (purchase: Purchase) => PlannedFault;

/** The point at which a statement is judged: MariaDB's times are cut to whole seconds. */
export function judged(statementMs: number): number {
  return statementMs - (statementMs % 1000) + refundTerms.skew;
}

/** Late by enough to be beyond doubt. */
export function later(purchase: Purchase, dueAt: number): number {
  return dueAt + purchase.between(minutes(10), hours(20));
}
