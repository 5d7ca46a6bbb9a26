import { id, job, model, money, table, text } from "countercheck";

export const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: { refundId: id(), clerk: id(), reason: text(), amount: money() },
});

/** What each clerk has given back so far, in each currency, and the largest of it. */
export default job("refunds-by-clerk", (env) => {
  env
    .changes(Refund)
    .keyBy("clerk", "amount.currency")
    .aggregate("by-clerk", (refunds) => ({
      clerk: refunds.key("clerk"),
      refunds: refunds.count(),
      total: refunds.sum("amount"),
      largest: refunds.max("amount"),
      reasons: refunds.distinct("reason"),
    }))
    .to("refunds-by-clerk");
});
