import { days, hours } from "../base/time.ts";
import { type Job, type JobEnvironment, job } from "../checks/job.ts";
import { atLeast, below } from "../dataflow/bound.ts";
import { minus } from "../dataflow/leg.ts";
import { id, instant, integer, model, money, table, text } from "../dataflow/model.ts";

/** The check of the shop's truth that the many are, together or each. */
export const CHECK = "payment-settlement";

/** Whether each check looks at a part of the payments, or at all of them. */
export type Looking = "part" | "all";

/** The shop numbers its payments from here on, one for each order. */
const FIRST_PAYMENT = 800_000_000_000_000_000n;

const from = integer("payment_id");
const to = integer("payment_id");
const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), from, to, status: text(), amount: money(), capturedAt: instant() },
  businessTime: "capturedAt",
});
const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: { paymentId: id(), from, to, status: text(), amount: money(), refundedAt: instant() },
  businessTime: "refundedAt",
});
const Line = model("SettlementLine", {
  from: table("ledger", "settlement_lines"),
  fields: { paymentId: id(), from, to, net: money(), fee: money(), bookedAt: instant() },
  businessTime: "bookedAt",
});

/** So many reconciliations of payments and their settlement over the same three models. */
export function manyChecks(count: number, looking: Looking, orders: number): Job {
  return job("many-checks", (env) => {
    for (let i = 0; i < count; i++) {
      const at = (part: number) => FIRST_PAYMENT + BigInt(Math.round((orders * part) / count));
      // What is numbered outside of the orders is nobody's, and goes to the last.
      const isLast = i === count - 1;
      const part =
        looking === "all" ? {} : { ...(i > 0 && { from: atLeast(at(i)) }), ...(!isLast && { to: below(at(i + 1)) }) };
      check(env, `${CHECK}-${i}`, part);
    }
  });
}

function check(env: JobEnvironment, uid: string, part: object): void {
  const payments = env.changes(Payment).where({ status: "captured", ...part });
  const refunds = env.changes(Refund).where({ status: "succeeded", ...part });
  const lines = env.changes(Line).where(part);
  env.reconcile(uid, {
    by: "paymentId",
    expect: { captured: payments.sum("amount"), back: minus(refunds.sum("amount").within(days(5))) },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
  });
}
