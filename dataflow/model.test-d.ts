import { flag, hours, id, instant, integer, job, model, money, number, table, text } from "../index.ts";

/** What compiles and what does not in models: every line under `@ts-expect-error` must fail. */

const Payment = model("Payment", {
  from: [
    table("shop", "payments"),
    table("legacy", "pay_order", {
      paymentId: id("order_no"),
      amount: money({ column: "amt_cents", minorUnits: true, currency: "EUR" }),
      status: text({ column: "state", values: { 1: "captured", 2: "failed" } }),
      capturedAt: instant({ column: "gmt_modified", unit: "s" }),
    }),
    table("shop", "old_payments", { before: "full" }),
    table("legacy", "payments", { paymentId: id("order_no") }, { before: "full" }),
  ],
  fields: {
    paymentId: id(),
    amount: money(),
    status: text({ values: { C: "captured", F: "failed" }, otherwise: "open", default: "new" }),
    attempts: integer({ default: 0n }),
    score: number({ column: "risk", default: 0.5 }),
    test: flag({ default: false }),
    channel: text({ default: "web" }),
    capturedAt: instant(),
  },
  businessTime: "capturedAt",
});

export const compiles = job("compiles", (env) => {
  const payments = env.changes(Payment).where({ status: ["captured", "open"], channel: "anything", attempts: 1 });
  payments.filter(({ status }) => status === "new").to("new");
  env.reconcile("r", {
    by: "paymentId",
    expect: { payments: payments.sum("amount") },
    actual: { again: payments.sum("amount") },
    missingAfter: hours(1),
  });
});

export const wrong = job("wrong", (env) => {
  // @ts-expect-error no such status
  env.changes(Payment).where({ status: "captrued" });
  // @ts-expect-error a status is never that
  env.changes(Payment).filter(({ status }) => status === "lost");
});

const fields = { paymentId: id(), amount: money(), status: text({ values: { C: "captured" } }), at: instant() };

export const refused = () => {
  // @ts-expect-error the model has no such field
  model("Wrong", { from: table("db", "t", { paymentId: id("no"), nope: id() }), fields });
  // @ts-expect-error nor one alone
  model("Wrong", { from: [table("db", "t"), table("db", "t", { nope: id() })], fields });
  // @ts-expect-error of another kind
  model("Wrong", { from: table("db", "t", { paymentId: text() }), fields });
  // @ts-expect-error of another kind, though both are numbers
  model("Wrong", { from: table("db", "t", { at: number() }), fields });
  // @ts-expect-error a value that the model does not know
  model("Wrong", { from: table("db", "t", { status: text({ values: { 1: "lost" } }) }), fields });
  // @ts-expect-error any text
  model("Wrong", { from: table("db", "t", { status: text("state") }), fields });
  // @ts-expect-error another row before than the whole one
  model("Wrong", { from: table("db", "t", { before: "none" }), fields });
  // @ts-expect-error fields stand in front of it
  model("Wrong", { from: table("db", "t", { before: "full", paymentId: id() }), fields });
  // @ts-expect-error the model has no such field
  model("Wrong", { from: table("db", "t", { before: id() }), fields });
  // @ts-expect-error the model has no such field, whatever is said behind it
  model("Wrong", { from: table("db", "t", { nope: id() }, { before: "full" }), fields });
  // @ts-expect-error a key has no default
  id({ default: "x" });
  // @ts-expect-error nor has money
  money({ default: 0n });
  // @ts-expect-error nor has a time
  instant({ default: 0 });
  // @ts-expect-error of integers only digits are known
  integer({ default: 0 });
  // @ts-expect-error others than which
  text({ otherwise: "open" });
  // @ts-expect-error no unit that is counted in
  instant({ unit: "minutes" });
};
