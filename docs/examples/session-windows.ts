import { id, instant, job, minutes, model, session, table, text } from "countercheck";

export const Click = model("Click", {
  from: table("shop", "clicks"),
  fields: { clickId: id(), visitor: id(), page: text(), at: instant() },
});

/** Visits: a visitor's clicks no more than half an hour apart. */
export default job("visits", (env) => {
  env
    .changes(Click)
    .asEvents()
    .timedBy("at", { lag: minutes(30) })
    .keyBy("visitor")
    .window(session(minutes(30)))
    .aggregate("visits", (clicks) => ({
      visitor: clicks.key("visitor"),
      clicks: clicks.count(),
      landing: clicks.first("page"),
      began: clicks.windowStart(),
    }))
    .to("visits");
});
