import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Admin, Consumer, FetchIsolationLevels, type Message, MessagesStreamModes } from "@platformatic/kafka";
import { type DecodedRecord, type Envelope, parseSchema, type Row } from "../../shop/decoded-log.test-helper.ts";
import type { Endpoints } from "../../stack/endpoints.ts";

/** Waits until the clock shows a time. */
export async function untilTime(timeMs: number): Promise<void> {
  await sleep(Math.max(0, timeMs - Date.now()));
}

type Raw = Message<Buffer, Buffer, Buffer, Buffer>;

/** Offsets behind the last record of each partition; none where there is no such topic yet. */
export async function endOffsets(brokers: readonly string[], topic: string): Promise<readonly bigint[]> {
  const consumer = consumerOf(brokers);
  try {
    return (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
  } catch {
    return [];
  } finally {
    await consumer.close(true);
  }
}

/** All that topics hold now, by another client than countercheck's own; each partition in its order. */
export async function readTopics(brokers: readonly string[], topics: readonly string[]): Promise<Raw[]> {
  const consumer = consumerOf(brokers);
  try {
    const ends = await consumer.listOffsets({ topics: [...topics] });
    const left = new Map<string, bigint>();
    for (const [topic, offsets] of ends) {
      for (const [partition, end] of offsets.entries()) if (end > 0n) left.set(`${topic}/${partition}`, end);
    }
    const messages: Raw[] = [];
    if (left.size === 0) return messages;
    const stream = await consumer.consume({
      topics: [...topics],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
      maxWaitTime: 200,
    });
    for await (const message of stream as AsyncIterable<Raw>) {
      const partition = `${message.topic}/${message.partition}`;
      const end = left.get(partition);
      if (end === undefined || message.offset >= end) continue;
      messages.push(message);
      if (message.offset === end - 1n) left.delete(partition);
      if (left.size === 0) break;
    }
    return messages;
  } finally {
    await consumer.close(true);
  }
}

/** Removes all topics whose names begin so. */
export async function deleteTopics(brokers: readonly string[], ...prefixes: readonly string[]): Promise<void> {
  const admin = new Admin({ clientId: "countercheck-test", bootstrapBrokers: [...brokers] });
  try {
    const topics = await admin.listTopics();
    const own = topics.filter((topic) => prefixes.some((prefix) => topic.startsWith(prefix)));
    if (own.length > 0) await admin.deleteTopics({ topics: own });
  } finally {
    await admin.close();
  }
}

/** Collects a topic's committed records while they come, from its beginning; it may not be there yet. */
export class Collector {
  readonly messages: Raw[] = [];
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  #reading: Promise<void> = Promise.resolve();

  private constructor(consumer: Consumer<Buffer, Buffer, Buffer, Buffer>) {
    this.#consumer = consumer;
  }

  static async open(brokers: readonly string[], topic: string): Promise<Collector> {
    const admin = new Admin({ clientId: "countercheck-test", bootstrapBrokers: [...brokers] });
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await admin.close();
    const collector = new Collector(consumerOf(brokers));
    const options = { topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false, maxWaitTime: 200 };
    const stream = await collector.#consumer.consume({
      ...options,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    });
    collector.#reading = collector.#collect(stream as AsyncIterable<Raw>);
    return collector;
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
    await this.#reading;
  }

  async #collect(stream: AsyncIterable<Raw>): Promise<void> {
    for await (const message of stream) this.messages.push(message);
  }
}

/** Values of records as avsc reads them with the registry's schemas; longs are numbers. */
export async function decodeValues(
  servers: Endpoints,
  messages: readonly { readonly value: Buffer | null }[],
): Promise<unknown[]> {
  const decode = decoderOf(servers);
  const values: unknown[] = [];
  for (const { value } of messages) values.push(plain(await decode(value!)));
  return values;
}

function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, member) => (typeof member === "bigint" ? Number(member) : member));
  return JSON.parse(text);
}

function decoderOf({ registry }: Endpoints) {
  const types = new Map<number, Promise<ReturnType<typeof parseSchema>>>();
  return async (bytes: Buffer): Promise<unknown> => {
    if (bytes[0] !== 0) throw new Error("not in Confluent framing");
    const id = bytes.readUInt32BE(1);
    const type = types.get(id) ?? schemaType(registry.url, id);
    types.set(id, type);
    return (await type).fromBuffer(bytes.subarray(5));
  };
}

/** Change events as avsc reads them with the registry's schemas. */
export async function decodeRecords(servers: Endpoints, messages: readonly Raw[]): Promise<DecodedRecord[]> {
  const decode = decoderOf(servers);
  const records: DecodedRecord[] = [];
  for (const { topic, partition, key, value, timestamp } of messages) {
    const record = { topic, partition, key, value, timestamp: Number(timestamp) };
    const isTombstone = value === null || value === undefined || value.length === 0;
    const envelope = isTombstone ? null : ((await decode(value)) as Envelope);
    records.push({
      record: { ...record, value: isTombstone ? null : value },
      key: (await decode(key)) as Row,
      value: envelope,
    });
  }
  return records;
}

async function schemaType(url: string, id: number) {
  const response = await fetch(`${url}/schemas/ids/${id}`);
  const { schema } = (await response.json()) as { schema: string };
  return parseSchema(JSON.parse(schema) as object);
}

function consumerOf(brokers: readonly string[]): Consumer<Buffer, Buffer, Buffer, Buffer> {
  const groupId = `countercheck-test-${randomUUID()}`;
  return new Consumer({ groupId, clientId: groupId, bootstrapBrokers: [...brokers], retries: 3 });
}
