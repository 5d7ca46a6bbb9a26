import { atMost, id, instant, integer, text } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Auction = events("auction", {
  id: id(),
  itemName: text(),
  description: text(),
  initialBid: integer(),
  reserve: integer(),
  dateTime: instant(),
  expires: instant(),
  seller: integer(),
  category: integer(),
  extra: text(),
});
const Bid = events("bid", { auction: id(), bidder: integer(), price: integer(), dateTime: instant(), extra: text() });

export const q9: Query = {
  name: "q9",
  title: "Winning bids",
  build(env) {
    const bids = env.changes(Bid).keyBy("auction");
    return env
      .changes(Auction)
      .keyBy("id")
      .join("bids", bids, {
        type: "inner",
        where: (a, b) => [atMost(a.dateTime, b.dateTime), atMost(b.dateTime, a.expires)],
        select: (a, b) => ({
          id: a.id,
          itemName: a.itemName,
          description: a.description,
          initialBid: a.initialBid,
          reserve: a.reserve,
          dateTime: a.dateTime,
          expires: a.expires,
          seller: a.seller,
          category: a.category,
          extra: a.extra,
          auction: b.auction,
          bidder: b.bidder,
          price: b.price,
          bidDateTime: b.dateTime,
          bidExtra: b.extra,
        }),
      })
      .asEvents()
      .keyBy("id")
      .topN("winner", 1, { by: "price", order: "desc" });
  },
};
