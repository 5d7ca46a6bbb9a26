import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { codecNumber } from "../../connectors/kafka/codecs.ts";
import type { Compression } from "../../connectors/kafka/compress.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { type OutgoingRecord, TransactionalProducer } from "../../connectors/kafka/transactions.ts";
import { hasJava, JavaOracle, runJava } from "./java-oracle.ts";
import { hasKcat, readWithKcat } from "./kcat.ts";
import { type PlainRecord, randomRecords, readAll, shown } from "./oracle-records.ts";

const { brokers } = inject("servers").kafka;
const seed = randomUUID();
const cluster = new KafkaCluster({ clientId: "writing-test", brokers });
const codecs = Object.keys(codecNumber) as Compression[];

/** One that keeps records for ever: a broker would drop those with old times within minutes. */
async function newTopic(partitions = 1): Promise<string> {
  const settings = { "retention.ms": "-1" };
  const { name } = await ensureTopic(cluster, { name: `oracle.writing.${randomUUID()}`, partitions, settings });
  return name;
}

/** Small batches, so that there are many. */
async function writePlain(topic: string, compression: Compression, records: readonly PlainRecord[]): Promise<void> {
  const producer = await IdempotentProducer.open(cluster, { compression, maxBatchBytes: 250_000 });
  for (const { key, value, timestamp, headers } of records) producer.append(topic, 0, key, value, timestamp, headers);
  await producer.flush();
}

const to = (topic: string, records: readonly PlainRecord[]): OutgoingRecord[] =>
  records.map((record) => ({ topic, partition: 0, ...record }));

afterAll(() => cluster.close());

describe.skipIf(!hasJava)(`Kafka's own client reads what is written, byte for byte (seed ${seed})`, () => {
  let java: JavaOracle;

  beforeAll(async () => {
    java = await JavaOracle.start(brokers);
  });
  afterAll(() => java.stop());

  it.each(codecs)("with compression %s", async (compression) => {
    const topic = await newTopic();
    const records = randomRecords(`${seed} ${compression}`, 400);
    await writePlain(topic, compression, records);
    const read = await java.read(topic);
    expect(shown(read)).toEqual(shown(records));
    expect(await readAll(cluster, topic)).toEqual(read);
  });

  it.each(codecs)("in transactions, with compression %s", async (compression) => {
    const topic = await newTopic();
    const transactionalId = topic;
    const producer = await TransactionalProducer.open(cluster, {
      transactionalId,
      compression,
      maxBatchBytes: 300_000,
    });
    const parts = [1, 200, 50].map((count, i) => randomRecords(`${seed} ${compression} ${i}`, count));
    for (const part of parts) {
      const [range] = await producer.commit(to(topic, part));
      expect(range).toMatchObject({ topic, partition: 0, count: part.length });
    }
    await producer.close();
    const read = await java.read(topic);
    expect(shown(read)).toEqual(shown(parts.flat()));
    expect(await readAll(cluster, topic)).toEqual(read);
  });

  it("finds keys where it would have put them, and each transaction at the offsets that were told", async () => {
    const topic = await newTopic(5);
    const producer = await TransactionalProducer.open(cluster, { transactionalId: topic });
    const keys = Array.from({ length: 100 }, (_, i) => Buffer.from(`key-${i}`));
    const written = await producer.commit(keys.map((key) => ({ topic, key, value: key, timestamp: 1 })));
    for (const { partition, firstOffset, lastOffset, count } of written) {
      const read = await java.read(topic, partition);
      expect([read.length, read[0]!.offset, read.at(-1)!.offset]).toEqual([count, firstOffset, lastOffset]);
    }
    await java.open("keyed", "none");
    const all = await Promise.all(
      written.map(async ({ partition }) => ({ partition, read: await java.read(topic, partition) })),
    );
    for (const { partition, read } of all)
      for (const { key } of read) expect(await java.partitionOf("keyed", topic, key!)).toBe(partition);
    await java.close("keyed");
    await producer.close();
  });

  it("so do the console consumer, which leaves out what is aborted, and the verifiable consumer", async () => {
    const topic = await newTopic();
    const values = Array.from({ length: 30 }, (_, i) => `${i}`);
    const producer = await TransactionalProducer.open(cluster, { transactionalId: topic, maxBatchBytes: 2_000 });
    const record = (value: string) => ({ topic, partition: 0, key: null, value: Buffer.from(value), timestamp: 1 });
    const tooLarge = [...Array.from({ length: 100 }, () => record("aborted ".repeat(20))), record("x".repeat(9_999))];
    await producer.commit(values.slice(0, 10).map(record));
    await expect(producer.commit(tooLarge)).rejects.toMatchObject({ code: "KAFKA_RECORD_TOO_LARGE" });
    await producer.commit(values.slice(10).map(record));
    await producer.close();
    const common = ["--bootstrap-server", brokers.join(), "--topic", topic, "--max-messages", "30"];
    const console = ["--from-beginning", "--isolation-level", "read_committed"];
    const printed = await runJava("org.apache.kafka.tools.consumer.ConsoleConsumer", [...common, ...console]);
    expect(printed.trim().split("\n")).toEqual(values);
    const folder = mkdtempSync(join(tmpdir(), "countercheck-oracle-"));
    writeFileSync(join(folder, "config"), "isolation.level=read_committed\n");
    const config = ["--command-config", join(folder, "config")];
    const verifiable = ["--group-id", topic, "--reset-policy", "earliest", "--verbose", ...config];
    const told = await runJava("org.apache.kafka.tools.VerifiableConsumer", [...common, ...verifiable]);
    rmSync(folder, { recursive: true });
    const events = [...told.matchAll(/^{.*"record_data".*}$/gm)].map(([line]) => JSON.parse(line));
    expect(events.map(({ value }) => value)).toEqual(values);
  });
});

describe.skipIf(!hasKcat)(`kcat reads what is written, byte for byte (seed ${seed})`, () => {
  it.each(codecs)("with compression %s", async (compression) => {
    const topic = await newTopic();
    const records = randomRecords(`${seed} kcat ${compression}`, 200);
    await writePlain(topic, compression, records);
    const read = readWithKcat(brokers, topic).map((record) => ({ ...record, headers: [] }));
    expect(shown(read)).toEqual(shown(records.map((record) => ({ ...record, headers: [] }))));
  });
});
