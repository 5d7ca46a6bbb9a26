import { instant, integer, text } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Bid = events("bid", {
  auction: integer(),
  bidder: integer(),
  price: integer(),
  dateTime: instant(),
  extra: text(),
});

export const q0: Query = {
  name: "q0",
  title: "Pass through",
  events: 10_000_000,
  build: (env) => env.changes(Bid).asEvents(),
};
