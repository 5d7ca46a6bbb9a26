import { hours, id, instant, job, model, money, table, text } from "countercheck";

export const Charge = model("Charge", {
  from: table("shop", "charges"),
  fields: {
    chargeNo: id(),
    status: text({ values: { 1: "captured", 2: "failed" } }),
    amount: money({ minorUnits: true }),
  },
});
export const Refund = model("Refund", {
  from: table("shop", "charge_refunds"),
  fields: {
    chargeNo: id(),
    status: text({ values: { 1: "in-flight", 2: "succeeded", 3: "failed" } }),
    amount: money({ minorUnits: true }),
    requestedAt: instant("gmt_create"),
  },
  businessTime: "requestedAt",
});

/** No more goes back than came. What is in flight counts: it can still be stopped. */
export default job("refunds", (env) => {
  const refunds = env.changes(Refund).where({ status: ["in-flight", "succeeded"] });
  env.bound("refunds-within-captured", {
    by: "chargeNo",
    of: { refunded: refunds.sum("amount") },
    within: { captured: env.changes(Charge).where({ status: "captured" }).sum("amount") },
    unknownAfter: hours(6),
    classes: { exceeded: "over-refund", unknown: "refund-of-unknown-charge" },
  });
});
