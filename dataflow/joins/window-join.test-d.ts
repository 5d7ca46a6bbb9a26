import { globalWindow, id, job, minutes, model, type Stream, table, text, tumbling } from "../../index.ts";

/** What compiles and what does not in window joins: every line under `@ts-expect-error` must fail, no other one. */

const Click = model("Click", { from: table("shop", "clicks"), fields: { user: id(), page: text() } });
const Purchase = model("Purchase", { from: table("shop", "purchases"), fields: { user: id(), item: text() } });

export const compiles = job("joins", (env) => {
  const clicks = env.changes(Click).asEvents();
  const purchases = env.changes(Purchase).asEvents();
  const joined: Stream<{ readonly page: typeof Click.fields.page; readonly item: typeof Purchase.fields.item }> = clicks
    .keyBy("user", "page")
    .windowJoin("together", purchases.keyBy("user", "item"), tumbling(minutes(5)), {
      type: "fullOuter",
      select: ({ page }, { item }) => ({ page, item }),
    });
  joined.where({ page: "home", item: "tea" });

  const select = () => ({});
  const byUser = clicks.keyBy("user");
  // @ts-expect-error both sides of a join must be keyed by values of the same types
  byUser.windowJoin("other keys", purchases.keyBy("item"), tumbling(minutes(5)), { type: "inner", select });
  // @ts-expect-error a length of time is no window: tumbling(minutes(5))
  byUser.windowJoin("no window", purchases.keyBy("user"), minutes(5), { type: "inner", select });
  // @ts-expect-error a global window is never over
  byUser.windowJoin("global", purchases.keyBy("user"), globalWindow(), { type: "inner", select });
  // @ts-expect-error the types are inner, leftOuter, rightOuter and fullOuter
  byUser.windowJoin("no type", purchases.keyBy("user"), tumbling(minutes(5)), { type: "left", select });
  byUser.windowJoin("no field", purchases.keyBy("user"), tumbling(minutes(5)), {
    type: "inner",
    // @ts-expect-error the left side has no such field
    select: ({ item }) => ({ item }),
  });
});
