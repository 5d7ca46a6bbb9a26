import { id, instant, integer, text } from "../../../index.ts";
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
const Bid = events("bid", {
  auction: id(),
  bidder: integer(),
  price: integer(),
  channel: text(),
  url: text(),
  dateTime: instant(),
  extra: text(),
});

export const q20: Query = {
  name: "q20",
  title: "Expand bid with auction",
  build: (env) =>
    env
      .changes(Bid)
      .keyBy("auction")
      .join("auctions", env.changes(Auction).where({ category: 10 }).keyBy("id"), {
        type: "inner",
        select: (b, a) => ({
          auction: b.auction,
          bidder: b.bidder,
          price: b.price,
          channel: b.channel,
          url: b.url,
          bidDateTime: b.dateTime,
          bidExtra: b.extra,
          itemName: a.itemName,
          description: a.description,
          initialBid: a.initialBid,
          reserve: a.reserve,
          auctionDateTime: a.dateTime,
          expires: a.expires,
          seller: a.seller,
          category: a.category,
          auctionExtra: a.extra,
        }),
      }),
};
