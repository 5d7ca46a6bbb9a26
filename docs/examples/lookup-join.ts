import { days, hours, id, job, model, money, number, table } from "countercheck";

export const Sale = model("Sale", {
  from: table("shop", "sales"),
  fields: { id: id(), currency: id(), amount: money({ currency: "EUR" }) },
});
export const Rate = model("Rate", {
  from: table("bank", "rates"),
  fields: { currency: id(), rate: number() },
});

/** Every sale with the rate that its currency had at that time. */
export default job("rated-sales", (env) => {
  const rates = env.changes(Rate).keyBy("currency");
  const sales = env.changes(Sale).asEvents().keyBy("currency");
  const rated = sales.lookupJoin("rated", rates, {
    type: "leftOuter",
    select: (sale, rate) => ({ sale: sale.id, amount: sale.amount, rate: rate.rate }),
    keep: hours(1),
    late: "aside",
    ttl: days(30),
  });
  rated.to("rated-sales");
  rated.late().to("late-sales");
});
