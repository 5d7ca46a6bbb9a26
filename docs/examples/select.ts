import { id, instant, job, model, money, table, text } from "countercheck";

export const Payment = model("Payment", {
  from: table("bank", "payments"),
  fields: { id: id(), orderId: id(), amount: money(), status: text(), note: text(), bookedAt: instant() },
});

/** What others may see of payments that are booked. */
export default job("booked", (env) => {
  env.changes(Payment).asEvents().where({ status: "booked" }).select("orderId", "amount").to("booked");
});
