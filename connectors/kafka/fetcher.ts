import { ProtocolError, protocolErrorsCodesById } from "@platformatic/kafka";
import { CountercheckError, isError, messageOf } from "../../base/errors.ts";
import type { KafkaCluster } from "./cluster.ts";
import { kafkaError } from "./errors.ts";
import { type FetchedPartition, type FetchPartition, fetchApis } from "./fetch-api.ts";
import { listOffsets } from "./list-offsets.ts";
import { PartitionFeed } from "./partition-feed.ts";
import { Signal } from "./signal.ts";

/** How long a broker waits for a first record, and thereby how old the known end of a quiet log can be. */
const MAX_WAIT_MS = 500;
/** While records wait to be taken, their partition is left out, and the others are looked at this often. */
const GLANCE_MS = 100;
/** A partition that nobody reads keeps the whole answer in memory. */
const RESPONSE_BYTES = 8 * 1024 * 1024;
/** No more is asked for while this much waits to be taken. */
const WAITING_BYTES = 64 * 1024 * 1024;

const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_SERVER_ERROR = -1;

/**
 * Fetches the records of many partitions of a cluster in the background: one request at a time to each broker that leads
 * any. A partition with records that nobody has taken is left out until they are. Elections, restarts and lost
 * connections are waited out; what lasts longer, and what does not pass, is thrown where the partition is read.
 */
export class KafkaFetcher {
  readonly #cluster: KafkaCluster;
  readonly #now: () => number;
  readonly #feeds = new Set<PartitionFeed>();
  /** Brokers that are asked at the moment, with what wakes their loop. */
  readonly #loops = new Map<number, Signal>();
  readonly #running = new Set<Promise<void>>();
  readonly #located = new Signal();
  /** When the end of a partition may be asked for again: never while it is being asked for. */
  readonly #askEndAt = new Map<PartitionFeed, number>();
  #isLocating = false;
  #closed = false;

  /** `now` gives epoch ms; the cluster stays the caller's to close. */
  constructor(cluster: KafkaCluster, now: () => number = Date.now) {
    this.#cluster = cluster;
    this.#now = now;
  }

  /** Begins to fetch a partition from an offset on. */
  add(topic: string, partition: number, offset: number): PartitionFeed {
    const feed = new PartitionFeed(topic, partition, offset, this.#now);
    this.#feeds.add(feed);
    this.wake(feed);
    return feed;
  }

  /** Says that a partition's records were taken, or that it is read from elsewhere. */
  wake(feed: PartitionFeed): void {
    if (feed.leader >= 0) this.#ask(feed.leader);
    else this.#locate();
  }

  /** Fetches a partition no more. */
  remove(feed: PartitionFeed): void {
    this.#feeds.delete(feed);
    this.#askEndAt.delete(feed);
  }

  /** Ends all fetching; resolves once nothing is under way any more: at once where the cluster was closed before. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#located.notify();
    for (const signal of this.#loops.values()) signal.notify();
    await Promise.all(this.#running);
  }

  /** Runs something to its end in the background; a defect in it fails every partition. */
  #run(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => {
        const bug = new CountercheckError("BUG", { what: `the fetcher failed: ${messageOf(error)}` }, { cause: error });
        for (const feed of this.#feeds) feed.fail(bug);
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #locate(): void {
    if (this.#isLocating) this.#located.notify();
    else this.#run(this.#locateAll());
  }

  /** Finds the leaders of partitions that have none, and begins to ask them, until all have one. */
  async #locateAll(): Promise<void> {
    this.#isLocating = true;
    try {
      while (!this.#closed) {
        const next = Math.min(...[...this.#feeds].map(({ locateAt }) => locateAt));
        if (next === Number.POSITIVE_INFINITY) return;
        const waitMs = next - this.#now();
        if (waitMs > 0) {
          await this.#located.wait(waitMs);
          continue;
        }
        const lost = [...this.#feeds].filter(({ locateAt }) => locateAt <= this.#now());
        await this.#locateSome(lost);
        for (const { leader } of lost) if (leader >= 0) this.#ask(leader);
      }
    } finally {
      this.#isLocating = false;
    }
  }

  async #locateSome(lost: readonly PartitionFeed[]): Promise<void> {
    try {
      const topics = await this.#cluster.topics([...new Set(lost.map(({ topic }) => topic))]);
      for (const feed of lost) {
        const topic = topics.get(feed.topic)!;
        if (isError(topic)) feed.hinder(topic);
        else feed.locate(topic);
      }
    } catch (error) {
      if (!isError(error)) throw error;
      for (const feed of lost) feed.hinder(error);
    }
  }

  #ask(broker: number): void {
    const signal = this.#loops.get(broker);
    if (signal === undefined) this.#run(this.#fetchFrom(broker));
    else signal.notify();
  }

  /** Asks one broker for one answer after the other, as long as it leads anything. */
  async #fetchFrom(broker: number): Promise<void> {
    const signal = new Signal();
    this.#loops.set(broker, signal);
    try {
      for (let turn = 0; !this.#closed; turn++) {
        const led = [...this.#feeds].filter((feed) => feed.leader === broker && !feed.hasFailed);
        if (led.length === 0) return;
        this.#findEndFloors(led);
        const wanted = this.#hasRoom() ? led.filter(({ isWanted }) => isWanted) : [];
        const waitsForReader = wanted.length < led.length;
        const waitMs = waitsForReader ? 0 : MAX_WAIT_MS;
        const hasCome = wanted.length > 0 && (await this.#fetch(broker, rotated(wanted, turn), waitMs));
        if (waitsForReader && !hasCome) await signal.wait(GLANCE_MS);
      }
    } finally {
      this.#loops.delete(broker);
    }
  }

  #hasRoom(): boolean {
    let waiting = 0;
    for (const feed of this.#feeds) waiting += feed.waitingBytes;
    return waiting < WAITING_BYTES;
  }

  /** One request; true where it brought records. */
  async #fetch(broker: number, feeds: readonly PartitionFeed[], maxWaitMs: number): Promise<boolean> {
    const asked = feedsByName(feeds);
    const askedAt = this.#now();
    let answers: FetchedPartition[];
    try {
      answers = await this.#cluster.request({
        to: { broker },
        channel: "fetch",
        doing: `records of ${feeds.length === 1 ? feeds[0]!.name : `${feeds.length} partitions`}`,
        apis: fetchApis,
        args: [{ maxWaitMs, maxBytes: RESPONSE_BYTES, partitions: [...asked.values()].map(({ request }) => request) }],
      });
    } catch (error) {
      if (!isError(error)) throw error;
      for (const { feed } of asked.values()) this.#hinder(feed, error);
      return false;
    }
    let hasCome = false;
    for (const answer of answers) {
      const { feed, request } = asked.get(nameOf(answer)) ?? {};
      if (feed !== undefined && (await this.#accept(feed, request!, answer, askedAt))) hasCome = true;
    }
    return hasCome;
  }

  async #accept(
    feed: PartitionFeed,
    asked: FetchPartition,
    answer: FetchedPartition,
    askedAt: number,
  ): Promise<boolean> {
    if (answer.errorCode === OFFSET_OUT_OF_RANGE)
      await this.#outOfRange(feed, asked, "retention removed it, or the log was cut off");
    else if (answer.errorCode !== 0) this.#hinder(feed, this.#errorOf(feed, answer.errorCode));
    else if (answer.divergesAt >= 0) {
      await this.#outOfRange(
        feed,
        asked,
        `what was read from offset ${answer.divergesAt} on was cut off by an unclean election`,
      );
    } else return feed.accept(asked, answer, askedAt);
    return false;
  }

