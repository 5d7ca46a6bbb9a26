import { id, seconds, text, tumbling } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Person = events("person", { id: id(), name: text() });
const Auction = events("auction", { seller: id() });

export const q8: Query = {
  name: "q8",
  title: "Monitor new users",
  events: 10_000_000,
  build(env) {
    const persons = env.changes(Person).asEvents().keyBy("id");
    const sellers = env
      .changes(Auction)
      .asEvents()
      .keyBy("seller")
      .window(tumbling(seconds(10)))
      .aggregate("sellers", (auctions) => ({ seller: auctions.key("seller"), starttime: auctions.windowStart() }));
    return persons.windowJoin("new", sellers.keyBy("seller"), tumbling(seconds(10)), {
      type: "inner",
      select: (person, seller) => ({ id: person.id, name: person.name, starttime: seller.starttime }),
    });
  },
};
