import type { Auction, Bid, Events } from "./events.ts";
import { type ResultRows, RowCounter } from "./result-rows.ts";

const SECOND = 1_000;
const WINDOW = 10 * SECOND;

/**
 * What each query leaves at its end, computed over all events at once: the fields in the order of the query's SQL in
 * `flink/queries`, times in epoch ms.
 */
export const REFERENCES: Readonly<Record<string, (events: Events) => ResultRows>> = {
  q0: ({ bids }) => rowsOf(bids.map((bid) => [bid.auction, bid.bidder, bid.price, bid.dateTime, bid.extra])),
  q1: ({ bids }) => rowsOf(bids.map((bid) => [bid.auction, bid.bidder, euros(bid.price), bid.dateTime, bid.extra])),
  q2: ({ bids }) =>
    rowsOf(bids.filter(({ auction }) => auction % 123 === 0).map(({ auction, price }) => [auction, price])),
  q3: localItemSuggestion,
  q4: averagePriceForCategory,
  q5: hotItems,
  q7: highestBid,
  q8: newUsers,
  q9: winningBids,
  q11: userSessions,
  /** Which window a bid falls into is the clock's; that each is counted once is not. */
  q12: ({ bids }) => rowsOf([...countBy(bids, ({ bidder }) => bidder)]),
  q20: bidsWithAuctions,
};

function localItemSuggestion({ persons, auctions }: Events): ResultRows {
  const near = persons.filter(({ state }) => state === "OR" || state === "ID" || state === "CA");
  const byId = new Map(near.map((person) => [person.id, person]));
  const rows = new RowCounter();
  for (const { id, seller, category } of auctions) {
    const person = category === 10 ? byId.get(seller) : undefined;
    if (person !== undefined) rows.add([person.name, person.city, person.state, id]);
  }
  return rows.rows;
}

function averagePriceForCategory(events: Events): ResultRows {
  const sums = new Map<number, { count: number; sum: number }>();
  for (const { auction, best } of bestBids(events)) {
    const sum = sums.get(auction.category) ?? { count: 0, sum: 0 };
    sums.set(auction.category, { count: sum.count + 1, sum: sum.sum + best.price });
  }
  return rowsOf([...sums].map(([category, { count, sum }]) => [category, Math.floor(sum / count)]));
}

function hotItems({ bids }: Events): ResultRows {
  const windows = new Map<number, Map<number, number>>();
  for (const { auction, dateTime } of bids) {
    const newest = dateTime - (dateTime % (2 * SECOND));
    for (let start = newest; start > dateTime - WINDOW; start -= 2 * SECOND) {
      const counts = ofKey(windows, start, () => new Map<number, number>());
      counts.set(auction, (counts.get(auction) ?? 0) + 1);
    }
  }
  const hottest = [...windows.values()].flatMap((counts) => {
    const most = Math.max(...counts.values());
    return [...counts].filter(([, count]) => count === most);
  });
  return rowsOf(hottest);
}

/** A bid at the very end of a window is compared with that window's highest too: SQL's `BETWEEN` has both ends in it. */
function highestBid({ bids }: Events): ResultRows {
  const highest = new Map<number, number>();
  for (const { price, dateTime } of bids) {
    const end = windowOf(dateTime) + WINDOW;
    highest.set(end, Math.max(price, highest.get(end) ?? 0));
  }
  const rows = new RowCounter();
  for (const { auction, price, bidder, dateTime, extra } of bids) {
    for (const end of [windowOf(dateTime), windowOf(dateTime) + WINDOW]) {
      if (dateTime <= end && highest.get(end) === price) rows.add([auction, price, bidder, dateTime, extra]);
    }
  }
  return rows.rows;
}

function newUsers({ persons, auctions }: Events): ResultRows {
  const sellers = new Set(auctions.map(({ seller, dateTime }) => `${seller} ${windowOf(dateTime)}`));
  const sold = persons.filter(({ id, dateTime }) => sellers.has(`${id} ${windowOf(dateTime)}`));
  return rowsOf(sold.map(({ id, name, dateTime }) => [id, name, windowOf(dateTime)]));
}

function winningBids(events: Events): ResultRows {
  return rowsOf(
    bestBids(events).map(({ auction: a, best: b }) => [
      ...[a.id, a.itemName, a.description, a.initialBid, a.reserve, a.dateTime, a.expires, a.seller, a.category],
      ...[a.extra, b.auction, b.bidder, b.price, b.dateTime, b.extra],
    ]),
  );
}

function userSessions({ bids }: Events): ResultRows {
  const open = new Map<number, { start: number; last: number; count: number }>();
  const rows = new RowCounter();
  const close = (bidder: number, { start, last, count }: { start: number; last: number; count: number }) =>
    rows.add([bidder, count, start, last + WINDOW]);
  for (const { bidder, dateTime } of bids) {
    const session = open.get(bidder);
    if (session !== undefined && dateTime <= session.last + WINDOW) {
      session.last = dateTime;
      session.count++;
      continue;
    }
    if (session !== undefined) close(bidder, session);
    open.set(bidder, { start: dateTime, last: dateTime, count: 1 });
  }
  for (const [bidder, session] of open) close(bidder, session);
  return rows.rows;
}

function bidsWithAuctions({ auctions, bids }: Events): ResultRows {
  const byId = new Map(auctions.filter(({ category }) => category === 10).map((auction) => [auction.id, auction]));
  const rows = new RowCounter();
  for (const b of bids) {
    const a = byId.get(b.auction);
    if (a === undefined) continue;
    rows.add([
      ...[b.auction, b.bidder, b.price, b.channel, b.url, b.dateTime, b.extra],
      ...[a.itemName, a.description, a.initialBid, a.reserve, a.dateTime, a.expires, a.seller, a.category, a.extra],
    ]);
  }
  return rows.rows;
}

/** Of every auction with a bid while it is open, the highest, of equal ones the earliest. */
function bestBids({ auctions, bids }: Events): { readonly auction: Auction; readonly best: Bid }[] {
  const byAuction = Map.groupBy(bids, ({ auction }) => auction);
  return auctions.flatMap((auction) => {
    const inTime = (byAuction.get(auction.id) ?? []).filter(
      ({ dateTime }) => dateTime >= auction.dateTime && dateTime <= auction.expires,
    );
    if (inTime.length === 0) return [];
    const isBetter = (bid: Bid, than: Bid) =>
      bid.price > than.price || (bid.price === than.price && bid.dateTime < than.dateTime);
    return [{ auction, best: inTime.reduce((best, bid) => (isBetter(bid, best) ? bid : best)) }];
  });
}

/** The start of the tumbling window of a time. */
function windowOf(time: number): number {
  return time - (time % WINDOW);
}

/** Dollars in cents as euros in thousandths of a cent, with three digits. */
function euros(price: number): string {
  const thousandths = price * 908;
  return `${Math.floor(thousandths / 1_000)}.${String(thousandths % 1_000).padStart(3, "0")}`;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function ofKey<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function rowsOf(rows: readonly (readonly unknown[])[]): ResultRows {
  const counter = new RowCounter();
  for (const row of rows) counter.add(row);
  return counter.rows;
}
