import { listOffsetsV7, listOffsetsV9 } from "@platformatic/kafka";
import { CountercheckError, raise } from "../../base/errors.ts";
import type { KafkaCluster, KafkaTopic } from "./cluster.ts";
import type { StartPosition } from "./config.ts";
import { retrying } from "./errors.ts";

/**
 * The first offset that the log still has; the one after the last record that all in-sync replicas have; that of the first
 * open transaction, or else `latest`; or by time.
 */
export type OffsetQuery = "earliest" | "latest" | "stable" | { readonly timestampMs: number };

/**
 * The offset to start from in each partition of a topic, by its number. The first record at or after a time lies at the
 * end where there is none yet. Retried for a short while. Rejects as `KafkaCluster` says, and with KAFKA_TOPIC_UNKNOWN.
 */
export async function startOffsets(cluster: KafkaCluster, topic: string, start: StartPosition): Promise<number[]> {
  const { partitions } = await cluster.topic(topic);
  if (typeof start === "object" && "offset" in start) return partitions.map(() => start.offset);
  const all = partitions.map((_, partition) => partition);
  const offsets = await retrying(() => listOffsets(cluster, topic, all, start));
  if (!offsets.includes(-1)) return offsets;
  const latest = await retrying(() => listOffsets(cluster, topic, all, "latest"));
  return offsets.map((offset, i) => (offset === -1 ? latest[i]! : offset));
}

/**
 * Offsets of some partitions of a topic, asked for once of their leaders; −1 where no record is at or after the time.
 * Records of open transactions count, unless `stable` is asked for. Rejects as `KafkaCluster` says.
 */
export async function listOffsets(
  cluster: KafkaCluster,
  topic: string,
  partitions: readonly number[],
  query: OffsetQuery,
): Promise<number[]> {
  const described = (await cluster.topics([topic])).get(topic)!;
  if (described instanceof CountercheckError) throw described;
  const byLeader = Map.groupBy(partitions, (partition) => described.partitions[partition]?.leader ?? -1);
  const offsets = new Map<number, number>();
  const asking = [...byLeader].map(async ([leader, led]) => {
    for (const [partition, offset] of await askLeader(cluster, described, leader, led, query))
      offsets.set(partition, offset);
  });
  await Promise.all(asking);
  return partitions.map(
    (partition) => offsets.get(partition) ?? missing(cluster, topic, partition, "it was left out of the answer"),
  );
}

async function askLeader(
  cluster: KafkaCluster,
  { name, partitions }: KafkaTopic,
  leader: number,
  led: readonly number[],
  query: OffsetQuery,
): Promise<[number, number][]> {
  if (leader < 0) missing(cluster, name, led[0]!, "it has no leader at the moment");
  const timestamp = query === "earliest" ? -2n : typeof query === "string" ? -1n : BigInt(query.timestampMs);
  const asked = led.map((partitionIndex) => {
    return { partitionIndex, currentLeaderEpoch: partitions[partitionIndex]!.leaderEpoch, timestamp };
  });
  const { topics } = await cluster.request({
    to: { broker: leader },
    doing: `the offsets of topic ${name}`,
    apis: [listOffsetsV9.api, listOffsetsV7.api],
    args: [-1, query === "stable" ? READ_COMMITTED : READ_UNCOMMITTED, [{ name, partitions: asked }]],
  });
  return topics.flatMap((topic) =>
    topic.partitions.map(({ partitionIndex, offset }): [number, number] => [partitionIndex, Number(offset)]),
  );
}

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

function missing(cluster: KafkaCluster, topic: string, partition: number, reason: string): never {
  raise("KAFKA_UNAVAILABLE", {
    doing: `the offsets of topic ${topic}, partition ${partition}`,
    broker: cluster.address,
    reason,
  });
}
