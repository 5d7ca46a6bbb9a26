import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, describe, expect, inject, it } from "vitest";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { commitGroupOffsets, groupOffsets } from "../../connectors/kafka/group-offsets.ts";
import { listOffsets } from "../../connectors/kafka/list-offsets.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { TransactionalProducer } from "../../connectors/kafka/transactions.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { readAll } from "./oracle-records.ts";

const { brokers } = inject("servers").kafka;
const cluster = new KafkaCluster({ clientId: "transactions-test", brokers });

async function newTopic(of: KafkaCluster, settings = {}): Promise<string> {
  const { name } = await ensureTopic(of, { name: `transactions.${randomUUID()}`, partitions: 1, settings });
  return name;
}

const record = (topic: string, value: string) => ({
  topic,
  partition: 0,
  key: Buffer.from("key"),
  value: Buffer.from(value),
  timestamp: Date.now(),
});

const valuesOf = async (of: KafkaCluster, topic: string) =>
  (await readAll(of, topic)).map(({ value }) => String(value));

afterAll(() => cluster.close());

describe("a job's producer", () => {
  it("is fenced by the next one with its id, and then commits no more", async () => {
    const topic = await newTopic(cluster);
    const first = await TransactionalProducer.open(cluster, { transactionalId: topic });
    await first.commit([record(topic, "first")]);
    const second = await TransactionalProducer.open(cluster, { transactionalId: topic });
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(first.commit([record(topic, "late")])).rejects.toMatchObject({ code: "KAFKA_FENCED" });
    await second.commit([record(topic, "second")]);
    expect(await valuesOf(cluster, topic)).toEqual(["first", "second"]);
  });

  it("goes on after a transaction that failed, which leaves nothing", async () => {
    const topic = await newTopic(cluster);
    const producer = await TransactionalProducer.open(cluster, { transactionalId: topic });
    const unknown = producer.commit([record(topic, "lost"), record(`${topic}.unknown`, "lost")]);
    await expect(unknown).rejects.toMatchObject({ code: "KAFKA_TOPIC_UNKNOWN" });
    const thrown = producer.commit(
      (function* () {
        // More than what is sent at once, so that the broker has some of it.
        for (let i = 0; i < 3_000; i++) yield record(topic, "lost ".repeat(2_000) + i);
        throw new Error("no more");
      })(),
    );
    await expect(thrown).rejects.toThrow("no more");
    await producer.commit([record(topic, "kept")]);
    expect(await valuesOf(cluster, topic)).toEqual(["kept"]);
    const [end] = await listOffsets(cluster, topic, [0], "latest");
    expect(end).toBeGreaterThan(10);
  });

  it("leaves nothing to be seen when it ends in the middle of a transaction", async () => {
    const topic = await newTopic(cluster);
    const worker = new Worker(new URL("./open-transaction.ts", import.meta.url), { workerData: { brokers, topic } });
    while ((await listOffsets(cluster, topic, [0], "latest"))[0] === 0) await sleep(50);
    await worker.terminate();
    const next = await TransactionalProducer.open(cluster, { transactionalId: topic });
    expect(await valuesOf(cluster, topic)).toEqual([]);
    await next.commit([record(topic, "kept")]);
    expect(await valuesOf(cluster, topic)).toEqual(["kept"]);
  });

  it("is told when the brokers do not allow transactions that long", async () => {
    const options = { transactionalId: randomUUID(), timeoutMs: 24 * 3_600_000 };
    await expect(TransactionalProducer.open(cluster, options)).rejects.toMatchObject({
      code: "KAFKA_TRANSACTION_TIMEOUT",
    });
  });

  it("finds its last marker in a compacted topic", async () => {
    const topic = await newTopic(cluster, { "cleanup.policy": "compact" });
    const producer = await TransactionalProducer.open(cluster, { transactionalId: topic });
    for (let checkpoint = 1; checkpoint <= 3; checkpoint++)
      await producer.commit([record(topic, `checkpoint ${checkpoint}`)]);
    expect((await valuesOf(cluster, topic)).at(-1)).toBe("checkpoint 3");
  });
});

describe("offsets for lag tools", () => {
  it("are kept with their text, and replaced", async () => {
    const topic = await newTopic(cluster);
    const group = `group.${topic}`;
    expect(await groupOffsets(cluster, group)).toEqual([]);
    for (const offset of [7, 9]) {
      const offsets = [{ topic, partition: 0, offset, metadata: `checkpoint ${offset}` }];
      await commitGroupOffsets(cluster, group, offsets);
      expect(await groupOffsets(cluster, group)).toEqual(offsets);
    }
  });
});

describe("when the broker is killed and comes back while transactions are committed", () => {
  let stack: Stack | undefined;

  afterEach(() => stack?.close());

  it("none of them is lost or there twice", { timeout: 5 * 60_000 }, async () => {
    stack = await startStack({ services: ["kafka"], ports: "free" });
    const own = new KafkaCluster({ clientId: "transactions-test", brokers: stack.kafka.brokers });
    const topic = await newTopic(own);
    const producer = await TransactionalProducer.open(own, { transactionalId: topic, timeoutMs: 4 * 60_000 });
    const committed: string[] = [];
    let isOver = false;
    const committing = (async () => {
      for (let n = 0; !isOver; n++) {
        const values = [`${n}a`, `${n}b`];
        await producer.commit(values.map((value) => record(topic, value)));
        committed.push(...values);
      }
    })();
    const someMore = async () => {
      for (const before = committed.length; committed.length < before + 20; ) await sleep(10);
    };
    for (let kill = 0; kill < 2; kill++) {
      await someMore();
      await stack.kill("kafka");
      await stack.start("kafka");
    }
    await someMore();
    isOver = true;
    await committing;
    expect(await valuesOf(own, topic)).toEqual(committed);
    await own.close();
  });
});
