import { expect, inject, it, onTestFinished } from "vitest";
import { KafkaCluster } from "../connectors/kafka/cluster.ts";
import { groupOffsets } from "../connectors/kafka/group-offsets.ts";
import { ensureTopic } from "../connectors/kafka/topics.ts";
import type { SourceBinding } from "./config.ts";
import { KafkaInputs } from "./kafka-input.ts";

const { kafka } = inject("servers");

it("has committed the offsets of the last checkpoint when it is closed, be it that others were under way", async () => {
  const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
  onTestFinished(() => cluster.close());
  const job = `committing-${process.pid}`;
  const topic = `${job}.payments`;
  await ensureTopic(cluster, { name: topic, partitions: 1, settings: {} });
  const shop: SourceBinding = {
    name: "shop",
    kind: "mariadb",
    input: { kafka: { brokers: kafka.brokers }, group: "countercheck.", start: "earliest" },
    tables: { payments: { topic } },
  };
  const refused: string[] = [];
  const inputs = new KafkaInputs([shop], job, "countercheck.json", ({ code }) => refused.push(code));
  for (const offset of [1, 2, 3]) inputs.commit([{ source: "shop", name: `${topic}/0`, group: 0, offset, saved: "" }]);
  await inputs.close();
  expect(await groupOffsets(cluster, `countercheck.${job}`)).toMatchObject([{ topic, partition: 0, offset: 3 }]);
  expect(refused).toEqual([]);
});
