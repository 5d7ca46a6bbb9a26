import { afterEach, describe, expect, inject, it } from "vitest";
import { newsOf, notificationOf } from "../../connectors/alerts/news.test-helper.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { readTopicToEnd } from "../../connectors/kafka/read-topic.ts";
import { deleteTopics } from "../../test/real/topics.ts";
import type { SinkConfig } from "./notify-config.ts";
import { openSink } from "./sinks.ts";

const { kafka } = inject("servers");
const TOPIC = `notifications-${process.pid}`;
const CONFIG: SinkConfig = {
  ...{ name: "audit", about: "money", timeoutMs: 10_000, giveUpAfterMs: 1, storm: { moreThan: 1, withinMs: 1 } },
  to: { kind: "kafka", kafka: { brokers: kafka.brokers }, topic: TOPIC },
};

afterEach(() => deleteTopics(kafka.brokers, TOPIC));

describe("a topic of notifications at a broker", () => {
  it("is made, and has each of them once it is sent, in the order of their alert", async () => {
    const sink = openSink(CONFIG, "config.json");
    const never = new AbortController().signal;
    const sent = Array.from({ length: 20 }, (_, i) => notificationOf(newsOf({ id: `a${i % 3}`, verdictVersion: i })));
    for (const notification of sent) await sink.send(notification, never);
    await sink.close();
    const cluster = new KafkaCluster({ clientId: "countercheck-test", brokers: kafka.brokers });
    const read: unknown[] = [];
    await readTopicToEnd(cluster, TOPIC, 0, "earliest", ({ count, buffer, valueStarts, valueEnds }) => {
      for (let i = 0; i < count; i++) {
        const { alert, verdictVersion } = JSON.parse(
          Buffer.from(buffer.subarray(valueStarts[i]!, valueEnds[i]!)).toString(),
        );
        read.push([alert, verdictVersion]);
      }
    });
    await cluster.close();
    expect(read).toEqual(sent.map((_, i) => [`a${i % 3}`, i]));
  });
});
