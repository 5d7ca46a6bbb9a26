import { id, integer, job, model, table, value } from "countercheck";

const fields = { user: id(), points: integer() };
export const Purchase = model("Purchase", { from: table("shop", "purchases"), fields });
export const Gift = model("Gift", { from: table("desk", "gifts"), fields });
export const Refund = model("Refund", { from: table("bank", "refunds"), fields });

/** Points of each user, from wherever they come. */
export default job("points", (env) => {
  env
    .changes(Purchase)
    .asEvents()
    .union(env.changes(Gift).asEvents(), env.changes(Refund).asEvents())
    .keyBy("user")
    .process("points", {
      state: { total: value({ points: integer() }) },
      emits: { user: id(), points: integer() },
      onElement: ({ points }, { key, state, emit }) => {
        const total = (state.total.get()?.points ?? 0n) + (points ?? 0n);
        state.total.set({ points: total });
        emit({ user: key, points: total });
      },
    })
    .to("points");
});
