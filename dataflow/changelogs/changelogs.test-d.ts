import { flag, hours, id, idOf, integer, job, model, money, table, text } from "../../index.ts";

/** What compiles and what does not in rankings and deduplication: every line under `@ts-expect-error` must fail, every other one must not. */

const Bid = model("Bid", {
  from: table("auctions", "bids"),
  fields: { auction: id(), bidder: text(), price: integer(), paid: money(), isFirm: flag() },
});

export const compiles = job("rankings", (env) => {
  const bids = env.changes(Bid);
  const events = bids.asEvents().keyBy("auction");
  events.deduplicate("first", { keep: "first" }).map({ n: integer() }, ({ price }) => ({ n: price }));
  events
    .deduplicate("earliest", { keep: "first", by: "eventTime", ttl: hours(1) })
    .late()
    .select("auction");
  events.deduplicate("last", { keep: "last" }).where({ bidder: "me" }).asEvents();
  events
    .deduplicate("latest", { keep: "last", by: "arrival" })
    .keyBy("bidder")
    .topN("top", 3, { by: "price", order: "asc" });
  const ranked = bids.keyBy("auction").topN("ranked", 3, { by: "price", order: "desc", withRank: true, ttl: hours(1) });
  ranked.where({ rank: 1n, auction: idOf(7) }).to("winners");
  bids.keyBy("auction", "paid.currency").topN("by-money", 3, { by: "paid", order: "desc", skip: 1 });
});

export const wrong = job("wrong-rankings", (env) => {
  const bids = env.changes(Bid);
  const events = bids.asEvents().keyBy("auction");
  // @ts-expect-error the first or the last
  events.deduplicate("which", { keep: "best" });
  // @ts-expect-error by arrival or event time
  events.deduplicate("by", { keep: "last", by: "processingTime" });
  // @ts-expect-error a ttl has a unit: hours(1)
  events.deduplicate("ttl", { keep: "last", ttl: 3_600_000 });
  // @ts-expect-error the last row changes, so that it is no stream
  events.deduplicate("stream", { keep: "last" }).map({ n: integer() }, ({ price }) => ({ n: price }));
  // @ts-expect-error by arrival no row is late
  events.deduplicate("late", { keep: "first" }).late();
  // @ts-expect-error changelogs have rows that are retracted: make a ranking, or take its events
  bids.keyBy("auction").deduplicate("changes", { keep: "last" });
  // @ts-expect-error there is no such field
  events.topN("field", 3, { by: "prize", order: "asc" });
  // @ts-expect-error a flag has no order
  events.topN("flag", 3, { by: "isFirm", order: "asc" });
  // @ts-expect-error nor have amounts of several currencies
  events.topN("money", 3, { by: "paid", order: "asc" });
  // @ts-expect-error upwards or downwards
  events.topN("order", 3, { by: "price", order: "up" });
  // @ts-expect-error without ranks there is no such field
  events.topN("ranks", 3, { by: "price", order: "asc" }).where({ rank: 1n });
});
