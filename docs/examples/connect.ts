import { connect, hours, id, integer, job, model, table, text, value } from "countercheck";

export const Order = model("Order", { from: table("shop", "orders"), fields: { id: id(), amount: integer() } });
export const Payment = model("Payment", {
  from: table("bank", "payments"),
  fields: { orderId: id(), amount: integer() },
});

/** Matches orders and payments, whichever comes first; what has no counterpart after an hour is told. */
export default job("matches", (env) => {
  connect("match", {
    inputs: {
      orders: env.changes(Order).asEvents().keyBy("id"),
      payments: env.changes(Payment).asEvents().keyBy("orderId"),
    },
    state: { ordered: value({ amount: integer() }), paid: value({ amount: integer() }) },
    emits: { order: id(), what: text() },
    on: {
      orders({ amount }, { key, state, time, emit, setTimer }) {
        const paid = state.paid.get();
        if (paid === undefined) {
          state.ordered.set({ amount });
          return setTimer(time + hours(1));
        }
        emit({ order: key, what: paid.amount === amount ? "paid" : "paid wrongly" });
        state.paid.clear();
      },
      payments({ amount }, { key, state, time, emit, setTimer }) {
        const ordered = state.ordered.get();
        if (ordered === undefined) {
          state.paid.set({ amount });
          return setTimer(time + hours(1));
        }
        emit({ order: key, what: ordered.amount === amount ? "paid" : "paid wrongly" });
        state.ordered.clear();
      },
    },
    onTimer({ key, state, emit }) {
      if (state.ordered.get() !== undefined) emit({ order: key, what: "not paid" });
      if (state.paid.get() !== undefined) emit({ order: key, what: "not ordered" });
      state.ordered.clear();
      state.paid.clear();
    },
  }).to("matches");
});
