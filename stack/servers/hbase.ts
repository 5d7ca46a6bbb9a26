import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { jarsOf } from "../jars.ts";
import { HOST } from "../ports.ts";
import { logOf, readLog } from "../process.ts";
import { folderOf, type Server, type Site } from "../server.ts";
import { tool } from "../tools.ts";

/** What HBase reaches into on Java 17; the list is that of its own launcher. */
const OPENINGS = [
  "-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true",
  ...["--add-modules", "jdk.unsupported"],
  ...[
    ...["java.nio", "sun.nio.ch", "java.lang", "jdk.internal.ref", "java.lang.reflect", "java.util"],
    "java.util.concurrent",
  ].flatMap((name) => ["--add-opens", `java.base/${name}=ALL-UNNAMED`]),
  ...[
    ...["java.base/jdk.internal.misc", "java.security.jgss/sun.security.krb5"],
    ...["java.base/sun.net.dns", "java.base/sun.net.util"],
  ].flatMap((name) => ["--add-exports", `${name}=ALL-UNNAMED`]),
];

/** Master, region server and ZooKeeper in one process over the local file system, and the REST server in another. */
export const hbase: Server = {
  processes: ["hbase", "hbase-rest"],

  async prepare(site) {
    const folder = folderOf(site, "hbase");
    const configuration = folderOf(site, "hbase", "conf");
    writeFileSync(join(configuration, "hbase-site.xml"), siteXml(siteProperties(site, folder)));
    writeFileSync(join(configuration, "log4j.properties"), LOGGING);
    const java = (heap: readonly string[], main: string, classPath: string) => ({
      command: tool("java"),
      args: [...heap, "-Djava.net.preferIPv4Stack=true", ...OPENINGS, "-cp", classPath, main, "start"],
      cwd: folder,
    });
    const classPath = `${configuration}${delimiter}${await hbaseClassPath(site.onProgress)}`;
    // Under writes, a heap of 512 MiB is too small.
    const server = ["-Xms128m", "-Xmx2g", "-XX:+UseG1GC", `-Dhbase.log.dir=${folder}`];
    const rest = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC"];
    return [
      { name: "hbase", ...java(server, "org.apache.hadoop.hbase.master.HMaster", classPath) },
      { name: "hbase-rest", ...java(rest, "org.apache.hadoop.hbase.rest.RESTServer", classPath) },
    ];
  },

  async isReady({ folder, ports }, process) {
    if (process === "hbase") return readLog(logOf(folder, "hbase")).includes("Master has completed initialization");
    const response = await fetch(`http://${HOST}:${ports.hbase.rest}/status/cluster`, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(5_000),
    });
    return response.ok && ((await response.json()) as { LiveNodes?: unknown[] }).LiveNodes?.length === 1;
  },
};

/** HBase's jars, for programs in Java that use its client. Downloads them when they are not cached. */
export async function hbaseClassPath(onProgress: (line: string) => void = () => undefined): Promise<string> {
  return join(await jarsOf("hbase", onProgress), "*");
}

const LOGGING = `log4j.rootLogger=INFO,out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %m%n
log4j.logger.org.apache.zookeeper=WARN
`;

function siteProperties({ ports }: Site, folder: string) {
  return {
    "hbase.rootdir": `file://${folder}/data`,
    "hbase.tmp.dir": `${folder}/tmp`,
    "hbase.zookeeper.property.dataDir": `${folder}/zookeeper`,
    "hbase.cluster.distributed": false,
    // A local file system cannot flush as HDFS does; without this the write-ahead log does not open.
    "hbase.unsafe.stream.capability.enforce": false,
    "hbase.procedure.store.wal.use.hsync": false,
    "hbase.wal.provider": "filesystem",
    // By itself, standalone mode picks ports at random.
    "hbase.localcluster.assign.random.ports": false,
    "hbase.zookeeper.quorum": HOST,
    "hbase.zookeeper.property.clientPort": ports.hbase.zookeeper!,
    "hbase.zookeeper.property.clientPortAddress": HOST,
    "hbase.master.hostname": "localhost",
    "hbase.master.port": ports.hbase.master!,
    "hbase.master.ipc.address": HOST,
    "hbase.master.info.port": -1,
    "hbase.regionserver.hostname": "localhost",
    "hbase.regionserver.port": ports.hbase.regionServer!,
    "hbase.regionserver.ipc.address": HOST,
    "hbase.regionserver.info.port": -1,
    "hbase.regionserver.handler.count": 8,
    "hbase.rest.host": HOST,
    "hbase.rest.port": ports.hbase.rest!,
    "hbase.rest.info.port": -1,
    "hbase.master.procedure.threads": 2,
    // When all stops, the region server talks to a ZooKeeper that has just gone with the master: four times, by itself.
    "zookeeper.recovery.retry": 1,
    // The region server's first report comes before the master listens; the next one follows after this long.
    "hbase.regionserver.msginterval": 500,
    "hbase.master.wait.on.regionservers.timeout": 500,
    "hbase.master.wait.on.regionservers.interval": 100,
  };
}

function siteXml(of: Readonly<Record<string, string | number | boolean>>): string {
  const entries = Object.entries(of).map(
    ([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>\n`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${entries.join("")}</configuration>\n`;
}
