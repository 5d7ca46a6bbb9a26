import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jarsOf } from "../jars.ts";
import { runToEnd } from "../one-shot.ts";
import { HOST } from "../ports.ts";
import { ask } from "../probes.ts";
import { folderOf, properties, type Server, type Site } from "../server.ts";
import { tool } from "../tools.ts";

/** Any 16 bytes in base64url; a fixed one, so that all that the folder holds belongs together. */
const CLUSTER_ID = "Y291bnRlcmNoZWNrLTAwMQ";

/** One node that is broker and controller at once. */
export const kafka: Server = {
  processes: ["kafka"],

  async prepare(site) {
    const jars = await jarsOf("kafka", site.onProgress);
    const folder = folderOf(site, "kafka");
    const configuration = join(folder, "server.properties");
    writeFileSync(configuration, properties(serverProperties(site, join(folder, "data"))));
    const java = [`-Dlog4j2.configurationFile=${writeLogging(folder)}`, "-cp", join(jars, "*")];
    if (!existsSync(join(folder, "data", "meta.properties")))
      await runToEnd("kafka", site.folder, tool("java"), [
        "-Xmx128m",
        ...java,
        "kafka.tools.StorageTool",
        "format",
        "--cluster-id",
        CLUSTER_ID,
        "--config",
        configuration,
      ]);
    const heap = ["-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=50"];
    return [
      { name: "kafka", command: tool("java"), args: [...heap, ...java, "kafka.Kafka", configuration], cwd: folder },
    ];
  },

  async isReady({ ports }) {
    // A broker that is not ready to serve is left out of its own metadata.
    const answer = await ask(ports.kafka.broker!, metadataRequest());
    return answer.length >= 12 && answer.readInt32BE(8) === 1;
  },
};

/** Log4j for the programs in Kafka's jars: everything to standard output. */
export function writeLogging(folder: string): string {
  const path = join(folder, "log4j2.yaml");
  writeFileSync(
    path,
    `Configuration:
  Appenders:
    Console: { name: out, PatternLayout: { pattern: "[%d] %p %m (%c)%n" } }
  Loggers:
    Root: { level: INFO, AppenderRef: { ref: out } }
`,
  );
  return path;
}

function serverProperties({ ports }: Site, data: string) {
  const { broker, controller } = ports.kafka;
  return {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@${HOST}:${controller}`,
    listeners: `PLAINTEXT://${HOST}:${broker},CONTROLLER://${HOST}:${controller}`,
    "advertised.listeners": `PLAINTEXT://${HOST}:${broker}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": data,
    "num.partitions": 1,
    "auto.create.topics.enable": true,
    // One node can hold one replica, and its own topics need few partitions.
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
    "log.cleaner.dedupe.buffer.size": 16_777_216,
  };
}

/** Metadata, version 1, of no topics: length, key, version, correlation id, client id (none), topics (none). */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(18);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(3, 4);
  request.writeInt16BE(1, 6);
  request.writeInt16BE(-1, 12);
  return request;
}
