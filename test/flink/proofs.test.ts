import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messageOf } from "../../base/errors.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { startOffsets } from "../../connectors/kafka/list-offsets.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { type JavaProgram, startJava } from "./java-program.ts";
import { buildJava } from "./maven.ts";

interface Answer {
  readonly ends?: readonly number[];
  readonly open?: true;
  readonly refused?: string;
}

/** Where the splits of a source end: behind the last record that a reader of committed records gets. */
describe("ends of splits", () => {
  let stack: Stack;
  let kafka: Kafka;
  let cluster: KafkaCluster;
  let probe: JavaProgram;

  beforeAll(async () => {
    buildJava();
    stack = await startStack({ services: ["kafka"], ports: "free" });
    kafka = new Kafka({ brokers: [...stack.kafka.brokers], logLevel: logLevel.NOTHING });
    cluster = new KafkaCluster({ clientId: "test", brokers: stack.kafka.brokers });
    probe = startJava("countercheck.flink.EndsProbe", [stack.kafka.brokers.join()]);
  });

  afterAll(async () => {
    await probe?.close();
    await cluster?.close();
    await stack?.close();
  });

  const askOnce = (topic: string, { id = "-", partitions = 1 } = {}) =>
    probe.ask<Answer>(`${topic} ${id} ${partitions}`);

  /** A transaction whose writer knows that it is committed may be open for a moment more. */
  const ask = async (topic: string, planned: { id?: string; partitions?: number } = {}) => {
    for (;;) {
      const answer = await askOnce(topic, planned);
      if (answer.open === undefined) return answer;
    }
  };

  const create = async (topic: string, numPartitions = 1, settings: Readonly<Record<string, string>> = {}) => {
    const admin = kafka.admin();
    await admin.connect();
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, configEntries }] });
    await admin.disconnect();
    await expect.poll(() => cluster.topic(topic).catch(messageOf)).toHaveProperty("partitions.length", numPartitions);
    await expect.poll(() => startOffsets(cluster, topic, "latest").catch(messageOf)).toHaveLength(numPartitions);
  };

  const write = async (topic: string, keys: readonly string[], end: "plainly" | "commit" | "abort" | "not yet") => {
    const producer = kafka.producer(
      end === "plainly" ? {} : { transactionalId: `${topic}-writer`, maxInFlightRequests: 1, idempotent: true },
    );
    await producer.connect();
    const messages = keys.map((key) => ({ key, value: key, partition: 0 }));
    if (end === "plainly") await producer.send({ topic, messages });
    else {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages });
      if (end === "not yet")
        return async () => {
          await transaction.commit();
          await producer.disconnect();
        };
      await transaction[end]();
    }
    await producer.disconnect();
    return async () => {};
  };

  it("are 0 where nothing was ever written, each for itself", async () => {
    await create("mostly-empty", 3);
    await write("mostly-empty", ["one", "two"], "plainly");
    expect(await ask("mostly-empty", { partitions: 3 })).toMatchObject({ ends: [2, 0, 0] });
  });

  it("leave out the mark of a transaction", async () => {
    await create("marked");
    await write("marked", ["one", "two", "three"], "commit");
    expect(await ask("marked")).toMatchObject({ ends: [3] });
  });

  it("leave out records that were aborted, however many, and are 0 where there are no others", async () => {
    await create("aborted");
    await write("aborted", ["one"], "abort");
    expect(await ask("aborted")).toMatchObject({ ends: [0] });
    await write("aborted", ["two"], "commit");
    expect(await ask("aborted")).toMatchObject({ ends: [3] });
    for (let i = 0; i < 3; i++) await write("aborted", numbered(40), "abort");
    expect(await ask("aborted")).toMatchObject({ ends: [3] });
  });

  it("wait for a transaction that is open", async () => {
    await create("open");
    await write("open", ["one"], "plainly");
    const commit = await write("open", ["two"], "not yet");
    expect(await askOnce("open")).toMatchObject({ open: true });
    await commit();
    expect(await ask("open")).toMatchObject({ ends: [2] });
  });

  it("are behind the last record that a compacted topic has kept", async () => {
    const soon = { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "100" };
    await create("compacted", 1, { ...soon, "delete.retention.ms": "0" });
    for (const round of numbered(3)) {
      await write("compacted", ["same", "same", "same", `other ${round}`, "same"], "commit");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await expect.poll(() => readable(kafka, "compacted"), { timeout: 60_000 }).toBeLessThan(10);
    expect(await ask("compacted")).toMatchObject({ ends: [17] });
  });

  it("are found among many records, and found again as more come", async () => {
    await create("many", 2);
    for (let i = 0; i < 10; i++) await write("many", numbered(5_000), "plainly");
    expect(await ask("many", { partitions: 2 })).toMatchObject({ ends: [50_000, 0] });
    await write("many", numbered(7), "plainly");
    expect(await ask("many", { partitions: 2 })).toMatchObject({ ends: [50_007, 0] });
  });

  it("are refused where a topic has more partitions than planned, or is another, or is gone", async () => {
    await create("grown", 2);
    expect(await ask("grown", { partitions: 1 })).toMatchObject({
      refused: expect.stringContaining("has 2 partitions"),
    });
    const id = "00000000-0000-0000-0000-0000000000ff";
    expect(await ask("grown", { partitions: 2, id })).toMatchObject({
      refused: expect.stringContaining("created again"),
    });
    expect(await ask("never-made")).toMatchObject({ refused: expect.stringContaining("gone") });
  });
});

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `record ${i}`);
}

/** How many records a reader of committed ones gets from a topic's beginning on. */
async function readable(kafka: Kafka, topic: string): Promise<number> {
  const consumer = kafka.consumer({ groupId: `count-${Math.random()}`, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let count = 0;
  await consumer.run({
    eachMessage: async () => {
      count++;
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await consumer.disconnect();
  return count;
}
