import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type Random, seededRandom } from "../../base/random.ts";
import { AUCTION, BID, EventFileWriter, PERSON } from "./event-file.ts";

/**
 * Events by the published distributions of Nexmark, in their default configuration: `GeneratorConfig`,
 * `NexmarkConfiguration` and the generators of persons, auctions and bids in github.com/nexmark/nexmark (its
 * nexmark-flink), which agree with `org.apache.beam.sdk.nexmark` but for channels and urls, which only the former has.
 * Where the former adds the first person's id to a bidder twice it is added once here, as in Beam.
 *
 * Event time goes on by 10,000 events a second (`firstEventRate`), in order (`outOfOrderGroupSize` 1), from Beam's base time.
 */
export const NEXMARK = {
  baseTime: Date.UTC(2015, 6, 15),
  eventsPerSecond: 10_000,
  persons: 1,
  auctions: 3,
  bids: 46,
  firstPersonId: 1_000,
  firstAuctionId: 1_000,
  firstCategoryId: 10,
  categories: 5,
  /** Of so many people, the first sells in 3 of 4 auctions, and the second makes 3 of 4 bids. */
  hotPeople: 100,
  hotSellersRatio: 4,
  hotBiddersRatio: 4,
  /** Of so many auctions, the first gets every second bid. */
  hotAuctions: 100,
  hotAuctionRatio: 2,
  activePeople: 1_000,
  inFlightAuctions: 100,
  /** Ids that are referred to before they are there. */
  idLead: 10,
  personBytes: 200,
  auctionBytes: 500,
  bidBytes: 100,
  channels: 10_000,
  hotChannelsRatio: 2,
} as const;

const TOTAL = NEXMARK.persons + NEXMARK.auctions + NEXMARK.bids;
const SEED = "nexmark";

/** The file with so many events; written when it is asked for first. */
export function eventFile(folder: string, events: number): string {
  const path = join(folder, `nexmark-${events}.bin`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.part`;
  const writer = new EventFileWriter(unfinished, NEXMARK.baseTime);
  const generator = new Generator(writer);
  for (let number = 0; number < events; number++) generator.write(number);
  writer.close();
  renameSync(unfinished, path);
  return path;
}

class Generator {
  readonly #writer: EventFileWriter;
  readonly #random: Random = seededRandom(SEED);
  readonly #text: string;
  readonly #channels: readonly Channel[];
  readonly #hotChannels: readonly Channel[];

  constructor(writer: EventFileWriter) {
    this.#writer = writer;
    const random = seededRandom(`${SEED}/strings`);
    this.#text = Array.from({ length: 1 << 18 }, () => letter(random)).join("");
    this.#hotChannels = ["Google", "Facebook", "Baidu", "Apple"].map((name) => ({ name, url: baseUrl(random) }));
    this.#channels = Array.from({ length: NEXMARK.channels }, (_, i) => {
      const id = random.below(10) > 0 ? `&channel_id=${Math.abs(reversedBits(i))}` : "";
      return { name: `channel-${i}`, url: `${baseUrl(random)}${id}` };
    });
  }

  /** Writes the event of a number. */
  write(number: number): void {
    const time = timeOf(number);
    const rest = number % TOTAL;
    if (rest < NEXMARK.persons) this.#person(number, time);
    else if (rest < NEXMARK.persons + NEXMARK.auctions) this.#auction(number, time);
    else this.#bid(number, time);
    this.#writer.end();
  }

  #person(number: number, time: number): void {
    const random = this.#random;
    const name = `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
    const email = `${shortText(random, 7)}@${shortText(random, 5)}.com`;
    const card = Array.from({ length: 4 }, () => String(random.below(10_000)).padStart(4, "0")).join(" ");
    const city = random.pick(CITIES);
    const state = random.pick(STATES);
    const size = 8 + name.length + email.length + card.length + city.length + state.length;
    this.#writer.begin(PERSON, time);
    this.#writer.integer(NEXMARK.firstPersonId + lastPerson(number));
    for (const text of [name, email, card, city, state]) this.#writer.string(text);
    this.#writer.string(this.#extra(size, NEXMARK.personBytes));
  }

  #auction(number: number, time: number): void {
    const random = this.#random;
    const last = lastPerson(number);
    const hot = Math.floor(last / NEXMARK.hotPeople) * NEXMARK.hotPeople;
    const seller = random.below(NEXMARK.hotSellersRatio) > 0 ? hot : this.#somePerson(number);
    const category = NEXMARK.firstCategoryId + random.below(NEXMARK.categories);
    const initialBid = price(random);
    const expires = time + this.#auctionLength(number, time);
    const name = shortText(random, 20);
    const description = shortText(random, 100);
    const reserve = initialBid + price(random);
    const size = 8 + name.length + description.length + 8 + 8 + 8 + 8 + 8;
    this.#writer.begin(AUCTION, time);
    const id = NEXMARK.firstAuctionId + lastAuction(number);
    for (const value of [id, initialBid, reserve, expires, NEXMARK.firstPersonId + seller, category])
      this.#writer.integer(value);
    this.#writer.string(name);
    this.#writer.string(description);
    this.#writer.string(this.#extra(size, NEXMARK.auctionBytes));
  }

  #bid(number: number, time: number): void {
    const random = this.#random;
    const last = lastAuction(number);
    const hotAuction = Math.floor(last / NEXMARK.hotAuctions) * NEXMARK.hotAuctions;
    const auction = random.below(NEXMARK.hotAuctionRatio) > 0 ? hotAuction : this.#someAuction(last);
    const hotBidder = Math.floor(lastPerson(number) / NEXMARK.hotPeople) * NEXMARK.hotPeople + 1;
    const bidder = random.below(NEXMARK.hotBiddersRatio) > 0 ? hotBidder : this.#somePerson(number);
    const amount = price(random);
    const { name, url } = random.pick(random.below(NEXMARK.hotChannelsRatio) > 0 ? this.#hotChannels : this.#channels);
    this.#writer.begin(BID, time);
    this.#writer.integer(NEXMARK.firstAuctionId + auction);
    this.#writer.integer(NEXMARK.firstPersonId + bidder);
    this.#writer.integer(amount);
    this.#writer.string(name);
    this.#writer.string(url);
    this.#writer.string(this.#extra(32, NEXMARK.bidBytes));
  }

  /** One of the active people, or of those who are yet to come. */
  #somePerson(number: number): number {
    const people = lastPerson(number) + 1;
    const active = Math.min(people, NEXMARK.activePeople);
    return people - active + this.#random.below(active + NEXMARK.idLead);
  }

  /** One of the auctions that are in flight, or of those that are yet to come. */
  #someAuction(last: number): number {
    const first = Math.max(last - NEXMARK.inFlightAuctions, 0);
    return first + this.#random.below(last - first + 1 + NEXMARK.idLead);
  }

  /** On average as long as it takes until as many auctions have begun as are in flight, in ms. */
  #auctionLength(number: number, time: number): number {
    const events = Math.floor((NEXMARK.inFlightAuctions * TOTAL) / NEXMARK.auctions);
    return 1 + this.#random.below(Math.max((timeOf(number + events) - time) * 2, 1));
  }

  /** Text that brings a record to the wanted size, give or take a fifth of the text. */
  #extra(size: number, wanted: number): string {
    if (size > wanted) return "";
    const average = wanted - size;
    const delta = Math.round(average * 0.2);
    const length = average - delta + (delta === 0 ? 0 : this.#random.below(2 * delta));
    const start = this.#random.below(this.#text.length - length);
    return this.#text.slice(start, start + length);
  }
}