  #errorOf(feed: PartitionFeed, errorCode: number): CountercheckError {
    const context = { doing: `records of ${feed.name}`, broker: this.#cluster.address };
    const isKnown = errorCode !== UNKNOWN_SERVER_ERROR && protocolErrorsCodesById[errorCode] !== undefined;
    if (isKnown) return kafkaError(new ProtocolError(errorCode), context);
    return new CountercheckError("KAFKA_UNAVAILABLE", {
      ...context,
      reason: `the broker failed with code ${errorCode}`,
    });
  }

  #hinder(feed: PartitionFeed, error: CountercheckError): void {
    feed.hinder(error);
    this.#locate();
  }

  async #outOfRange(feed: PartitionFeed, asked: FetchPartition, reason: string): Promise<void> {
    const { topic, partition } = feed;
    try {
      const [earliest] = await listOffsets(this.#cluster, topic, [partition], "earliest");
      const [latest] = await listOffsets(this.#cluster, topic, [partition], "latest");
      const details = { topic, partition, offset: asked.offset, earliest: earliest!, latest: latest!, reason };
      if (feed.request().offset === asked.offset)
        feed.fail(new CountercheckError("KAFKA_OFFSET_OUT_OF_RANGE", details));
    } catch (error) {
      if (!isError(error)) throw error;
      this.#hinder(feed, error);
    }
  }

  /** Beside the fetches: until it is told, the end of the log is unknown, and reading goes on. */
  #findEndFloors(led: readonly PartitionFeed[]): void {
    const unknown = led.filter((feed) => feed.wantsEndFloor && (this.#askEndAt.get(feed) ?? 0) <= this.#now());
    for (const feeds of Map.groupBy(unknown, ({ topic }) => topic).values()) this.#run(this.#askEnds(feeds));
  }

  /** Of partitions of one topic with one leader; what was told of another than leads by then is not heeded. */
  async #askEnds(feeds: readonly PartitionFeed[]): Promise<void> {
    const epochs = feeds.map((feed) => feed.request().leaderEpoch);
    this.#askEndsAt(feeds, Number.POSITIVE_INFINITY);
    try {
      const partitions = feeds.map(({ partition }) => partition);
      const ends = await listOffsets(this.#cluster, feeds[0]!.topic, partitions, "latest");
      this.#askEndsAt(feeds, 0);
      for (const [i, feed] of feeds.entries()) if (feed.request().leaderEpoch === epochs[i]) feed.setEndFloor(ends[i]!);
    } catch (error) {
      if (!isError(error) || error.code === "BUG") throw error;
      this.#askEndsAt(feeds, this.#now() + MAX_WAIT_MS);
    }
  }

  #askEndsAt(feeds: readonly PartitionFeed[], at: number): void {
    for (const feed of feeds) if (this.#feeds.has(feed)) this.#askEndAt.set(feed, at);
  }
}

/** What is asked for whom. A broker answers once for a partition: of two that read the same one, the first has this turn. */
function feedsByName(feeds: readonly PartitionFeed[]): Map<string, { feed: PartitionFeed; request: FetchPartition }> {
  const asked = new Map<string, { feed: PartitionFeed; request: FetchPartition }>();
  for (const feed of feeds) {
    const request = feed.request();
    const name = nameOf(request);
    if (!asked.has(name)) asked.set(name, { feed, request });
  }
  return asked;
}

function nameOf({ topicId, partition }: { readonly topicId: string; readonly partition: number }): string {
  return `${topicId}/${partition}`;
}

/** Each partition comes first in turn: a broker fills an answer in the order of the request, up to its size. */
function rotated<T>(items: readonly T[], turn: number): T[] {
  const first = turn % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
