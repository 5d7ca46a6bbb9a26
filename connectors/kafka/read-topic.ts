import { setTimeout as sleep } from "node:timers/promises";
import { raise } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import type { KafkaCluster } from "./cluster.ts";
import { KafkaFetcher } from "./fetcher.ts";
import { listOffsets } from "./list-offsets.ts";
import { KafkaPartitionReader } from "./partition-reader.ts";
import { retryUntil } from "./retries.ts";

/**
 * Visits all committed records of a partition from an offset on, or from the first that the log still has, up to the end as
 * it is at the call, and gives that end: an offset that is exact only at the end of a transaction. With `latest`, records of
 * open transactions count to it and are waited for, up to 90 s (KAFKA_UNAVAILABLE): those of a producer that is gone last
 * until its transactional id is opened anew, or its timeout passes. With `stable` the first of them is the end. A batch is overwritten after its visit. Otherwise rejects as `KafkaPartitionReader` says.
 */
export async function readTopicToEnd(
  cluster: KafkaCluster,
  topic: string,
  partition: number,
  from: number | "earliest",
  visit: (records: RecordBatch) => void,
  to: "latest" | "stable" = "latest",
): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  const list = async (query: "earliest" | "latest" | "stable") =>
    (await retryUntil(deadline, () => listOffsets(cluster, topic, [partition], query)))[0]!;
  const end = await list(to);
  const earliest = await list("earliest");
  const start = from === "earliest" ? earliest : Math.max(from, earliest);
  if (start >= end) return end;
  const fetcher = new KafkaFetcher(cluster);
  const reader = new KafkaPartitionReader(fetcher, topic, partition, start);
  try {
    // The end is reached without a record where the mark of a transaction, or nothing after compaction, is the last.
    while (reader.offset < end) {
      const records = reader.read(BYTES);
      if (records !== null) visit(records);
      else if (reader.offset < end) await waitABit(cluster, topic, deadline);
    }
  } finally {
    reader.close();
    await fetcher.close();
  }
  return end;
}

async function waitABit(cluster: KafkaCluster, topic: string, deadline: number): Promise<void> {
  if (Date.now() < deadline) return sleep(POLL_MS);
  const reason = "a transaction is still open, or the broker sends nothing";
  raise("KAFKA_UNAVAILABLE", { broker: cluster.address, doing: `the end of topic ${topic}`, reason });
}

const BYTES = 1 << 20;
const POLL_MS = 2;
/** Longer than transactions of ours may last. */
const PATIENCE_MS = 90_000;
