import { KafkaSink } from "../../connectors/alerts/kafka/kafka-sink.ts";
import type { AlertSink } from "../../connectors/alerts/notification.ts";
import type { ActingTurn } from "../../connectors/alerts/webhook/webhook-sink.ts";
import { connectionOf } from "../kafka-config.ts";
import { openDirectSink } from "./direct-sinks.ts";
import { LazySink } from "./lazy-sink.ts";
import type { SinkConfig } from "./notify-config.ts";

/**
 * A sink as it is configured; nothing is reached for yet. One that acts does so in its `turn`. `file` is the configuration,
 * for errors. What `openDirectSink` and `connectionOf` raise.
 */
export function openSink({ name, to, timeoutMs }: SinkConfig, file: string, turn?: ActingTurn): AlertSink {
  if (to.kind !== "kafka") return openDirectSink({ name, to, timeoutMs }, { file, turn });
  const connection = connectionOf(to.kafka, `countercheck-${name}`, file);
  return new LazySink(64, async () => {
    const { NotificationTopic } = await import("./notification-topic.ts");
    const writer = new NotificationTopic({ connection, topic: to.topic, deliveryTimeoutMs: timeoutMs });
    return new KafkaSink(name, writer);
  });
}
