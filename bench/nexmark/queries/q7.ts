import { id, idOf, instant, integer, milliseconds, seconds, text, tumbling } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Bid = events("bid", {
  auction: integer(),
  bidder: integer(),
  price: integer(),
  dateTime: instant(),
  extra: text(),
});

const ALL = idOf("all");

export const q7: Query = {
  name: "q7",
  title: "Highest bid",
  build(env) {
    const bids = env.changes(Bid).asEvents();
    const highest = bids
      .map({ all: id(), price: integer() }, ({ price }) => ({ all: ALL, price }))
      .keyBy("all")
      .window(tumbling(seconds(10)))
      .aggregate("highest", (rows) => ({ price: rows.max("price") }));
    // A window's result has the time of its last millisecond; the bids are those from its begin to its end.
    return highest.keyBy("price").intervalJoin("bids", bids.keyBy("price"), {
      from: milliseconds(-9_999),
      to: milliseconds(1),
      type: "inner",
      select: (_, bid) => ({
        auction: bid.auction,
        price: bid.price,
        bidder: bid.bidder,
        dateTime: bid.dateTime,
        extra: bid.extra,
      }),
    });
  },
};
