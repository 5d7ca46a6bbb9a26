import { addPartitionsToTxnV3, endTxnV3, initProducerIdV4 } from "@platformatic/kafka";
import type { KafkaCluster } from "./cluster.ts";

/** As whom a producer writes. A higher epoch fences the lower ones of the same id. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** No identity yet. */
export const noIdentity: ProducerIdentity = { id: -1n, epoch: -1 };

/** An identity for a producer without transactions. */
export async function initProducer(cluster: KafkaCluster): Promise<ProducerIdentity> {
  const { producerId, producerEpoch } = await cluster.request({
    to: "any",
    doing: "a producer id",
    apis: [initProducerIdV4.api],
    args: [null, 0, noIdentity.id, noIdentity.epoch],
  });
  return { id: producerId, epoch: producerEpoch };
}

/**
 * The next identity under a transactional id. Without a `current` one it fences whoever has the id, and ends what they left
 * open; with it, it is refused once another has fenced that. Refused with CONCURRENT_TRANSACTIONS while a transaction is ending.
 */
export async function initTransactions(
  cluster: KafkaCluster,
  transactionalId: string,
  timeoutMs: number,
  current: ProducerIdentity = noIdentity,
): Promise<ProducerIdentity> {
  const { producerId, producerEpoch } = await cluster.request({
    to: { transaction: transactionalId },
    doing: `the transactional id ${transactionalId}`,
    apis: [initProducerIdV4.api],
    args: [transactionalId, timeoutMs, current.id, current.epoch],
  });
  return { id: producerId, epoch: producerEpoch };
}

/** Makes partitions part of the transaction under way, which begins with the first. */
export async function addPartitions(
  cluster: KafkaCluster,
  transactionalId: string,
  identity: ProducerIdentity,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition }) => partition),
  }));
  await cluster.request({
    to: { transaction: transactionalId },
    doing: `a transaction of ${transactionalId}`,
    apis: [addPartitionsToTxnV3.api],
    args: [[{ transactionalId, producerId: identity.id, producerEpoch: identity.epoch, verifyOnly: false, topics }]],
  });
}

/** Commits or aborts the transaction under way. Repeating it is safe, as long as no other was begun. */
export async function endTransaction(
  cluster: KafkaCluster,
  transactionalId: string,
  identity: ProducerIdentity,
  outcome: "commit" | "abort",
): Promise<void> {
  await cluster.request({
    to: { transaction: transactionalId },
    doing: `the ${outcome} of a transaction of ${transactionalId}`,
    apis: [endTxnV3.api],
    args: [transactionalId, identity.id, identity.epoch, outcome === "commit"],
  });
}
