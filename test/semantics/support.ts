import { days, hours } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import type { ReconcileSpec } from "../../checks/reconcile/reconcile.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, instant, model, money, table, text } from "../../dataflow/model.ts";
import type { TestDriver } from "../../testing/index.ts";

/** An hour and a day of event time; the tests' clocks begin at hour 0. */
export const H = 3_600_000;
export const D = 24 * H;
/** The default skew. */
export const SKEW = 2_000;

/** Captures, in a database whose clock is the shop's. */
export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
  businessTime: "capturedAt",
});

/** Refunds and reversals, in the same database. */
export const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: { paymentId: id(), kind: text(), amount: money(), refundedAt: instant() },
  businessTime: "refundedAt",
});

/** What the acquirer settled, in another database. */
export const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), net: money(), fee: money(), bookedAt: instant() },
  businessTime: "bookedAt",
});

/** A1: captures within a day, what goes back within five. */
export function settlementJob(rule: Partial<ReconcileSpec<"paymentId">> = {}): Job {
  return job("settlement", (env) => {
    const captures = env.changes(Payment).where({ status: "captured" });
    const refunds = env.changes(Refund);
    const lines = env.changes(Line);
    env.reconcile("settlement", {
      by: "paymentId",
      expect: {
        captured: captures.sum("amount"),
        refunded: minus(refunds.where({ kind: "refund" }).sum("amount").within(days(5))),
        reversed: minus(refunds.where({ kind: "reversal" }).sum("amount").within(days(5))),
      },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: hours(24),
      ...rule,
    });
  });
}

/** The columns of a captured payment. */
export const captured = (paymentId: number | string, amount: string, capturedAt: number | null) =>
  ({ paymentId, status: "captured", amount, capturedAt }) as const;

/** The columns of a settlement line. */
export const settled = (paymentId: number | string, net: string, fee: string | null, bookedAt: number | null) =>
  ({ paymentId, net, fee, bookedAt }) as const;

/** The columns of a refund. */
export const refunded = (paymentId: number | string, amount: string, refundedAt: number | null) =>
  ({ paymentId, kind: "refund", amount, refundedAt }) as const;

/** Emitted verdicts as lines: `v1 fail missing 10.00 EUR`. */
export function verdictLines(driver: TestDriver, key?: number | string): string[] {
  return driver.verdicts(key).map(({ version, status, class: cause, atRisk, currency, baseline }) => {
    const what = cause === null ? status : `${status} ${cause} ${atRisk}`;
    return `v${version} ${what} ${currency}${baseline ? " (baseline)" : ""}`;
  });
}

/** Steps of alerts as lines: `opened missing v1`. */
export function alertLines(driver: TestDriver): string[] {
  return driver.alerts().map((alert) => `${alert.action} ${alert.class} v${alert.verdictVersion}`);
}

/** The last words, after `end`: `EUR pass`. */
export function finalLines(driver: TestDriver): string[] {
  return driver.finals().map(({ currency, status, class: cause, atRisk }) => {
    return cause === null ? `${currency} ${status}` : `${currency} ${status} ${cause} ${atRisk}`;
  });
}
