import { describe, expect, it } from "vitest";
import { CountercheckError } from "../../base/errors.ts";
import type { FetchedPartition } from "./fetch-api.ts";
import { PartitionFeed } from "./partition-feed.ts";
import { encodeBatch, namedRecords } from "./test-batches.ts";

const unavailable = new CountercheckError("KAFKA_UNAVAILABLE", { broker: "b:9092", doing: "records", reason: "gone" });

describe("a partition that cannot be fetched", () => {
  it("is tried again ever later, and told of only after ten seconds", () => {
    const { feed, clock } = located(0);
    const retries: number[] = [];
    for (let i = 0; i < 8; i++) {
      feed.hinder(unavailable);
      retries.push(feed.locateAt - clock.now);
      clock.now = feed.locateAt;
    }
    expect(retries).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
    expect(feed.take()).toBeNull();
    clock.now += 5_000;
    expect(() => feed.take()).toThrow(unavailable);
  });

  it("is as new once an answer came", () => {
    const { feed, clock } = located(0);
    feed.hinder(unavailable);
    clock.now += 60_000;
    feed.locate(topic);
    feed.accept(feed.request(), answer(), clock.now);
    expect(feed.take()).toBeNull();
    feed.hinder(unavailable);
    expect([feed.take(), feed.locateAt - clock.now]).toEqual([null, 50]);
  });

  it("tells at once of what only the user can mend", () => {
    const { feed } = located(0);
    const denied = new CountercheckError("KAFKA_NOT_AUTHORIZED", { broker: "b:9092", doing: "records", reason: "ACL" });
    feed.hinder(denied);
    expect(() => feed.take()).toThrow(denied);
  });
});

describe("what came of a partition", () => {
  it("is taken once, and only then more is wanted, behind it", async () => {
    const { feed } = located(4);
    const records = await encodeBatch({ records: namedRecords("a", "b"), baseOffset: 4, leaderEpoch: 9 });
    expect(feed.accept(feed.request(), answer({ records, highWatermark: 6 }), 1)).toBe(true);
    expect([feed.isWanted, feed.waitingBytes]).toEqual([false, records.length]);
    expect(feed.take()).toMatchObject({ fromOffset: 4, bytes: records });
    expect([feed.take(), feed.isWanted]).toEqual([null, true]);
    expect(feed.request()).toMatchObject({ offset: 6, lastEpoch: 9 });
  });

  it("is dropped when it was asked for before a seek", async () => {
    const { feed } = located(4);
    const asked = feed.request();
    feed.seek(0);
    const records = await encodeBatch({ records: namedRecords("a"), baseOffset: 4 });
    expect(feed.accept(asked, answer({ records }), 1)).toBe(false);
    expect([feed.take(), feed.request().offset]).toEqual([null, 0]);
  });

  it("is asked for again with room for a batch that was cut off", async () => {
    const { feed } = located(0);
    const batch = await encodeBatch({ records: [{ ...namedRecords("a")[0]!, value: Buffer.alloc(3_000_000) }] });
    expect(feed.request().maxBytes).toBe(1_048_576);
    feed.accept(feed.request(), answer({ records: batch.subarray(0, 1_048_576) }), 1);
    expect(feed.request()).toMatchObject({ offset: 0, maxBytes: batch.length });
    feed.accept(feed.request(), answer({ records: batch }), 1);
    expect(feed.request()).toMatchObject({ offset: 1, maxBytes: 1_048_576 });
  });

  it("is an error where no room would do", () => {
    const { feed } = located(7);
    const records = Buffer.alloc(100);
    records.writeInt32BE(2_000_000_000, 8);
    feed.accept(feed.request(), answer({ records }), 1);
    expect(() => feed.take()).toThrow(/a batch at offset 7 that takes 2000000012 bytes; at most 67108864 are read/);
  });
});

describe("the end of a partition", () => {
  it("is told by a request that was sent two seconds after, or later", () => {
    const { feed } = located(0);
    feed.accept(feed.request(), answer({ highWatermark: 30 }), 11_999);
    expect(feed.endOffset(10_000)).toBeUndefined();
    feed.accept(feed.request(), answer({ highWatermark: 31 }), 12_000);
    expect([feed.endOffset(10_000), feed.endOffset(10_001)]).toEqual([31, undefined]);
  });

  it("is not what a new leader takes for it before it knows how far the old one had got", () => {
    const { feed } = located(0);
    feed.accept(feed.request(), answer({ highWatermark: 30 }), 5_000);
    feed.hinder(unavailable);
    feed.locate({ ...topic, partitions: [{ leader: 2, leaderEpoch: 6 }] });
    feed.accept(feed.request(), answer({ highWatermark: 40 }), 6_000);
    expect([feed.wantsEndFloor, feed.endOffset(4_000)]).toEqual([true, undefined]);
    feed.setEndFloor(41);
    feed.accept(feed.request(), answer({ highWatermark: 40 }), 7_000);
    expect(feed.endOffset(4_000)).toBeUndefined();
    feed.accept(feed.request(), answer({ highWatermark: 41 }), 8_000);
    expect(feed.endOffset(6_000)).toBe(41);
  });
});

it("is not read on in a topic of another id", () => {
  const { feed } = located(12);
  feed.locate({ ...topic, id: "another" });
  expect(() => feed.take()).toThrow(
    /^Topic t was deleted and created again since it was begun to be read, so offset 12 of partition 0/,
  );
  expect([feed.hasFailed, feed.locateAt]).toEqual([true, Number.POSITIVE_INFINITY]);
});

const topic = { name: "t", id: "one", partitions: [{ leader: 1, leaderEpoch: 5 }] };

function located(offset: number) {
  const clock = { now: 1_000_000 };
  const feed = new PartitionFeed("t", 0, offset, () => clock.now);
  feed.locate(topic);
  feed.setEndFloor(0);
  return { feed, clock };
}

function answer(parts: Partial<FetchedPartition> = {}): FetchedPartition {
  const records = Buffer.alloc(0);
  return {
    topicId: "one",
    partition: 0,
    errorCode: 0,
    highWatermark: 0,
    aborted: [],
    divergesAt: -1,
    records,
    ...parts,
  };
}
