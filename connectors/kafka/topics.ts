import { createTopicsV7, describeConfigsV4, metadataV12 } from "@platformatic/kafka";
import { isError, raise } from "../../base/errors.ts";
import type { KafkaCluster } from "./cluster.ts";
import { kafkaErrorIds } from "./errors.ts";
import { retryUntil } from "./retries.ts";

/** Settings of a topic, by Kafka's own names, whether its own or the brokers' defaults. */
export interface TopicSettings {
  readonly "cleanup.policy": string;
  readonly "compression.type": string;
  readonly "max.message.bytes": string;
  readonly "min.insync.replicas": string;
  /** In ms; −1 for ever. */
  readonly "retention.ms": string;
}

/** A topic as it is. */
export interface TopicDescription {
  readonly name: string;
  readonly partitions: number;
  /** The fewest replicas that one of its partitions has. */
  readonly replicas: number;
  /** The fewest replicas in sync. */
  readonly inSyncReplicas: number;
  readonly settings: TopicSettings;
}

/** A topic as it should be. */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Default: as the brokers are configured. */
  readonly replicas?: number;
  readonly settings?: Partial<TopicSettings>;
}

/** A topic, or undefined where there is none. Rejects as `KafkaCluster` says. */
export async function describeTopic(cluster: KafkaCluster, name: string): Promise<TopicDescription | undefined> {
  try {
    return await described(cluster, name);
  } catch (error) {
    if (isError(error, "KAFKA_TOPIC_UNKNOWN")) return undefined;
    throw error;
  }
}

/**
 * Creates a topic where there is none, and resolves once it can be written. One that exists stays as it is, except that
 * KAFKA_TOPIC_UNSUITABLE is raised where its `cleanup.policy` is not the wanted one: records would be lost or stay for ever.
 */
export async function ensureTopic(cluster: KafkaCluster, wanted: WantedTopic): Promise<TopicDescription> {
  const { name } = wanted;
  const deadline = Date.now() + CREATION_TIMEOUT_MS;
  // Right behind a start of the brokers a topic may have no leader yet.
  const existing = await retryUntil(deadline, () => describeTopic(cluster, name));
  if (existing === undefined) await create(cluster, wanted);
  const topic = existing ?? (await retryUntil(deadline, () => writable(cluster, name)));
  const setting = "cleanup.policy";
  const policy = wanted.settings?.[setting];
  const found = topic.settings[setting];
  if (policy !== undefined && found !== policy)
    raise("KAFKA_TOPIC_UNSUITABLE", { topic: name, setting, found, wanted: policy });
  return topic;
}

async function create(cluster: KafkaCluster, { name, partitions, replicas = -1, settings = {} }: WantedTopic) {
  const configs = Object.entries(settings).map(([setting, value]) => ({ name: setting, value }));
  const topic = { name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs };
  const ask = () =>
    cluster.request({
      to: "controller",
      doing: `the creation of topic ${name}`,
      apis: [createTopicsV7.api],
      args: [[topic], CREATION_TIMEOUT_MS / 2, false],
    });
  try {
    await retryUntil(Date.now() + CREATION_TIMEOUT_MS, ask);
  } catch (error) {
    // Another process, or an attempt whose answer was lost, was there first.
    if (!kafkaErrorIds(error).includes("TOPIC_ALREADY_EXISTS")) throw error;
  }
}

/** KAFKA_UNAVAILABLE until all brokers that are asked know the topic, with a leader for each partition. */
async function writable(cluster: KafkaCluster, name: string): Promise<TopicDescription> {
  const topic = await describeTopic(cluster, name);
  if (topic !== undefined && topic.inSyncReplicas > 0) return topic;
  const reason = "it was created, and has no leaders yet";
  return raise("KAFKA_UNAVAILABLE", { broker: cluster.address, doing: `topic ${name}`, reason });
}

async function described(cluster: KafkaCluster, name: string): Promise<TopicDescription> {
  // Asked first, since it tells what is wrong with a topic.
  await cluster.topics([name]).then((topics) => {
    const topic = topics.get(name);
    if (isError(topic)) throw topic;
  });
  const doing = `topic ${name}`;
  const { topics } = await cluster.request({
    to: "any",
    doing,
    apis: [metadataV12.api],
    args: [[name], false, false],
  });
  const partitions = topics[0]!.partitions;
  return {
    name,
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length)),
    inSyncReplicas: Math.min(...partitions.map(({ isrNodes, leaderId }) => (leaderId < 0 ? 0 : isrNodes.length))),
    settings: await settingsOf(cluster, name),
  };
}

async function settingsOf(cluster: KafkaCluster, name: string): Promise<TopicSettings> {
  const { results } = await cluster.request({
    to: "any",
    doing: `the settings of topic ${name}`,
    apis: [describeConfigsV4.api],
    args: [[{ resourceType: TOPIC, resourceName: name, configurationKeys: settingNames }], false, false],
  });
  const values = new Map(results[0]!.configs.map((config) => [config.name, config.value ?? ""]));
  return Object.fromEntries(
    settingNames.map((setting) => [setting, values.get(setting) ?? ""]),
  ) as unknown as TopicSettings;
}

const TOPIC = 2;
const CREATION_TIMEOUT_MS = 30_000;

const settingNames: (keyof TopicSettings)[] = [
  "cleanup.policy",
  "compression.type",
  "max.message.bytes",
  "min.insync.replicas",
  "retention.ms",
];
