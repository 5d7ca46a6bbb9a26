import { id, integer, text } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Auction = events("auction", { id: id(), seller: id(), category: integer() });
const Person = events("person", { id: id(), name: text(), city: text(), state: text() });

export const q3: Query = {
  name: "q3",
  title: "Local item suggestion",
  events: 10_000_000,
  build(env) {
    const auctions = env.changes(Auction).where({ category: 10 }).keyBy("seller");
    const persons = env
      .changes(Person)
      .where({ state: ["OR", "ID", "CA"] })
      .keyBy("id");
    return auctions.join("sellers", persons, {
      type: "inner",
      select: (auction, person) => ({ name: person.name, city: person.city, state: person.state, id: auction.id }),
    });
  },
};
