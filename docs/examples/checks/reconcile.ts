import { businessDays, cutoff, hours, id, instant, job, minus, model, money, rate, table, text } from "countercheck";

export const Sale = model("Sale", {
  from: table("shop", "sales"),
  fields: { saleId: id(), status: text(), amount: money(), soldAt: instant() },
  businessTime: "soldAt",
});
export const Return = model("Return", {
  from: table("shop", "returns"),
  fields: { saleId: id(), amount: money(), returnedAt: instant() },
  businessTime: "returnedAt",
});
export const Credit = model("Credit", {
  from: table("bank", "credits"),
  fields: { saleId: id(), amount: money(), fx: rate({ scale: 6 }), soldIn: text(), creditedAt: instant() },
  businessTime: "creditedAt",
});

/** The marketplace credits what is sold by five in the afternoon, two bank days later, in whatever currency it likes. */
export default job("sales", (env) => {
  env.reconcile("sales-credited", {
    by: "saleId",
    expect: {
      sold: env.changes(Sale).where({ status: "sold" }).sum("amount"),
      returned: minus(env.changes(Return).sum("amount").within(hours(72))),
    },
    actual: {
      credited: env.changes(Credit).sum("amount").convertedTo("soldIn", { rate: "fx", rounding: "halfEven" }),
    },
    missingAfter: businessDays(2, "TARGET2", cutoff("17:00", "Europe/Berlin")),
    unknownAfter: hours(24),
    warnBefore: hours(3),
    tolerance: { absolute: "0.05" },
    classes: { missing: "never-credited", "unknown-payment": "credit-of-unknown-sale" },
  });
});
