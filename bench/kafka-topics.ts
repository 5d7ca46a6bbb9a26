import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../base/errors.ts";
import { shopConfig } from "../cli/shop-log.ts";
import { FileLog } from "../connectors/file/file-log.ts";
import { EndMarker, FileLogReader } from "../connectors/file/reader.ts";
import { headersOf } from "../connectors/file/records.ts";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../connectors/kafka/producer.ts";
import { ensureTopic } from "../connectors/kafka/topics.ts";
import type { ShopTruth } from "../shop/truth.ts";
import { startStack } from "../stack/stack.ts";
import { deleteTopics } from "../test/real/topics.ts";
import { whyNoServers } from "../test/servers/availability.ts";
import { shopLog } from "./shop-log.ts";

/** The shop's log in topics of a cluster, and what is known of it; plain data. */
export interface ShopTopics {
  readonly brokers: readonly string[];
  /** What the names of all topics begin with. */
  readonly prefix: string;
  /** Folder of the registry that has their schemas. */
  readonly schemas: string;
  readonly truth: ShopTruth;
  /** Records in all topics, heartbeats included. */
  readonly events: number;
  /** Event time of the last heartbeat, in ms: what a reader can know to have read through, but for a few seconds. */
  readonly lastBeat: number;
}

/** Why there is no Kafka here, in one line; undefined when there is. */
export function whyNoKafka(): string | undefined {
  return process.env.COUNTERCHECK_KAFKA_BROKERS === undefined ? whyNoServers() : undefined;
}

/**
 * Writes the shop's log into topics of the cluster that COUNTERCHECK_KAFKA_BROKERS names, or else of one that is started
 * for it. Disposing of it removes them. STACK_ and KAFKA_ errors.
 */
export async function openShopTopics(folder: string, orders: number): Promise<AsyncDisposable> {
  const given = process.env.COUNTERCHECK_KAFKA_BROKERS?.split(",");
  const stack = given === undefined ? await startStack({ services: ["kafka"], ports: "free" }) : undefined;
  const brokers = given ?? stack!.kafka.brokers;
  const prefix = `bench-${randomBytes(4).toString("hex")}.`;
  const close = async () => {
    if (given === undefined) await stack!.close();
    else await deleteTopics(brokers, prefix);
  };
  try {
    const { log, truth } = await shopLog(folder, orders);
    const filled = await fill(brokers, prefix, log);
    const topics: ShopTopics = { brokers, prefix, schemas: join(log, "schemas"), truth, ...filled };
    writeFileSync(fileOf(folder), JSON.stringify(topics));
  } catch (error) {
    await close();
    throw error;
  }
  return { [Symbol.asyncDispose]: close };
}

/** The topics that are open at the moment, as rows in processes of their own find them. */
export function shopTopics(folder: string): ShopTopics {
  return JSON.parse(readFileSync(fileOf(folder), "utf8")) as ShopTopics;
}

/** The configuration that binds the shop's databases to the topics, and puts results beside them. */
export function kafkaShopConfig({ brokers, prefix }: Pick<ShopTopics, "brokers" | "prefix">, schemas: string) {
  const { sources } = shopConfig("", "");
  const bound = Object.entries(sources).map(([name, { log: _, tables, heartbeat, ...rest }]) => {
    const topics = Object.entries(tables).map(([table, { topic }]) => [table, { topic: prefix + topic }]);
    const beats = { ...heartbeat, topic: prefix + heartbeat.topic };
    return [name, { ...rest, kafka: { start: "earliest" }, tables: Object.fromEntries(topics), heartbeat: beats }];
  });
  return {
    kafka: { brokers },
    sources: Object.fromEntries(bound),
    registry: { folder: schemas },
    output: "out",
    results: { kafka: { prefix: `${prefix}results.` } },
  };
}

function fileOf(folder: string): string {
  return join(folder, "kafka-topics.json");
}

/** What Java's producer, and so Kafka Connect, puts into a batch by default: 16 kB, counted when they are compressed. */
const BATCH_BYTES = 64_000;

/** Record for record, in lz4 batches. */
async function fill(brokers: readonly string[], prefix: string, log: string) {
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers });
  try {
    const producer = await IdempotentProducer.open(cluster, { maxBatchBytes: BATCH_BYTES });
    let events = 0;
    const beats: number[] = [];
    for (const { topic: name, partitions } of FileLog.topics(log)) {
      // Records are as old as the shop's events.
      const settings = { "retention.ms": "-1" };
      await ensureTopic(cluster, { name: prefix + name, partitions, settings });
      for (let partition = 0; partition < partitions; partition++) {
        const { count, last } = await copy(producer, prefix, log, name, partition);
        events += count;
        if (name.endsWith(".heartbeat")) beats.push(last);
      }
    }
    await producer.flush();
    assert(beats.length > 0, "the shop's databases have heartbeats");
    return { events, lastBeat: Math.min(...beats) };
  } finally {
    await cluster.close();
  }
}

/** Gives the number of records, and the timestamp of the last. */
async function copy(producer: IdempotentProducer, prefix: string, log: string, topic: string, partition: number) {
  const reader = new FileLogReader(log, topic, partition);
  let count = 0;
  let last = 0;
  for (;;) {
    const records = reader.read(1 << 20);
    if (records === null || records instanceof EndMarker) break;
    const { buffer, timestamps, keyStarts, keyEnds, valueStarts, valueEnds } = records;
    for (let i = 0; i < records.count; i++) {
      const key = buffer.subarray(keyStarts[i]!, keyEnds[i]!);
      const value = valueStarts[i]! < 0 ? null : buffer.subarray(valueStarts[i]!, valueEnds[i]!);
      const headers = Object.entries(headersOf(records, i)).map(([name, text]) => ({ name, value: Buffer.from(text) }));
      producer.append(prefix + topic, partition, key, value, timestamps[i]!, headers);
      last = timestamps[i]!;
    }
    count += records.count;
    if (producer.isFull) await producer.drain();
  }
  reader.close();
  return { count, last };
}
