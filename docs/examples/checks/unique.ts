import { hours, id, instant, job, model, money, table, text } from "countercheck";

export const Refund = model("Refund", {
  from: table("shop", "charge_refunds"),
  fields: {
    chargeNo: id(),
    requestNo: id(),
    channelNo: text(),
    reason: text(),
    status: text({ values: { 1: "in-flight", 2: "succeeded", 3: "failed" } }),
    amount: money({ minorUnits: true }),
    requestedAt: instant("gmt_create"),
  },
  businessTime: "requestedAt",
});

/** One request is refunded once. The same refund by several requests within a day is suspected to be one too many. */
export default job("refunds", (env) => {
  const refunds = env.changes(Refund).where({ status: ["in-flight", "succeeded"] });
  env.unique("duplicate-refunds", { of: refunds, by: "requestNo", money: "amount", class: "duplicate-refund" });
  env.unique("suspected-duplicates", {
    of: refunds,
    by: "chargeNo",
    alike: ["amount", "reason"],
    within: hours(24),
    confirmedBy: ["requestNo", "channelNo"],
    money: "amount",
    class: "suspected-duplicate",
  });
});
