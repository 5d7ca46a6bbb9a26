import { id, instant, job, minutes, model, table, text, value } from "countercheck";

export const Cart = model("Cart", {
  from: table("shop", "carts"),
  fields: { id: id(), status: text() },
});

/** Tells of carts in which nothing has happened for half an hour, and which are not paid. */
export default job("abandoned-carts", (env) => {
  env
    .changes(Cart)
    .asEvents()
    .keyBy("id")
    .process("abandoned", {
      state: { open: value({ since: instant() }) },
      emits: { cart: id(), since: instant() },
      onElement: ({ status }, { state, time, setTimer }) => {
        if (status === "paid") return state.open.clear();
        state.open.set({ since: time });
        setTimer(time + minutes(30));
      },
      onTimer: ({ key, state, time, emit }) => {
        const since = state.open.get()?.since ?? time;
        if (since + minutes(30) > time) return;
        emit({ cart: key, since });
        state.open.clear();
      },
    })
    .to("abandoned");
});
