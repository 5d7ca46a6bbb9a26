import {
  businessDays,
  calendar,
  cutoff,
  hours,
  id,
  instant,
  job,
  minus,
  model,
  money,
  rate,
  table,
  text,
} from "../../index.ts";

/** What compiles and what does not in a reconciliation: every line under `@ts-expect-error` must fail, every other one must not. */

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), amount: money(), capturedAt: instant() },
  businessTime: "capturedAt",
});
const Line = model("Line", {
  from: table("ledger", "lines"),
  fields: { paymentId: id(), net: money(), soldIn: text(), fx: rate({ scale: 6 }) },
});

export const compiles = job("compiles", (env) => {
  const captured = env.changes(Payment).sum("amount");
  const settled = env.changes(Line).sum("net").convertedTo("soldIn", { rate: "fx", rounding: "halfEven" });
  env.reconcile("settlement", {
    by: "paymentId",
    expect: { captured: captured.within(businessDays(2, "TARGET2", cutoff("17:00", "Europe/Berlin"))) },
    actual: { settled: settled.within(hours(3)), taken: minus(settled) },
    missingAfter: businessDays(1, calendar("own", { zone: "Europe/Berlin", weekend: ["sunday"] }), cutoff("12:00")),
    warnBefore: hours(2),
    classes: { "unknown-payment": "unknown-batch" },
  });
});

export const wrongDeadlines = [
  // @ts-expect-error no such calendar
  () => businessDays(1, "TARGET", cutoff("17:00")),
  // @ts-expect-error business days end at a cutoff
  () => businessDays(1, "TARGET2"),
  // @ts-expect-error no day is called so
  () => calendar("own", { zone: "UTC", weekend: ["sun"] }),
  // @ts-expect-error a calendar has a zone
  () => calendar("own", {}),
];

export const wrongConversions = job("wrong-conversions", (env) => {
  const lines = env.changes(Line);
  // @ts-expect-error money is no rate
  lines.sum("net").convertedTo("soldIn", { rate: "net", rounding: "halfEven" });
  // @ts-expect-error rounding happens only where a rule names a mode
  lines.sum("net").convertedTo("soldIn", { rate: "fx" });
  // @ts-expect-error a currency is a text
  lines.sum("net").convertedTo("net", { rate: "fx", rounding: "up" });
  // @ts-expect-error a rate is no money
  lines.sum("fx");
});

export const wrongChecks = job("wrong-checks", (env) => {
  const legs = {
    by: "paymentId",
    expect: { captured: env.changes(Payment).sum("amount") },
    actual: { settled: env.changes(Line).sum("net") },
  } as const;
  // @ts-expect-error a band has a unit
  env.reconcile("a", { ...legs, missingAfter: hours(24), warnBefore: 7_200_000 });
  // @ts-expect-error a band is a length of time
  env.reconcile("b", { ...legs, missingAfter: hours(24), warnBefore: businessDays(1, "FED", cutoff("17:00")) });
  // @ts-expect-error no cause is called so
  env.reconcile("c", { ...legs, missingAfter: hours(24), classes: { "unknown-batch": "unknown" } });
});
