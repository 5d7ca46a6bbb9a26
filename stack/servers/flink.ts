import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { jarsOf } from "../jars.ts";
import { HOST } from "../ports.ts";
import { answersHttp } from "../probes.ts";
import { logOf, readLog } from "../process.ts";
import { folderOf, type Server, type Site } from "../server.ts";
import { membersOf } from "../services.ts";
import { tool } from "../tools.ts";

/** What Flink reaches into on Java 17; the list is that of its own configuration. */
const OPENINGS = [
  ...["java.base/sun.net.util", "java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5"].map(
    (name) => `--add-exports=${name}=ALL-UNNAMED`,
  ),
  ...["lang", "net", "io", "nio", "lang.reflect", "text", "time", "util"]
    .concat(["util.concurrent", "util.concurrent.atomic", "util.concurrent.locks"])
    .map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
  "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
];

/** How a TaskManager's memory is divided, in MiB, which Flink's own launcher would compute. */
const MEMORY = {
  frameworkHeap: 128,
  taskHeap: 384,
  frameworkOffHeap: 128,
  taskOffHeap: 64,
  network: 128,
  managed: 128,
  metaspace: 256,
  overhead: 192,
};

const SLOTS = 4;

type FlinkService = "flink" | "flink-ha";

/** A session cluster in processes of its own; `flink-ha` finds its JobManager, and the jobs of the one before, in ZooKeeper. */
export function flink(service: FlinkService): Server {
  const members = membersOf(service);
  return {
    processes: members,

    async prepare(site) {
      const jars = await jarsOf("flink", site.onProgress);
      const folder = folderOf(site, service);
      const configuration = folderOf(site, service, "conf");
      writeFileSync(join(configuration, "config.yaml"), yaml(clusterConfiguration(site, service)));
      writeFileSync(join(configuration, "log4j.properties"), LOGGING);
      return members.map((name, index) => {
        const isJobManager = index === 0;
        const java = [
          ...OPENINGS,
          `-Dlog4j.configurationFile=file:${join(configuration, "log4j.properties")}`,
          // Flink shows this file in its web interface.
          `-Dlog.file=${logOf(site.folder, name)}`,
          ...["-cp", [configuration, join(jars, "*")].join(delimiter)],
        ];
        const args = isJobManager ? jobManager(configuration, java) : taskManager(configuration, name, java);
        return { name, command: tool("java"), args, cwd: folder, env: { FLINK_CONF_DIR: configuration } };
      });
    },

    async isReady({ folder, ports }, process) {
      const url = `http://${HOST}:${ports[service].rest}`;
      if (process === members[0]) return answersHttp(`${url}/overview`);
      // One that was killed is known to the JobManager for a while, so its successor must have said itself that it is known.
      const isRegistered = readLog(logOf(folder, process)).includes("Successful registration at resource manager");
      return isRegistered && (await answersHttp(`${url}/taskmanagers/${process}`));
    },
  };
}

function jobManager(configuration: string, java: readonly string[]): string[] {
  return [
    ...["-Xms128m", "-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseG1GC", ...java],
    "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    ...["--configDir", configuration, "--executionMode", "cluster"],
  ];
}

function taskManager(configuration: string, name: string, java: readonly string[]): string[] {
  const dynamic = { "taskmanager.resource-id": name, "taskmanager.cpu.cores": SLOTS, ...memorySettings() };
  return [
    ...["-Xms128m", `-Xmx${MEMORY.frameworkHeap + MEMORY.taskHeap}m`, "-XX:+UseG1GC"],
    `-XX:MaxDirectMemorySize=${MEMORY.frameworkOffHeap + MEMORY.taskOffHeap + MEMORY.network}m`,
    `-XX:MaxMetaspaceSize=${MEMORY.metaspace}m`,
    ...java,
    "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    ...["--configDir", configuration],
    ...Object.entries(dynamic).flatMap(([key, value]) => ["-D", `${key}=${value}`]),
  ];
}

function memorySettings(): Record<string, string> {
  const sizes = {
    "framework.heap.size": MEMORY.frameworkHeap,
    "task.heap.size": MEMORY.taskHeap,
    "framework.off-heap.size": MEMORY.frameworkOffHeap,
    "task.off-heap.size": MEMORY.taskOffHeap,
    "network.min": MEMORY.network,
    "network.max": MEMORY.network,
    "managed.size": MEMORY.managed,
    "jvm-metaspace.size": MEMORY.metaspace,
    "jvm-overhead.min": MEMORY.overhead,
    "jvm-overhead.max": MEMORY.overhead,
  };
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [`taskmanager.memory.${name}`, `${size}m`]));
}

function clusterConfiguration(site: Site, service: FlinkService) {
  const folder = (name: string) => folderOf(site, service, name);
  const { rest, rpc, blob } = site.ports[service];
  return {
    "jobmanager.rpc.address": HOST,
    "jobmanager.rpc.port": rpc!,
    "jobmanager.bind-host": HOST,
    "jobmanager.memory.process.size": "1024m",
    "taskmanager.host": HOST,
    "taskmanager.bind-host": HOST,
    "taskmanager.numberOfTaskSlots": SLOTS,
    "rest.address": HOST,
    "rest.bind-address": HOST,
    "rest.port": rest!,
    "blob.server.port": `"${blob}"`,
    "io.tmp.dirs": folder("tmp"),
    "web.upload.dir": folder("jars"),
    "execution.checkpointing.dir": `file://${folder("checkpoints")}`,
    "execution.checkpointing.savepoint-dir": `file://${folder("savepoints")}`,
    // A TaskManager that was killed is missed after a few seconds, and not after Flink's 50.
    "heartbeat.interval": "2s",
    "heartbeat.timeout": "20s",
    "slot.request.timeout": "60s",
    ...(service === "flink-ha" ? highAvailability(site) : {}),
  };
}

function highAvailability(site: Site) {
  return {
    "jobmanager.scheduler": "adaptive",
    "high-availability.type": "zookeeper",
    "high-availability.zookeeper.quorum": `${HOST}:${site.ports.zookeeper.client}`,
    "high-availability.storageDir": `file://${folderOf(site, "flink-ha", "ha")}`,
    // A fixed one: by itself it would be a random one, for which nobody has looked whether it is free.
    "high-availability.jobmanager.port": `"${site.ports["flink-ha"].rpc}"`,
    "high-availability.zookeeper.client.session-timeout": "6s",
    "high-availability.zookeeper.client.connection-timeout": "5s",
  };
}

/** Flink takes keys with dots for nested ones. */
function yaml(of: Readonly<Record<string, string | number>>): string {
  return Object.entries(of)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join("");
}

const LOGGING = `rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.name=out
appender.out.type=CONSOLE
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %-5p %c{2} - %m%n
`;
