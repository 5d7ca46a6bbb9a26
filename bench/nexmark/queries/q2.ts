import { integer } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Bid = events("bid", { auction: integer(), price: integer() });

export const q2: Query = {
  name: "q2",
  title: "Selection",
  events: 10_000_000,
  build: (env) =>
    env
      .changes(Bid)
      .asEvents()
      .filter(({ auction }) => auction! % 123n === 0n),
};
