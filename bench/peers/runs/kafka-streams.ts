import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { KafkaCluster } from "../../../connectors/kafka/cluster.ts";
import { describeTopic, ensureTopic } from "../../../connectors/kafka/topics.ts";
import { paymentsTable } from "../../../shop/tables.ts";
import { tool } from "../../../stack/tools.ts";
import type { Peer, PeerPlace, RunningPeer } from "../peer.ts";
import { javaFinding, VerdictTopic } from "../verdict-topic.ts";
import { buildJava, builtBy, librariesOf } from "./maven.ts";

/** The same rule as Flink's job in Java, as processors of Kafka Streams. */
export const kafkaStreams: Peer = {
  name: "kafka-streams",
  what: "Kafka Streams in Java, RocksDB stores with their changelogs in Kafka, exactly_once_v2, commits every 10 s",
  prepare: () => buildJava("streams"),
  start,
};

const HEAP_MB = 1024;

async function start({ set, folder, results }: PeerPlace): Promise<RunningPeer> {
  const topic = `${results}verdicts`;
  const partitions = await topicsReady(set.brokers, set.prefix, topic);
  const log = join(folder, "streams.log");
  mkdirSync(folder, { recursive: true });
  const output = openSync(log, "a");
  const child = spawn(
    tool("java"),
    [
      ...[`-Xms${HEAP_MB}m`, `-Xmx${HEAP_MB}m`, "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
      ...["-cp", [builtBy("streams", "countercheck-peers-streams.jar"), librariesOf("streams")].join(delimiter)],
      "countercheck.peers.StreamsMain",
      ...[set.brokers.join(","), set.prefix, topic, set.schemas, join(folder, "state"), `${results}streams`],
      String(partitions),
    ],
    { stdio: ["ignore", "pipe", output] },
  );
  closeSync(output);
  process.once("exit", () => child.kill("SIGKILL"));
  let read = 0;
  createInterface(child.stdout!).on("line", (line) => {
    read = (JSON.parse(line) as { readonly read: number }).read;
  });
  const verdicts = new VerdictTopic(set.brokers, topic, javaFinding);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    processes: [child.pid!],
    read: async () => read,
    findings: () => verdicts.findings(),
    failure: async () => (hasEnded() ? `${child.exitCode ?? child.signalCode}; see ${log}` : undefined),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (!hasEnded() && child.kill("SIGKILL")) await ended;
      await verdicts[Symbol.asyncDispose]();
    },
  };
}

/** Makes the topic of the verdicts; gives the number of partitions that tables have. */
async function topicsReady(brokers: readonly string[], prefix: string, results: string): Promise<number> {
  const cluster = new KafkaCluster({ clientId: "countercheck-bench", brokers });
  try {
    // Kafka Streams writes verdicts with the event time of what caused them.
    await ensureTopic(cluster, { name: results, partitions: 1, settings: { "retention.ms": "-1" } });
    return (await describeTopic(cluster, prefix + paymentsTable.topic))!.partitions;
  } finally {
    await cluster.close();
  }
}
