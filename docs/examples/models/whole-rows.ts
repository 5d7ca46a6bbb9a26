import { hours, id, job, model, money, table, text } from "countercheck";

export const Payment = model("Payment", {
  from: [
    table("shop", "payments", { before: "full" }),
    table("legacy", "pay_order", { paymentId: id("order_no") }, { before: "full" }),
  ],
  fields: { paymentId: id(), status: text(), amount: money() },
});
export const Line = model("Line", {
  from: table("ledger", "lines", { before: "full" }),
  fields: { paymentId: id(), net: money() },
});

/** What is captured is settled within a day; of no row anything is kept but under its payment. */
export default job("settled", (env) => {
  env.reconcile("settled", {
    by: "paymentId",
    expect: { captured: env.changes(Payment).where({ status: "captured" }).sum("amount") },
    actual: { settled: env.changes(Line).sum("net") },
    missingAfter: hours(24),
  });
});
