import { setTimeout as sleep } from "node:timers/promises";
import { deleteRecordsV2 } from "@platformatic/kafka";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { KafkaCluster } from "./cluster.ts";
import { KafkaFetcher } from "./fetcher.ts";
import { listOffsets, startOffsets } from "./list-offsets.ts";
import { KafkaPartitionReader } from "./partition-reader.ts";

const brokers = [...inject("servers").kafka.brokers];
const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
const admin = kafka.admin();
const plain = kafka.producer();
const cluster = new KafkaCluster({ clientId: "reading-test", brokers });
const fetcher = new KafkaFetcher(cluster);
const topics: string[] = [];
const open: KafkaPartitionReader[] = [];

beforeAll(() => Promise.all([admin.connect(), plain.connect()]));
afterEach(() => {
  for (const reader of open.splice(0)) reader.close();
});
afterAll(async () => {
  await cluster.close();
  await fetcher.close();
  await admin.deleteTopics({ topics: await existing(topics) });
  await Promise.all([admin.disconnect(), plain.disconnect()]);
});

describe("reading a topic", () => {
  it("starts at either end, at a time or at an offset, in each partition", async () => {
    const topic = await newTopic("starts", 2);
    for (const [i, time] of [1_000, 2_000, 3_000].entries()) {
      await plain.send({ topic, messages: [{ partition: 0, key: `k${i}`, value: "v", timestamp: String(time) }] });
    }
    expect(await startOffsets(cluster, topic, "earliest")).toEqual([0, 0]);
    expect(await startOffsets(cluster, topic, "latest")).toEqual([3, 0]);
    expect(await startOffsets(cluster, topic, { timestampMs: 1_001 })).toEqual([1, 0]);
    expect(await startOffsets(cluster, topic, { timestampMs: 4_000 })).toEqual([3, 0]);
    expect(await startOffsets(cluster, topic, { offset: 2 })).toEqual([2, 2]);
    expect(await keysFrom(reading(topic, 1), 3)).toEqual(["k1", "k2"]);
  });

  it("goes on with what is written later, and tells the end as it was two seconds after a time", async () => {
    const topic = await newTopic("later");
    const reader = reading(topic, 0);
    expect(reader.read(1_000)).toBeNull();
    await send(topic, "a");
    expect(await keysFrom(reader, 1)).toEqual(["a"]);
    const since = Date.now();
    expect(reader.endOffset(since)).toBeUndefined();
    await send(topic, "b");
    expect(await keysFrom(reader, 2)).toEqual(["b"]);
    await expect.poll(() => reader.endOffset(since)).toBe(2);
    expect(Date.now() - since).toBeGreaterThan(2_000);
  });

  it("goes on while the broker does not tell the ends of logs, which are asked for one at a time", async () => {
    const topic = await newTopic("hanging", 2);
    await send(topic, "a");
    const slow = new KafkaCluster({ clientId: "hanging-test", brokers });
    const request = slow.request.bind(slow);
    const asked: (() => void)[] = [];
    slow.request = async (wanted) => {
      if (wanted.doing.startsWith("the offsets")) await new Promise<void>((resolve) => asked.push(resolve));
      return request(wanted);
    };
    const ownFetcher = new KafkaFetcher(slow);
    const readers = [0, 1].map((partition) => new KafkaPartitionReader(ownFetcher, topic, partition, 0));
    try {
      expect(await keysFrom(readers[0]!, 1)).toEqual(["a"]);
      await send(topic, "b");
      expect(await keysFrom(readers[0]!, 2)).toEqual(["b"]);
      expect(readers[0]!.endOffset(0)).toBeUndefined();
      expect(asked.length).toBeLessThanOrEqual(2);
      const settled = asked.length;
      for (const tell of asked) tell();
      await expect.poll(() => readers.map((reader) => reader.endOffset(0))).toEqual([2, 0]);
      expect(asked).toHaveLength(settled);
    } finally {
      for (const tell of asked) tell();
      for (const reader of readers) reader.close();
      await slow.close();
      await ownFetcher.close();
    }
  });

  it("is not held up by a partition that nobody reads", async () => {
    const topic = await newTopic("unread", 2);
    await plain.send({ topic, messages: [{ partition: 0, key: "unread", value: "v" }] });
    const unread = reading(topic, 0);
    const read = reading(topic, 0, 1);
    await sleep(300);
    const begun = Date.now();
    for (let i = 0; i < 5; i++) {
      await plain.send({ topic, messages: [{ partition: 1, key: `k${i}`, value: "v" }] });
      expect(await keysFrom(read, i + 1)).toEqual([`k${i}`]);
    }
    expect(Date.now() - begun).toBeLessThan(2_500);
    expect(await keysFrom(unread, 1)).toEqual(["unread"]);
  });

  it("finds partitions that were added", async () => {
    const topic = await newTopic("added");
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await expect.poll(async () => (await cluster.topic(topic)).partitions.length).toBe(3);
  });

  it("says so when retention has taken what comes next, or the log ends before it; and skips nothing", async () => {
    const topic = await newTopic("retention");
    await send(topic, "a", "b", "c", "d");
    const records = [{ name: topic, partitions: [{ partitionIndex: 0, offset: 3n }] }];
    const { leader } = (await cluster.topic(topic)).partitions[0]!;
    await cluster.request({
      to: { broker: leader },
      doing: "a deletion",
      apis: [deleteRecordsV2.api],
      args: [records, 5_000],
    });
    const reader = reading(topic, 1);
    await expect(keysFrom(reader, 4)).rejects.toThrow(
      `Offset 1 of topic ${topic}, partition 0, is not in the log, which goes from 3 to 4`,
    );
    expect(reader.offset).toBe(1);
    reader.seek(9);
    await expect(keysFrom(reader, 10)).rejects.toMatchObject({ code: "KAFKA_OFFSET_OUT_OF_RANGE", retryable: false });
    reader.seek(3);
    expect(await keysFrom(reader, 4)).toEqual(["d"]);
  });

  it("does not take a topic that was created again for the one it was", async () => {
    const topic = await newTopic("again");
    await send(topic, "a", "b");
    const reader = reading(topic, 0);
    expect(await keysFrom(reader, 2)).toEqual(["a", "b"]);
    await admin.deleteTopics({ topics: [topic] });
    await expect.poll(() => existing([topic])).toEqual([]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await expect(keysFrom(reader, 3)).rejects.toMatchObject({ code: "KAFKA_TOPIC_RECREATED" });
  });

  it("names topics and partitions that are not there", async () => {
    await expect(startOffsets(cluster, "no-such-topic", "earliest")).rejects.toMatchObject({
      code: "KAFKA_TOPIC_UNKNOWN",
    });
    const topic = await newTopic("few");
    await expect(keysFrom(reading(topic, 0, 7), 1)).rejects.toMatchObject({ code: "PARTITION_NOT_FOUND" });
  });
});

describe("reading transactions", () => {
  it("gives only what was committed, also of transactions that take several answers", async () => {
    const topic = await newTopic("transactions");
    const [long, short] = await Promise.all([transactional(`${topic}-long`), transactional(`${topic}-short`)]);
    const expected: string[] = [];
    const aborted = await long.transaction();
    for (let round = 0; round < 8; round++) {
      await aborted.send({ topic, messages: padded(`aborted-${round}`, 600) });
      await plain.send({ topic, messages: padded(`plain-${round}`, 40) });
      const other = await short.transaction();
      await other.send({ topic, messages: padded(`other-${round}`, 80) });
      await (round % 3 === 0 ? other.abort() : other.commit());
      expected.push(...names(`plain-${round}`, 40), ...(round % 3 === 0 ? [] : names(`other-${round}`, 80)));
    }
    await aborted.abort();
    const committed = await long.transaction();
    await committed.send({ topic, messages: padded("committed", 5) });
    await committed.commit();
    expected.push(...names("committed", 5));
    const [end] = await listOffsets(cluster, topic, [0], "latest");
    const reader = reading(topic, 0);
    expect(await keysFrom(reader, end!, 100_000)).toEqual(expected);
    for (const from of [1_000, 2_500, 4_000, 5_500]) {
      reader.seek(from);
      const keys = await keysFrom(reader, end!, 100_000);
      expect(keys).toEqual(expected.slice(-keys.length));
    }
    await Promise.all([long.disconnect(), short.disconnect()]);
  });

  it("waits behind one that is open, while the end of the log shows its records", async () => {
    const topic = await newTopic("open");
    const producer = await transactional(topic);
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: "in", value: "v" }] });
    await send(topic, "after");
    const reader = reading(topic, 0);
    await expect.poll(() => reader.endOffset(0)).toBe(2);
    expect([reader.read(1_000), reader.offset]).toEqual([null, 0]);
    await transaction.commit();
    expect(await keysFrom(reader, 3)).toEqual(["in", "after"]);
    await producer.disconnect();
  });
});

