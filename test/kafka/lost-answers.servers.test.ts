import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, inject, it } from "vitest";
import { CountercheckError } from "../../base/errors.ts";
import { KafkaCluster, type KafkaRequest } from "../../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";
import { TransactionalProducer } from "../../connectors/kafka/transactions.ts";
import { readAll } from "./oracle-records.ts";

const { brokers } = inject("servers").kafka;

/** Numbers of the requests that write. */
const PRODUCE = 0;
const END_TRANSACTION = 26;
const writing = [PRODUCE, 22, 24, END_TRANSACTION];

/** What becomes of a request: lost on its way, or answered and the answer lost. */
type Fate = "arrives" | "request lost" | "answer lost";

/** A cluster over a network that loses what it is told to. */
class LossyCluster extends KafkaCluster {
  fate: (apiKey: number) => Fate = () => "arrives";

  override async request<Args extends unknown[], Response>(request: KafkaRequest<Args, Response>): Promise<Response> {
    const fate = this.fate(request.apis[0]!.key);
    const lost = new CountercheckError("KAFKA_UNAVAILABLE", { broker: "it", doing: request.doing, reason: fate });
    if (fate === "request lost") throw lost;
    const response = await super.request(request);
    if (fate === "answer lost") throw lost;
    return response;
  }
}

const cluster = new LossyCluster({ clientId: "lost-answers-test", brokers });
const sound = new KafkaCluster({ clientId: "lost-answers-test", brokers });
const record = (topic: string, value: string) => ({
  topic,
  partition: 0,
  key: null,
  value: Buffer.from(value),
  timestamp: Date.now(),
});
const valuesOf = async (topic: string) => (await readAll(sound, topic)).map(({ value }) => String(value));

async function newTopic(): Promise<string> {
  const { name } = await ensureTopic(sound, { name: `lost.${randomUUID()}`, partitions: 1 });
  return name;
}

afterAll(() => Promise.all([cluster.close(), sound.close()]));

describe("over a network that loses requests and answers", () => {
  it.each(["request lost", "answer lost"] as const)("each record is written once (%s)", async (fate) => {
    const topic = await newTopic();
    let n = 0;
    cluster.fate = (apiKey) => (writing.includes(apiKey) && n++ % 2 === 0 ? fate : "arrives");
    const plain = await IdempotentProducer.open(cluster, { maxBatchBytes: 200 });
    const values = Array.from({ length: 20 }, (_, i) => `value ${i} ${"-".repeat(60)}`);
    for (const value of values) plain.append(topic, 0, null, Buffer.from(value), Date.now());
    await plain.flush();
    const producer = await TransactionalProducer.open(cluster, { transactionalId: topic, maxBatchBytes: 200 });
    await producer.commit(values.map((value) => record(topic, value)));
    await producer.commit(values.map((value) => record(topic, value)));
    expect(await valuesOf(topic)).toEqual([...values, ...values, ...values]);
  });

  it.each([
    ["answer lost", ["uncertain"]],
    ["request lost", []],
  ] as const)(
    "a commit that nobody answers is uncertain until the next producer is opened (%s)",
    async (fate, kept) => {
      const topic = await newTopic();
      cluster.fate = (apiKey) => (apiKey === END_TRANSACTION ? fate : "arrives");
      const producer = await TransactionalProducer.open(cluster, { transactionalId: topic, timeoutMs: 2_000 });
      const uncertain = { code: "KAFKA_COMMIT_UNCERTAIN" };
      await expect(producer.commit([record(topic, "uncertain")])).rejects.toMatchObject(uncertain);
      cluster.fate = () => "arrives";
      await expect(producer.commit([record(topic, "again")])).rejects.toMatchObject(uncertain);
      const next = await TransactionalProducer.open(cluster, { transactionalId: topic });
      expect(await valuesOf(topic)).toEqual(kept);
      await next.commit([record(topic, "next")]);
      expect(await valuesOf(topic)).toEqual([...kept, "next"]);
    },
  );

  it("a transaction that could not be delivered leaves nothing, and the producer goes on once it can", async () => {
    const topic = await newTopic();
    const producer = await TransactionalProducer.open(cluster, { transactionalId: topic, timeoutMs: 6_000 });
    cluster.fate = (apiKey) => (apiKey === PRODUCE ? "answer lost" : "arrives");
    await expect(producer.commit([record(topic, "lost")])).rejects.toMatchObject({ code: "KAFKA_UNAVAILABLE" });
    cluster.fate = () => "arrives";
    await producer.commit([record(topic, "kept")]);
    expect(await valuesOf(topic)).toEqual(["kept"]);
  });
});
