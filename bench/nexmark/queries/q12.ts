import { id, seconds, tumbling } from "../../../index.ts";
import { events, type Query } from "../query.ts";
import { RowCounter } from "../result-rows.ts";

const Bid = events("bid", { bidder: id() });

export const q12: Query = {
  name: "q12",
  title: "Processing time windows",
  events: 10_000_000,
  build: (env) =>
    env
      .changes(Bid)
      .asEvents()
      .keyBy("bidder")
      .window(tumbling(seconds(10), { time: "processing" }))
      .aggregate("windows", (bids) => ({
        bidder: bids.key("bidder"),
        bidCount: bids.count(),
        starttime: bids.windowStart(),
        endtime: bids.windowEnd(),
      })),
  /** How bids are spread over windows is up to the clock; all of them together are not. */
  compared(rows) {
    const bids = new Map<string, number>();
    for (const [row, times] of rows) {
      const [bidder, count] = row.split("\t") as [string, string];
      bids.set(bidder, (bids.get(bidder) ?? 0) + Number(count) * times);
    }
    const counter = new RowCounter();
    for (const total of bids) counter.add(total);
    return counter.rows;
  },
  lingers: true,
};
