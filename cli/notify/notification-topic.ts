import type { TopicRecord, TopicWriter } from "../../connectors/alerts/kafka/kafka-sink.ts";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import type { KafkaConnectionOptions } from "../../connectors/kafka/config.ts";
import { partitionOfKey } from "../../connectors/kafka/partitioner.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { ensureTopic } from "../../connectors/kafka/topics.ts";

/** Where notifications go, and for how long one delivery is tried, in ms. */
export interface NotificationTopicOptions {
  readonly connection: KafkaConnectionOptions;
  readonly topic: string;
  readonly deliveryTimeoutMs: number;
}

/**
 * Writes notifications to a topic, which is made where there is none. The cluster is reached for with the first record, and
 * after a failure again.
 */
export class NotificationTopic implements TopicWriter {
  readonly #options: NotificationTopicOptions;
  #open: Promise<OpenTopic> | undefined;

  constructor(options: NotificationTopicOptions) {
    this.#options = options;
  }

  async write({ key, value, headers }: TopicRecord): Promise<void> {
    this.#open ??= openTopic(this.#options);
    const open = this.#open;
    try {
      const { producer, partitions } = await open;
      const partition = partitionOfKey(key, partitions);
      producer.append(this.#options.topic, partition, key, value, Date.now(), headers);
      await producer.flush();
    } catch (error) {
      if (this.#open === open) {
        this.#open = undefined;
        await closeTopic(open);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await closeTopic(this.#open);
  }
}

interface OpenTopic {
  readonly cluster: KafkaCluster;
  readonly producer: IdempotentProducer;
  readonly partitions: number;
}

async function openTopic({ connection, topic, deliveryTimeoutMs }: NotificationTopicOptions): Promise<OpenTopic> {
  const cluster = new KafkaCluster(connection);
  try {
    const { partitions } = await ensureTopic(cluster, { name: topic, partitions: 1 });
    const producer = await IdempotentProducer.open(cluster, { deliveryTimeoutMs });
    return { cluster, producer, partitions };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** One that never opened has closed itself. */
async function closeTopic(open: Promise<OpenTopic> | undefined): Promise<void> {
  const topic = await open?.catch(() => undefined);
  await topic?.cluster.close();
}
