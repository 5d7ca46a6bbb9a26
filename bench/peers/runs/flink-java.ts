import { join } from "node:path";
import { KafkaCluster } from "../../../connectors/kafka/cluster.ts";
import { ensureTopic } from "../../../connectors/kafka/topics.ts";
import { type FlinkMemory, startFlink } from "../flink-cluster.ts";
import type { Peer, PeerPlace, RunningPeer } from "../peer.ts";
import { javaFinding, VerdictTopic } from "../verdict-topic.ts";
import { besideOf } from "./flink-figures.ts";
import { buildJava, builtBy } from "./maven.ts";

const EVERY_10_S = "execution.checkpointing.interval=10s";

/** Flink's own DataStream job, with its state in RocksDB, written incrementally. */
export const flinkRocksDb: Peer = javaPeer(
  "flink-rocksdb",
  "Flink's DataStream API in Java, RocksDB with incremental checkpoints, exactly once, every 10 s",
  { heapMb: 1024, managedMb: 512 },
  // Few enough timers wait to be kept on the heap, which is cheaper than Flink's default.
  [EVERY_10_S, "state.backend.type=rocksdb", "execution.checkpointing.incremental=true"].concat(
    "state.backend.rocksdb.timer-service.factory=HEAP",
  ),
);

/** The same with all state on the heap: it may not outgrow memory, and checkpoints are whole. */
export const flinkHeap: Peer = javaPeer(
  "flink-heap",
  "the same with its state on the heap, exactly once, every 10 s",
  { heapMb: 2048, managedMb: 0 },
  [EVERY_10_S, "state.backend.type=hashmap"],
);

const JAR = builtBy("datastream", "countercheck-peers.jar");

function javaPeer(name: string, what: string, memory: FlinkMemory, settings: readonly string[]): Peer {
  return { name, what, prepare: () => buildJava("datastream"), start: (place) => start(place, memory, settings) };
}

async function start(place: PeerPlace, memory: FlinkMemory, settings: readonly string[]): Promise<RunningPeer> {
  const { set, folder, results } = place;
  const topic = `${results}verdicts`;
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers: set.brokers });
  await ensureTopic(cluster, { name: topic, partitions: 1 }).finally(() => cluster.close());
  const flink = await startFlink(folder, memory);
  try {
    const args = [set.brokers.join(","), set.prefix, topic, set.schemas, join(folder, "checkpoints"), ...settings];
    const job = await flink.rest.run(JAR, "countercheck.peers.PaymentSettlement", args);
    const verdicts = new VerdictTopic(set.brokers, topic, javaFinding);
    return {
      processes: [flink.taskManager],
      read: () => flink.rest.recordsRead(job, set.prefix),
      findings: () => verdicts.findings(),
      failure: async () => ((await flink.rest.state(job)) === "FAILED" ? flink.rest.failure(job) : undefined),
      beside: () => besideOf(flink.rest, job),
      async [Symbol.asyncDispose]() {
        await flink.rest.cancel(job).catch(() => undefined);
        await verdicts[Symbol.asyncDispose]();
        await flink[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await flink[Symbol.asyncDispose]();
    throw error;
  }
}
