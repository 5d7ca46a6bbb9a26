import {
  days,
  flag,
  hours,
  id,
  idOf,
  instant,
  integer,
  job,
  minus,
  model,
  money,
  table,
  text,
  value,
} from "../index.ts";

/** What compiles and what does not in a job: every line under `@ts-expect-error` must fail, every other one must not. */

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: {
    paymentId: id(),
    status: text(),
    amount: money(),
    attempts: integer(),
    test: flag(),
    capturedAt: instant(),
  },
  businessTime: "capturedAt",
});
const Line = model("Line", {
  from: [table("ledger", "lines"), table("ledger", "old_lines")],
  fields: { paymentId: id(), batchId: id(), net: money(), fee: money() },
});
const Payout = model("Payout", {
  from: table("bank", "payouts"),
  fields: { batchId: id(), amount: money() },
});

/** A job as the README shows it. */
export const compiles = job("payment-settlement", (env) => {
  const payments = env.changes(Payment).where({ status: "captured", test: false });
  const lines = env.changes(Line);
  env.reconcile("payment-settlement", {
    by: "paymentId",
    expect: { captured: payments.sum("amount"), returned: minus(payments.sum("amount").within(days(5))) },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
    tolerance: { absolute: "0.01" },
  });
  env.reconcile("payout", {
    by: "batchId",
    expect: { settled: lines.sum("net") },
    actual: { paid: env.changes(Payout).sum("amount") },
    missingAfter: days(2),
  });
  payments
    .asEvents()
    .keyBy("paymentId")
    .process("attempts", {
      state: { last: value({ at: instant(), seen: integer() }) },
      emits: { paymentId: id(), seen: integer() },
      onElement: (payment, { key, state, time, emit, setTimer }) => {
        const seen: bigint = (state.last.get()?.seen ?? 0n) + 1n;
        state.last.set({ at: payment.capturedAt, seen });
        emit({ paymentId: key, seen });
        setTimer(time + 1_000);
      },
    })
    .map({ paymentId: id(), many: flag() }, ({ paymentId, seen }) => ({ paymentId, many: seen !== null && seen > 3n }))
    .to("attempts");
});

export const wrongModels = [
  model("A", {
    from: table("shop", "a"),
    fields: { paymentId: id(), amount: money() },
    // @ts-expect-error the business time is no field of the model
    businessTime: "capturedAt",
  }),
  model("B", {
    from: table("shop", "b"),
    fields: { paymentId: id(), amount: money() },
    // @ts-expect-error the business time is no instant
    businessTime: "amount",
  }),
  // @ts-expect-error a model comes from a table
  model("C", { fields: { paymentId: id() } }),
];

export const wrongConditions = job("wrong-conditions", (env) => {
  const payments = env.changes(Payment);
  // @ts-expect-error there is no such field
  payments.where({ state: "captured" });
  // @ts-expect-error a text is no number
  payments.where({ status: 1 });
  // @ts-expect-error nor is any of a list of them
  payments.where({ status: ["captured", 2] });
  // @ts-expect-error a flag is no text
  payments.where({ test: "false" });
  // @ts-expect-error money is not compared by value
  payments.where({ amount: 5n });
  // @ts-expect-error instants are not compared by value
  payments.where({ capturedAt: 0 });
  // @ts-expect-error nor are they after `asEvents`
  payments.asEvents().where({ capturedAt: 0 });
  payments.where({ status: ["captured", "settled"], paymentId: 7, attempts: 2, test: true });
});

export const wrongSums = job("wrong-sums", (env) => {
  // @ts-expect-error there is no such field
  env.changes(Payment).sum("amuont");
  // @ts-expect-error only money can be summed, not integers
  env.changes(Payment).sum("attempts");
  // @ts-expect-error nor text
  env.changes(Payment).sum("status");
  // @ts-expect-error a deadline has a unit
  env.changes(Payment).sum("amount").within(5);
});

export const wrongChecks = job("wrong-checks", (env) => {
  const captured = env.changes(Payment).sum("amount");
  const settled = env.changes(Line).sum("net");
  const paid = env.changes(Payout).sum("amount");
  env.reconcile("a", {
    by: "paymentId",
    expect: { captured },
    // @ts-expect-error payouts have no payment: the model lacks the key
    actual: { paid },
    missingAfter: hours(24),
  });
  env.reconcile("b", {
    by: "batchId",
    // @ts-expect-error payments have no batch: the model lacks the key
    expect: { captured },
    actual: { settled },
    missingAfter: hours(24),
  });
  env.reconcile("c", {
    by: "status",
    // @ts-expect-error a key is an id, not a text
    expect: { captured },
    // @ts-expect-error and so for each leg
    actual: { settled },
    missingAfter: hours(24),
  });
  env.reconcile("d", {
    by: "paymentId",
    expect: { captured },
    actual: { settled },
    // @ts-expect-error a duration names its unit: hours(24)
    missingAfter: 24,
  });
  env.reconcile("e", {
    by: "paymentId",
    expect: { captured },
    actual: { settled },
    missingAfter: hours(24),
    // @ts-expect-error a tolerance in per cent says of which side, and how it is rounded
    tolerance: { percent: "1" },
  });
  env.reconcile("f", {
    by: "paymentId",
    expect: { captured },
    // @ts-expect-error a changelog is no leg: say which field is summed
    actual: { lines: env.changes(Line) },
    missingAfter: hours(24),
  });
});

export const wrongStreams = job("wrong-streams", (env) => {
  const events = env.changes(Payment).asEvents();
  // @ts-expect-error money is no key, its currency is: "amount.currency"
  events.keyBy("amount");
  events.keyBy("status", "amount.currency");
  // @ts-expect-error a key has one field at least
  events.keyBy();
  // @ts-expect-error there is no such field
  events.keyBy("payment");
  // @ts-expect-error the function returns a field too few
  events.map({ paymentId: id(), note: text() }, ({ paymentId }) => ({ paymentId }));
  // @ts-expect-error the function returns a text where an integer is declared
  events.map({ attempts: integer() }, ({ status }) => ({ attempts: status }));
  // @ts-expect-error a plain string is no key; idOf makes one
  events.map({ paymentId: id() }, ({ status }) => ({ paymentId: status }));
  events.map({ paymentId: id() }, ({ status }) => ({ paymentId: idOf(status ?? "") }));
  // @ts-expect-error the row has no such field
  events.map({ note: text() }, (row) => ({ note: row.note }));
  // @ts-expect-error streams of different fields are no union
  events.union(env.changes(Payout).asEvents());
  events.keyBy("paymentId").process("p", {
    state: { last: value({ seen: integer() }) },
    emits: { seen: integer() },
    onElement: (_, { state, emit }) => {
      // @ts-expect-error there is no such state
      state.first.get();
      // @ts-expect-error the state's field is an integer
      state.last.set({ seen: "many" });
      // @ts-expect-error what is emitted has other fields
      emit({ count: 1n });
    },
  });
});
