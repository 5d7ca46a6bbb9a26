import { AUCTION, BID, EventFileReader, PERSON, RECORD, SHAPES } from "./event-file.ts";

/** Times in epoch ms, prices in cents, as all events have them. */
export interface Person {
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

/** All events of a file, each kind in the file's order. */
export interface Events {
  readonly persons: readonly Person[];
  readonly auctions: readonly Auction[];
  readonly bids: readonly Bid[];
}

/** Reads a whole file into objects: for references, never for what is measured. */
export function readEvents(path: string): Events {
  const file = new EventFileReader(path);
  const persons: Person[] = [];
  const auctions: Auction[] = [];
  const bids: Bid[] = [];
  while (file.next()) {
    for (let at = 0; at < file.length; at += file.bytes.readUInt16LE(at)) {
      const type = file.bytes[at + RECORD.type]!;
      const event = eventAt(file, at, type as keyof typeof SHAPES);
      if (type === PERSON) persons.push(event as unknown as Person);
      else if (type === AUCTION) auctions.push(event as unknown as Auction);
      else if (type === BID) bids.push(event as unknown as Bid);
    }
  }
  file.close();
  return { persons, auctions, bids };
}

function eventAt({ bytes, baseTime }: EventFileReader, start: number, type: keyof typeof SHAPES) {
  const event: Record<string, number | string> = { dateTime: baseTime + bytes.readUInt32LE(start + RECORD.time) };
  let at: number = start + RECORD.integers;
  for (const name of SHAPES[type].integers) {
    const value = bytes.readUInt32LE(at);
    event[name] = name === "expires" ? baseTime + value : value;
    at += 4;
  }
  for (const name of SHAPES[type].strings) {
    const end = at + 2 + bytes.readUInt16LE(at);
    event[name] = bytes.toString("latin1", at + 2, end);
    at = end;
  }
  return event;
}
