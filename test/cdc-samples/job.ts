import { id, job, minutes, model, money, table, text } from "countercheck";

const payment = (source: string) =>
  model(`Payment-${source}`, {
    from: table(source, "payments"),
    fields: { paymentId: id("id"), status: text(), amount: money({ scale: 2 }) },
  });

const refund = (source: string) =>
  model(`Refund-${source}`, {
    from: table(source, "refunds"),
    fields: { paymentId: id(), amount: money({ currency: "EUR" }), reason: text() },
  });

const line = (source: string) =>
  model(`Line-${source}`, {
    from: table(source, "settlements"),
    fields: {
      paymentId: id(),
      net: money({ column: "net_amount", currency: "EUR", scale: 4 }),
      fee: money({ currency: "EUR", scale: 4, rounding: "halfEven" }),
    },
  });

/** Holds the two captured databases, which went through the same, against each other, and each against itself. */
export default job("cdc-samples", (env) => {
  const captured = (source: string) => env.changes(payment(source)).where({ status: "captured" });
  const [maria, postgres] = [captured("maria"), captured("pg")];

  env.reconcile("payments", {
    by: "paymentId",
    expect: { maria: maria.sum("amount") },
    actual: { postgres: postgres.sum("amount") },
    missingAfter: minutes(10),
  });

  env.reconcile("refunds", {
    by: "paymentId",
    expect: { maria: env.changes(refund("maria")).sum("amount") },
    actual: { postgres: env.changes(refund("pg")).sum("amount") },
    missingAfter: minutes(10),
  });

  for (const [source, payments] of [["maria", maria] as const, ["pg", postgres] as const]) {
    const lines = env.changes(line(source));
    env.reconcile(`settlement-${source}`, {
      by: "paymentId",
      expect: { captured: payments.sum("amount") },
      actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
      missingAfter: minutes(10),
    });
  }
});
