import { id, integer, seconds, sliding, tumbling } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Bid = events("bid", { auction: id() });

export const q5: Query = {
  name: "q5",
  title: "Hot items",
  build(env) {
    const counts = env
      .changes(Bid)
      .asEvents()
      .keyBy("auction")
      .window(sliding(seconds(10), seconds(2)))
      .aggregate("counts", (bids) => ({ auction: bids.key("auction"), num: bids.count(), end: bids.windowEnd() }));
    return counts
      .keyBy("end")
      .window(tumbling(seconds(2)))
      .process("hottest", {
        emits: { auction: id(), num: integer() },
        onWindow(rows, { emit }) {
          let most = 0n;
          for (const { num } of rows) if (num! > most) most = num!;
          for (const { auction, num } of rows) if (num === most) emit({ auction, num });
        },
      });
  },
};
