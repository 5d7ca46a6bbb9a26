import {
  describeConfigsV4,
  fetchV15,
  fetchV16,
  fetchV17,
  listOffsetsV6,
  listOffsetsV7,
  listOffsetsV9,
  metadataV12,
} from "@platformatic/kafka";
import type { KafkaCluster } from "../../../connectors/kafka/cluster.ts";
import type { RawRecord } from "../topic.ts";

/** A topic as the doctor sees it. */
export interface TopicFacts {
  readonly name: string;
  readonly partitions: readonly PartitionFacts[];
  /** The least number of copies that a partition has. */
  readonly replicas: number;
  /** Its settings by name, defaults included. */
  readonly settings: Readonly<Record<string, string | null>>;
}

export interface PartitionFacts {
  readonly first: number;
  readonly end: number;
  /** The newest batches: what they are written with, and their records; none where the partition is empty. */
  readonly codec: Codec | undefined;
  readonly newestMs: number | undefined;
  readonly tail: readonly RawRecord[];
}

export type Codec = (typeof CODECS)[number];
const CODECS = ["no compression", "gzip", "snappy", "lz4", "zstd"] as const;

/** Records at the end of a partition that are looked at. */
const TAIL = 100;
const TAIL_BYTES = 1 << 20;
const FETCH_WAIT_MS = 500;
const CODEC_BITS = 0b111;
const CONTROL_BIT = 1 << 5;
const [EARLIEST, LATEST] = [-2n, -1n];
const TOPIC = 2;

/** A topic's place in the cluster. */
interface TopicPlace {
  readonly name: string;
  readonly id: string;
  readonly replicas: number;
  readonly leaders: readonly number[];
}

/** Every topic of the cluster that may be seen. Rejects as `KafkaCluster.request` does. */
export async function placesOf(cluster: KafkaCluster): Promise<Map<string, TopicPlace>> {
  const { topics } = await cluster.request({
    to: "any",
    doing: "the list of topics",
    apis: [metadataV12.api],
    args: [null, false, false],
  });
  return new Map(
    topics.map(({ name, topicId, partitions }) => {
      const ordered = partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
      const replicas = Math.min(...ordered.map(({ replicaNodes }) => replicaNodes.length));
      return [name!, { name: name!, id: topicId, replicas, leaders: ordered.map(({ leaderId }) => leaderId) }];
    }),
  );
}

/** All that is looked at of a topic, its newest records among it. Rejects as `KafkaCluster.request` does. */
export async function factsOf(cluster: KafkaCluster, place: TopicPlace): Promise<TopicFacts> {
  const { name, replicas, leaders } = place;
  const partitions: PartitionFacts[] = [];
  for (const [partition, leader] of leaders.entries()) {
    const first = await offsetOf(cluster, name, partition, leader, EARLIEST);
    const end = await offsetOf(cluster, name, partition, leader, LATEST);
    const tail = end > first ? await tailOf(cluster, place, partition, Math.max(first, end - TAIL)) : NOTHING;
    partitions.push({ first, end, ...tail });
  }
  return { name, replicas, settings: await settingsOf(cluster, name), partitions };
}

const NOTHING = { codec: undefined, newestMs: undefined, tail: [] };

async function offsetOf(
  cluster: KafkaCluster,
  name: string,
  partition: number,
  leader: number,
  timestamp: bigint,
): Promise<number> {
  const asked = { name, partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }] };
  const { topics } = await cluster.request({
    to: { broker: leader },
    doing: `the offsets of topic ${name}`,
    apis: [listOffsetsV9.api, listOffsetsV7.api, listOffsetsV6.api],
    args: [-1, 0, [asked]],
  });
  return Number(topics[0]!.partitions[0]!.offset);
}

async function settingsOf(cluster: KafkaCluster, name: string): Promise<Record<string, string | null>> {
  const { results } = await cluster.request({
    to: "any",
    doing: `the settings of topic ${name}`,
    apis: [describeConfigsV4.api],
    args: [[{ resourceType: TOPIC, resourceName: name, configurationKeys: null }], false, false],
  });
  return Object.fromEntries(results[0]!.configs.map((config) => [config.name, config.value ?? null]));
}

async function tailOf(
  cluster: KafkaCluster,
  { name, id, leaders }: TopicPlace,
  partition: number,
  from: number,
): Promise<Pick<PartitionFacts, "codec" | "newestMs" | "tail">> {
  const one = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(from),
    lastFetchedEpoch: -1,
    partitionMaxBytes: TAIL_BYTES,
  };
  const { responses } = await cluster.request({
    to: { broker: leaders[partition]! },
    doing: `the newest records of topic ${name}`,
    apis: [fetchV17.api, fetchV16.api, fetchV15.api],
    args: [FETCH_WAIT_MS, 1, TAIL_BYTES, 0, 0, -1, [{ topicId: id, partitions: [one] }], [], ""],
  });
  // Markers of transactions are batches of their own, which nobody's producer has compressed.
  const batches = (responses[0]?.partitions[0]?.records ?? []).filter(
    ({ attributes }) => (attributes & CONTROL_BIT) === 0,
  );
  const newest = batches.at(-1);
  return {
    codec: newest === undefined ? undefined : CODECS[newest.attributes & CODEC_BITS],
    newestMs: newest === undefined ? undefined : Number(newest.maxTimestamp),
    tail: batches.flatMap(({ firstOffset, records }) =>
      records.map(({ offsetDelta, key, value }) => {
        return { topic: name, partition, offset: Number(firstOffset) + offsetDelta, key, value };
      }),
    ),
  };
}