async function newTopic(name: string, numPartitions = 1): Promise<string> {
  const topic = `reading-${name}-${process.pid}-${Date.now()}`;
  topics.push(topic);
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  return topic;
}

async function existing(names: readonly string[]): Promise<string[]> {
  const all = new Set(await admin.listTopics());
  return names.filter((name) => all.has(name));
}

function reading(topic: string, offset: number, partition = 0): KafkaPartitionReader {
  const reader = new KafkaPartitionReader(fetcher, topic, partition, offset);
  open.push(reader);
  return reader;
}

async function send(topic: string, ...keys: string[]): Promise<void> {
  await plain.send({ topic, messages: keys.map((key) => ({ key, value: "v" })) });
}

async function transactional(transactionalId: string): Promise<Producer> {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
}

/** Keys of all records up to an offset. */
async function keysFrom(reader: KafkaPartitionReader, end: number, maxBytes = 1_000_000): Promise<string[]> {
  const keys: string[] = [];
  for (const deadline = Date.now() + 20_000; reader.offset < end; ) {
    const records = reader.read(maxBytes);
    if (records === null) {
      if (Date.now() > deadline) throw new Error(`nothing more came at ${reader.offset} of ${end}`);
      await sleep(5);
      continue;
    }
    for (let i = 0; i < records.count; i++) {
      keys.push(Buffer.from(records.buffer.subarray(records.keyStarts[i], records.keyEnds[i])).toString());
    }
  }
  return keys;
}

function names(tag: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${tag}-${i}`);
}

function padded(tag: string, count: number) {
  return names(tag, count).map((key) => ({ key, value: "x".repeat(1_000) }));
}
