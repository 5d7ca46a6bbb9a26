import { id, instant, job, minutes, model, money, table, tumbling } from "countercheck";

export const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), terminal: id(), amount: money({ currency: "EUR" }), paidAt: instant() },
});

/** What each terminal took in every five minutes, and the payments that were told of too late for that. */
export default job("takings", (env) => {
  const takings = env
    .changes(Payment)
    .asEvents()
    .timedBy("paidAt", { lag: minutes(2) })
    .keyBy("terminal")
    .window(tumbling(minutes(5)))
    .aggregate("takings", (payments) => ({
      terminal: payments.key("terminal"),
      payments: payments.count(),
      total: payments.sum("amount", { currency: "EUR" }),
      from: payments.windowStart(),
    }));
  takings.to("takings");
  takings.late().select("paymentId").to("too-late");
});
