import { atLeast, below, hours, id, instant, integer, job, model, money, not, table, text } from "../index.ts";

/** What compiles and what does not in conditions, samples and derived models: every line under `@ts-expect-error` must fail. */

const Raw = model("Raw", {
  from: table("shop", "payments"),
  fields: {
    no: id(),
    status: text({ values: { 1: "captured", 2: "failed" } }),
    n: integer(),
    paid: money(),
    at: instant(),
  },
});

export const compiles = job("compiles", (env) => {
  const raw = env.changes(Raw).where({ status: not("failed"), n: below(5), at: atLeast(0) });
  const payments = raw
    .sample(0.01)
    .derive(
      "Payment",
      { paymentId: id(), amount: money(), capturedAt: instant() },
      ({ no, paid, at }) => ({ paymentId: no, amount: paid, capturedAt: at }),
      { businessTime: "capturedAt" },
    );
  env.reconcile("r", {
    by: "paymentId",
    expect: { payments: payments.where({ amount: atLeast({ minor: 1n, currency: "EUR" }) }).sum("amount") },
    actual: {
      again: payments
        .filter(({ amount }) => amount !== null)
        .sample(0.5, "paymentId")
        .sum("amount"),
    },
    missingAfter: hours(1),
  });
  raw.asEvents().sample(0.1, "no").to("events");
});

export const wrong = job("wrong", (env) => {
  const raw = env.changes(Raw);
  // @ts-expect-error text has no order
  raw.where({ status: atLeast("a") });
  // @ts-expect-error no such status
  raw.where({ status: not("lost") });
  // @ts-expect-error money is not compared with a number
  raw.where({ paid: below(5) });
  // @ts-expect-error times are milliseconds
  raw.where({ at: below("2026-01-01") });
  // @ts-expect-error money is no key
  raw.sample(0.1, "paid");
  // @ts-expect-error events have no primary key
  raw.asEvents().sample(0.1);
  // @ts-expect-error a field is missing
  raw.derive("Payment", { paymentId: id(), amount: money() }, ({ no }) => ({ paymentId: no }));
  // @ts-expect-error any text is no id
  raw.derive("Payment", { paymentId: id() }, () => ({ paymentId: "7" }));
  // @ts-expect-error a business time is an instant
  raw.derive("Payment", { paymentId: id() }, ({ no }) => ({ paymentId: no }), { businessTime: "paymentId" });
  // @ts-expect-error what is not derived is gone
  raw.derive("Payment", { paymentId: id() }, ({ no }) => ({ paymentId: no })).sum("paid");
});
