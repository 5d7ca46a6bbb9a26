import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { expect, it, onTestFinished } from "vitest";
import { isError } from "../../base/errors.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { KafkaFetcher } from "../../connectors/kafka/fetcher.ts";
import { KafkaPartitionReader } from "../../connectors/kafka/partition-reader.ts";
import { startStack } from "../../stack/stack.ts";

it("reads every record once, in order, though the broker is killed again and again", async () => {
  const stack = await startStack({ services: ["kafka"], ports: "free" });
  onTestFinished(stack.close);
  const brokers = [...stack.kafka.brokers];
  const writer = writing(brokers, "killed");
  await sleep(1_000);
  const cluster = new KafkaCluster({ clientId: "faults", brokers });
  const fetcher = new KafkaFetcher(cluster);
  const reading = readingOf(new KafkaPartitionReader(fetcher, "killed", 0, 0));
  for (let kill = 0; kill < 3; kill++) {
    const before = writer.written;
    await stack.kill("kafka");
    // The last outage is longer than what a reader keeps to itself.
    await sleep(kill === 2 ? 12_000 : 500);
    await stack.start("kafka");
    await expect.poll(() => writer.written, { timeout: 60_000 }).toBeGreaterThan(before + 500);
  }
  await writer.stop();
  await expect.poll(() => reading.last).toBe(writer.written - 1);
  await reading.stop();
  expect(reading.errors).toContain("KAFKA_UNAVAILABLE");
  await cluster.close();
  await fetcher.close();
});

/** Writes numbers, one after the other; those whose answer was lost are written again. */
function writing(brokers: string[], topic: string) {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, requestTimeout: 4_000, connectionTimeout: 1_000 });
  const state = { written: 0, isGoing: true };
  const connected = async (): Promise<Producer> => {
    const producer = kafka.producer({ retry: { retries: 1 } });
    await producer.connect().catch(() => sleep(200));
    return producer;
  };
  const run = async () => {
    let producer = await connected();
    while (state.isGoing) {
      const messages = Array.from({ length: 50 }, (_, i) => ({ value: String(state.written + i) }));
      try {
        await producer.send({ topic, messages });
        state.written += messages.length;
        await sleep(10);
      } catch {
        await producer.disconnect().catch(() => undefined);
        producer = await connected();
      }
    }
    await producer.disconnect();
  };
  const running = run();
  return {
    get written() {
      return state.written;
    },
    async stop() {
      state.isGoing = false;
      await running;
    },
  };
}

/** Reads on and on, and fails where an offset is missing or comes twice, or a number comes too early. */
function readingOf(reader: KafkaPartitionReader) {
  const state = { last: -1, errors: [] as string[], isGoing: true };
  let offset = 0;
  const turn = (): boolean => {
    const records = reader.read(100_000);
    if (records === null) return false;
    for (let i = 0; i < records.count; i++) {
      const number = Number(Buffer.from(records.buffer.subarray(records.valueStarts[i], records.valueEnds[i])));
      expect(records.offsets[i]).toBe(offset++);
      expect(number).toBeLessThanOrEqual(state.last + 1);
      state.last = number;
    }
    return true;
  };
  const run = async () => {
    while (state.isGoing) {
      try {
        if (!turn()) await sleep(5);
      } catch (error) {
        if (!isError(error)) throw error;
        state.errors.push(error.code);
        await sleep(500);
      }
    }
    reader.close();
  };
  const running = run();
  return {
    get last() {
      return state.last;
    },
    errors: state.errors,
    async stop() {
      state.isGoing = false;
      await running;
    },
  };
}
