import { atLeast, hours, id, job, model, money, not, table, text } from "countercheck";

export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), status: text(), channel: text(), amount: money(), note: text() },
});
export const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), net: money() } });

/** Payments of ten euros and more that have come to an end, one key in two, but for what is marked as a test. */
export default job("settled", (env) => {
  const payments = env
    .changes(Payment)
    .where({
      status: ["captured", "settled"],
      channel: not("test"),
      amount: atLeast({ minor: 1000n, currency: "EUR" }),
    })
    .sample(0.5, "paymentId")
    .filter(({ note }) => !/^test\b/i.test(note ?? ""));
  env.reconcile("settled", {
    by: "paymentId",
    expect: { payments: payments.sum("amount") },
    actual: { lines: env.changes(Line).sample(0.5, "paymentId").sum("net") },
    missingAfter: hours(24),
  });
});
