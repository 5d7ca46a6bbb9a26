import { id, instant, integer, job, milliseconds, model, seconds, table, text } from "../index.ts";

/** What compiles and what does not in streams without state: every line under `@ts-expect-error` must fail. */

const Left = model("Left", { from: table("one", "left"), fields: { user: id(), n: integer(), at: instant() } });
const Right = model("Right", { from: table("two", "right"), fields: { at: instant(), n: integer(), user: id() } });
const Other = model("Other", { from: table("two", "other"), fields: { user: text(), n: integer(), at: instant() } });

export const compiles = job("compiles", (env) => {
  const left = env.changes(Left).asEvents();
  const right = env.changes(Right).asEvents();
  left
    .union(right, left, right.where({ n: 1 }))
    .select("n")
    .union(left.select("n"))
    .to("out");
  left.timedBy("at", { lag: seconds(5) }).to("timed");
});

export const wrong = job("wrong", (env) => {
  const left = env.changes(Left).asEvents();
  const other = env.changes(Other).asEvents();
  // @ts-expect-error a text is no id: this stream has other fields than the one it is united with
  left.union(other);
  // @ts-expect-error it has fewer fields
  left.union(left.select("user", "n"));
  // @ts-expect-error it has more fields
  left.select("user", "n").union(left);
  // @ts-expect-error a changelog is no stream of events
  left.union(env.changes(Left));
  // @ts-expect-error there is no such field
  left.select("m");
  // @ts-expect-error an integer is no point in time
  left.timedBy("n", { lag: seconds(5) });
  // @ts-expect-error a lag has a unit
  left.timedBy("at", { lag: 5_000 });
  // @ts-expect-error what is left out is no field any more
  left.select("user").timedBy("at", { lag: milliseconds(5) });
});
