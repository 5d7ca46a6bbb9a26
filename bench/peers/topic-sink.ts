import { partitionOfKey } from "../../connectors/kafka/partitioner.ts";
import type { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { FolderRegistry } from "../../schemas/folder-registry.ts";
import type { ShopSink } from "../../shop/sink.ts";
import { workloadTables } from "./tables.ts";

/** Writes the shop's records to the topics of a set: each in the partition in which Kafka Connect would put it. */
export function topicSink(producer: IdempotentProducer, registry: FolderRegistry, prefix: string): ShopSink {
  const partitions = new Map(workloadTables.map((table) => [table.topic, table.partitions]));
  return {
    createTopic: () => undefined,
    append: (topic, _, { key, value, timestamp }) =>
      producer.append(prefix + topic, partitionOfKey(key!, partitions.get(topic)!), key, value, timestamp),
    flush: () => undefined,
    end: () => undefined,
    register: (subject, schema) => registry.register(subject, schema as AvroSchema),
  };
}
