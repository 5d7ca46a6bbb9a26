import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KafkaCluster } from "../../connectors/kafka/cluster.ts";
import { IdempotentProducer } from "../../connectors/kafka/producer.ts";
import { describeTopic, ensureTopic } from "../../connectors/kafka/topics.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { startStack } from "../../stack/stack.ts";
import { deleteTopics } from "../../test/real/topics.ts";
import type { Finding } from "./findings.ts";
import { workloadTables } from "./tables.ts";
import { topicSink } from "./topic-sink.ts";
import { type Databases, type Workload, writeWorkload } from "./workload.ts";

/** Topics that are filled, and what is known of them. */
export interface TopicSet {
  readonly brokers: readonly string[];
  /** What the names of all topics begin with. */
  readonly prefix: string;
  /** Folder of the registry that has their schemas. */
  readonly schemas: string;
  readonly events: number;
  /** Event time of the last one, in epoch ms. */
  readonly endsAtMs: number;
  readonly findings: readonly Finding[];
}

/** The seed of all figures, so that they are of the same events. */
const SEED = 7;
/** Counted up when the workload is changed. */
const VERSION = 2;
/** What Java's producer, and so Kafka Connect, puts into a batch by default: 16 kB, counted when they are compressed. */
const BATCH_BYTES = 64_000;

/**
 * The topics of a workload of so many events, in the cluster that COUNTERCHECK_KAFKA_BROKERS names, or else in one that is
 * started for as long as the set is open and keeps its data in the folder. They are written once;
 * with databases of the caller's, who goes on to write, each time anew. STACK_ and KAFKA_ errors.
 */
export async function openTopicSet(
  folder: string,
  events: number,
  databases?: Databases,
): Promise<TopicSet & AsyncDisposable> {
  const given = process.env.COUNTERCHECK_KAFKA_BROKERS?.split(",");
  const stack = given ?? (await startStack({ services: ["kafka"], ports: "free", folder: join(folder, "kafka") }));
  const brokers = "kafka" in stack ? stack.kafka.brokers : stack;
  const close = async () => ("kafka" in stack ? stack.close() : undefined);
  try {
    return { ...(await filled(folder, brokers, events, databases)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes the topics of a set, which are written again when it is opened the next time. */
export async function dropTopicSet({ brokers, prefix }: TopicSet): Promise<void> {
  await deleteTopics(brokers, prefix);
}

async function filled(
  folder: string,
  brokers: readonly string[],
  events: number,
  databases?: Databases,
): Promise<TopicSet> {
  const prefix = `${databases === undefined ? "peers" : "live"}-${SEED}-${events}-${VERSION}.`;
  const file = join(folder, `${prefix}json`);
  const schemas = join(folder, `${prefix}schemas`);
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers });
  try {
    const isThere =
      databases === undefined &&
      existsSync(file) &&
      (await describeTopic(cluster, prefix + workloadTables[0]!.topic)) !== undefined;
    if (!isThere) {
      await deleteTopics(brokers, prefix);
      rmSync(schemas, { recursive: true, force: true });
      mkdirSync(schemas, { recursive: true });
      writeFileSync(file, JSON.stringify(await fill(cluster, { prefix, schemas, events, databases })));
    }
  } finally {
    await cluster.close();
  }
  return { brokers, prefix, schemas, ...(JSON.parse(readFileSync(file, "utf8")) as Workload) };
}

async function fill(
  cluster: KafkaCluster,
  {
    prefix,
    schemas,
    events,
    databases,
  }: {
    readonly prefix: string;
    readonly schemas: string;
    readonly events: number;
    readonly databases: Databases | undefined;
  },
) {
  // Records are as old as the events.
  const settings = { "retention.ms": "-1" };
  for (const { topic, partitions } of workloadTables)
    await ensureTopic(cluster, { name: prefix + topic, partitions, settings });
  const registry = new FolderRegistry(schemas);
  const producer = await IdempotentProducer.open(cluster, { maxBatchBytes: BATCH_BYTES });
  const workload = await writeWorkload(
    {
      ...topicSink(producer, registry, prefix),
      drain: async () => {
        if (producer.isFull) await producer.drain();
      },
    },
    { seed: SEED, events, databases },
  );
  await producer.flush();
  return workload;
}
