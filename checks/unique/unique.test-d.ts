import { hours, id, instant, integer, job, model, money, table, text } from "../../index.ts";

/** What compiles and what does not in checks of uniqueness and of bounds. */

const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: {
    paymentId: id(),
    requestKey: text(),
    attempts: integer(),
    amount: money(),
    askedAt: instant(),
  },
  businessTime: "askedAt",
});
const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id(), amount: money() } });
const Payout = model("Payout", { from: table("bank", "payouts"), fields: { batchId: id(), amount: money() } });

export const compiles = job("compiles", (env) => {
  const refunds = env.changes(Refund).where({ attempts: 1 });
  env.unique("a", { of: refunds, by: "requestKey" });
  env.unique("b", { of: refunds, by: ["paymentId", "amount.currency"], money: "amount", class: "refunded-twice" });
  env.unique("c", { of: refunds, by: "paymentId", alike: ["amount"], within: hours(1), confirmedBy: ["requestKey"] });
  env.bound("d", {
    by: "paymentId",
    of: { refunded: refunds.sum("amount") },
    within: { captured: env.changes(Payment).sum("amount") },
    unknownAfter: hours(1),
    classes: { exceeded: "over-refund" },
  });
});

export const wrongUnique = job("wrong-unique", (env) => {
  const refunds = env.changes(Refund);
  // @ts-expect-error there is no such field
  env.unique("a", { of: refunds, by: "request" });
  // @ts-expect-error money is no key
  env.unique("b", { of: refunds, by: "amount" });
  // @ts-expect-error a key has one field at least
  env.unique("c", { of: refunds, by: [] });
  // @ts-expect-error a text costs nothing
  env.unique("d", { of: refunds, by: "paymentId", money: "requestKey" });
  // @ts-expect-error a length of time has a unit
  env.unique("e", { of: refunds, by: "paymentId", within: 24 });
  // @ts-expect-error events are no rows
  env.unique("f", { of: refunds.asEvents(), by: "paymentId" });
  // @ts-expect-error there is no such field to be alike in
  env.unique("g", { of: refunds, by: "paymentId", alike: ["reason"] });
});

export const wrongBounds = job("wrong-bounds", (env) => {
  const of = { refunded: env.changes(Refund).sum("amount") };
  const captured = env.changes(Payment).sum("amount");
  // @ts-expect-error parts of nothing have a deadline
  env.bound("a", { by: "paymentId", of, within: { captured } });
  // @ts-expect-error payouts have no payment
  env.bound("b", { by: "paymentId", of, within: { paid: env.changes(Payout).sum("amount") }, unknownAfter: hours(1) });
  // @ts-expect-error a changelog is no leg: say which field is summed
  env.bound("c", { by: "paymentId", of, within: { captured: env.changes(Payment) }, unknownAfter: hours(1) });
  // @ts-expect-error there is no such cause
  env.bound("d", { by: "paymentId", of, within: { captured }, unknownAfter: hours(1), classes: { missing: "x" } });
});
