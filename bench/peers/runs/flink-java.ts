import { join } from "node:path";
import { KafkaCluster } from "../../../connectors/kafka/cluster.ts";
import { ensureTopic } from "../../../connectors/kafka/topics.ts";
import { type FlinkMemory, startFlink } from "../flink-cluster.ts";
import type { Peer, PeerPlace, RunningPeer } from "../peer.ts";
import { javaFinding, VerdictTopic } from "../verdict-topic.ts";
import { besideOf } from "./flink-figures.ts";
import { buildJava, builtBy, type JavaModule, librariesOf } from "./maven.ts";

const EVERY_10_S = "execution.checkpointing.interval=10s";
const ROCKSDB = [EVERY_10_S, "state.backend.type=rocksdb", "execution.checkpointing.incremental=true"].concat(
  // Few enough timers wait to be kept on the heap, which is cheaper than Flink's default.
  "state.backend.rocksdb.timer-service.factory=HEAP",
);

/** A job in a jar, and what it is told beside what all are. */
interface JavaJob {
  readonly module: JavaModule;
  readonly jar: string;
  readonly entryClass: string;
  readonly args: readonly string[];
  readonly memory: FlinkMemory;
  readonly settings: readonly string[];
}

const DATA_STREAM: Pick<JavaJob, "module" | "jar" | "entryClass" | "args"> = {
  module: "datastream",
  jar: "countercheck-peers.jar",
  entryClass: "countercheck.peers.PaymentSettlement",
  args: [],
};

/** Flink's own DataStream job, with its state in RocksDB, written incrementally. */
export const flinkRocksDb: Peer = javaPeer(
  "flink-rocksdb",
  "Flink's DataStream API in Java, RocksDB with incremental checkpoints, exactly once, every 10 s",
  { ...DATA_STREAM, memory: { heapMb: 1024, managedMb: 512 }, settings: ROCKSDB },
);

/** The same with all state on the heap: it may not outgrow memory, and checkpoints are whole. */
export const flinkHeap: Peer = javaPeer("flink-heap", "the same with its state on the heap, exactly once, every 10 s", {
  ...DATA_STREAM,
  memory: { heapMb: 2048, managedMb: 0 },
  settings: [EVERY_10_S, "state.backend.type=hashmap"],
});

const SQL = join(import.meta.dirname, "../java/sql");

/**
 * Flink's SQL, in which time is that of windows: a session of a payment ends a day after the last that came of it, and is judged
 * once. It tells the same findings of this workload. It cannot tell an over-charge before that day is over, knows no lines that
 * come later, and takes nothing back.
 */
export const flinkSql: Peer = javaPeer(
  "flink-sql",
  "Flink's SQL, a session window of a day for each payment, RocksDB with incremental checkpoints, exactly once, every 10 s",
  {
    ...{ module: "sql", jar: "countercheck-peers-sql.jar", entryClass: "countercheck.peers.SqlMain" },
    args: [join(SQL, "tables.sql"), join(SQL, "query.sql")],
    memory: { heapMb: 1024, managedMb: 512 },
    settings: ROCKSDB,
  },
);

function javaPeer(name: string, what: string, job: JavaJob): Peer {
  return { name, what, prepare: () => buildJava(job.module), start: (place) => start(place, job) };
}

async function start(place: PeerPlace, job: JavaJob): Promise<RunningPeer> {
  const { set, folder, results } = place;
  const topic = `${results}verdicts`;
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers: set.brokers });
  await ensureTopic(cluster, { name: topic, partitions: 1 }).finally(() => cluster.close());
  const flink = await startFlink(folder, job.memory, job.module === "sql" ? [librariesOf(job.module)] : []);
  try {
    const places = [set.brokers.join(","), set.prefix, topic, set.schemas, join(folder, "checkpoints")];
    const args = [...places, ...job.args, ...job.settings];
    const id = await flink.rest.run(builtBy(job.module, job.jar), job.entryClass, args);
    const verdicts = new VerdictTopic(set.brokers, topic, javaFinding);
    return {
      processes: [flink.taskManager],
      read: () => flink.rest.recordsRead(id, set.prefix),
      findings: () => verdicts.findings(),
      failure: async () => ((await flink.rest.state(id)) === "FAILED" ? flink.rest.failure(id) : undefined),
      beside: () => besideOf(flink.rest, id),
      async [Symbol.asyncDispose]() {
        await flink.rest.cancel(id).catch(() => undefined);
        await verdicts[Symbol.asyncDispose]();
        await flink[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await flink[Symbol.asyncDispose]();
    throw error;
  }
}