interface Channel {
  readonly name: string;
  readonly url: string;
}

const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const CITIES = [
  ...["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland"],
  ...["Bend", "Redmond", "Seattle", "Kent", "Cheyenne"],
];
const FIRST_NAMES = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];

/** Time of an event, in ms after the base time. */
function timeOf(number: number): number {
  return Math.floor((number * 1_000) / NEXMARK.eventsPerSecond);
}

/** Number of the person that was made last, at an event or before it. */
function lastPerson(number: number): number {
  const epoch = Math.floor(number / TOTAL);
  return epoch * NEXMARK.persons + Math.min(number % TOTAL, NEXMARK.persons - 1);
}

/** Number of the auction that was made last, at an event or before it. */
function lastAuction(number: number): number {
  const epoch = Math.floor(number / TOTAL);
  const rest = (number % TOTAL) - NEXMARK.persons;
  if (rest < 0) return epoch * NEXMARK.auctions - 1;
  return epoch * NEXMARK.auctions + Math.min(rest, NEXMARK.auctions - 1);
}

/** Cents, from 1 to a million dollars, their logarithm evenly spread. */
function price(random: Random): number {
  return Math.round(10 ** (random.next() * 6) * 100);
}

/** From 3 letters to one fewer than `most`, with a special character now and then. */
function shortText(random: Random, most: number, special = " "): string {
  let text = "";
  for (let left = 3 + random.below(most - 3); left > 0; left--)
    text += random.below(13) === 0 ? special : letter(random);
  return text.trim();
}

function letter(random: Random): string {
  return String.fromCharCode(97 + random.below(26));
}

function baseUrl(random: Random): string {
  const part = () => shortText(random, 5, "_");
  return `https://www.nexmark.com/${part()}/${part()}/${part()}/item.htm?query=1`;
}

function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((value >>> bit) & 1);
  return reversed;
}
