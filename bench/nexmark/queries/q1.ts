import { instant, integer, text } from "../../../index.ts";
import { events, type Query } from "../query.ts";

const Bid = events("bid", {
  auction: integer(),
  bidder: integer(),
  price: integer(),
  dateTime: instant(),
  extra: text(),
});

const Converted = {
  auction: integer(),
  bidder: integer(),
  /** In thousandths, so that it is exact, as Flink's decimal is. */
  priceThousandths: integer(),
  dateTime: instant(),
  extra: text(),
};

export const q1: Query = {
  name: "q1",
  title: "Currency conversion",
  events: 10_000_000,
  build: (env) =>
    env
      .changes(Bid)
      .asEvents()
      .map(Converted, ({ auction, bidder, price, dateTime, extra }) => {
        return { auction, bidder, priceThousandths: price! * 908n, dateTime, extra };
      }),
  show: ({ auction, bidder, priceThousandths, dateTime, extra }) => {
    return [auction, bidder, decimal(priceThousandths as bigint), dateTime, extra];
  },
};

function decimal(thousandths: bigint): string {
  return `${thousandths / 1_000n}.${String(thousandths % 1_000n).padStart(3, "0")}`;
}
