import { id, seconds, session } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Bid = events("bid", { bidder: id() });

export const q11: Query = {
  name: "q11",
  title: "User sessions",
  build: (env) =>
    env
      .changes(Bid)
      .asEvents()
      .keyBy("bidder")
      .window(session(seconds(10)))
      .aggregate("sessions", (bids) => ({
        bidder: bids.key("bidder"),
        bidCount: bids.count(),
        starttime: bids.windowStart(),
        endtime: bids.windowEnd(),
      })),
};
