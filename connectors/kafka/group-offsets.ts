import { offsetCommitV8, offsetFetchV8 } from "@platformatic/kafka";
import type { KafkaCluster } from "./cluster.ts";
import { retryUntil } from "./retries.ts";
import type { TopicPartition } from "./transaction-requests.ts";

/** Where a group goes on in a partition. */
export interface GroupOffset extends TopicPartition {
  /** Of the next record to read. */
  readonly offset: number;
  /** Any text, for people who look. */
  readonly metadata: string;
}

/**
 * Stores offsets under a group's name without being its member, so that lag tools see them. Refused (KAFKA_REFUSED with
 * UNKNOWN_MEMBER_ID) while others consume as that group. Otherwise rejects as `KafkaCluster` says, after ten seconds of trying.
 */
export async function commitGroupOffsets(
  cluster: KafkaCluster,
  group: string,
  offsets: readonly GroupOffset[],
): Promise<void> {
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadata,
    })),
  }));
  if (topics.length === 0) return;
  await retryUntil(Date.now() + PATIENCE_MS, () =>
    cluster.request({
      to: { group },
      doing: `the commit of offsets of group ${group}`,
      apis: [offsetCommitV8.api],
      args: [group, NO_GENERATION, NO_MEMBER, null, topics],
    }),
  );
}

/**
 * The offsets that a group has stored, of all partitions that it has any of; waits for transactions that are about to
 * change them. Rejects as `commitGroupOffsets`.
 */
export async function groupOffsets(cluster: KafkaCluster, group: string): Promise<GroupOffset[]> {
  const { groups } = await retryUntil(Date.now() + PATIENCE_MS, () =>
    cluster.request({
      to: { group },
      doing: `the offsets of group ${group}`,
      apis: [offsetFetchV8.api],
      args: [[{ groupId: group, memberEpoch: NO_GENERATION, topics: null }], true],
    }),
  );
  return groups.flatMap(({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset, metadata }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
        metadata: metadata ?? "",
      })),
    ),
  );
}

const PATIENCE_MS = 10_000;
const NO_GENERATION = -1;
const NO_MEMBER = "";
