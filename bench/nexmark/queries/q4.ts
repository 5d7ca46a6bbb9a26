import { atMost, id, instant, integer } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Auction = events("auction", { id: id(), category: integer(), dateTime: instant(), expires: instant() });
const Bid = events("bid", { auction: id(), price: integer(), dateTime: instant() });

export const q4: Query = {
  name: "q4",
  title: "Average price for a category",
  build(env) {
    const bids = env.changes(Bid).keyBy("auction");
    const inTime = env
      .changes(Auction)
      .keyBy("id")
      .join("bids", bids, {
        type: "inner",
        where: (auction, bid) => [atMost(auction.dateTime, bid.dateTime), atMost(bid.dateTime, auction.expires)],
        select: (auction, bid) => ({ id: auction.id, category: auction.category, price: bid.price }),
      })
      .asEvents();
    const finals = inTime.keyBy("id", "category").aggregate("finals", (rows) => ({
      category: rows.key("category"),
      final: rows.max("price"),
    }));
    return finals.keyBy("category").aggregate("averages", (rows) => ({
      category: rows.key("category"),
      final: rows.avg("final"),
    }));
  },
  /** SQL's average of integers is one. */
  show: ({ category, final }) => [category, Math.floor(final as number)],
};
