import { shopConfig } from "../../cli/shop-log.ts";
import { partitionOfKey } from "../../connectors/kafka/partitioner.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { FolderRegistry } from "../../schemas/folder-registry.ts";
import { runShop } from "../../shop/shop.ts";
import type { LogRecord, LogTopic, PartedLog } from "../conformance/parted-log.ts";

const DEPARTMENTS = ["payment-settlement"];

/** The log of a shop, as the job of payments and settlement reads it, in so many parts of one size. */
export async function shopParts(
  seed: number,
  orders: number,
  parts: number,
  registry: FolderRegistry,
): Promise<PartedLog> {
  const topics: LogTopic[] = [];
  const records: LogRecord[] = [];
  await runShop({
    seed,
    orders,
    departments: DEPARTMENTS,
    sink: {
      createTopic: (topic, partitions) => void topics.push({ topic, partitions }),
      append: (topic, _, record) => {
        // Where Kafka Connect puts it.
        const partition = partitionOfKey(record.key!, topics.find((each) => each.topic === topic)!.partitions);
        records.push({ ...record, topic, partition, isBeat: topic.endsWith(".heartbeat") });
      },
      flush: () => undefined,
      end: () => undefined,
      register: (subject, schema) => registry.register(subject, schema as AvroSchema),
    },
  });
  const size = Math.ceil(records.length / parts);
  return {
    topics,
    parts: Array.from({ length: parts }, (_, part) => records.slice(part * size, (part + 1) * size)),
    sources: sourcesOf,
  };
}

/** The shop's databases, bound to topics with a prefix. */
function sourcesOf(place: object, prefix = ""): Record<string, unknown> {
  const { sources } = shopConfig("", "", DEPARTMENTS);
  const bound = Object.entries(sources).map(([name, { log: _, tables, heartbeat, ...rest }]) => {
    const topics = Object.entries(tables).map(([table, { topic }]) => [table, { topic: prefix + topic }]);
    const beats = { ...heartbeat, topic: prefix + heartbeat.topic };
    return [name, { ...rest, ...place, tables: Object.fromEntries(topics), heartbeat: beats }];
  });
  return Object.fromEntries(bound);
}
