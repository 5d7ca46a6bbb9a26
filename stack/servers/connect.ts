import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jarsOf, unpacked } from "../jars.ts";
import { runToEnd } from "../one-shot.ts";
import { HOST } from "../ports.ts";
import { answersHttp } from "../probes.ts";
import { folderOf, properties, type Server, type Site } from "../server.ts";
import { services } from "../services.ts";
import { tool } from "../tools.ts";
import { writeLogging } from "./kafka.ts";

const CONVERTER = "io.apicurio.registry.utils.converter.AvroConverter";

/** One distributed worker, which runs from Kafka's jars, with Debezium's plugins and the registry's Avro converter. */
export const connect: Server = {
  processes: ["connect"],

  async prepare(site) {
    const jars = await jarsOf("kafka", site.onProgress);
    const folder = folderOf(site, "connect");
    const configuration = join(folder, "worker.properties");
    writeFileSync(configuration, properties(workerProperties(site, await gatherPlugins(site, folder))));
    return [
      {
        name: "connect",
        command: tool("java"),
        args: [
          ...["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"],
          `-Dlog4j2.configurationFile=${writeLogging(folder)}`,
          ...["-cp", join(jars, "*"), "org.apache.kafka.connect.cli.ConnectDistributed", configuration],
        ],
        cwd: folder,
      },
    ];
  },

  isReady: ({ ports }) => answersHttp(`http://${HOST}:${ports.connect.http}/connectors`),
};

/** A folder of links to the plugins, each in a folder of its own, as Connect wants them. */
async function gatherPlugins(site: Site, folder: string): Promise<string> {
  const plugins = join(folder, "plugins");
  const { version } = services.connect;
  const sources = {
    mariadb: await unpacked(`io.debezium:debezium-connector-mariadb:${version}:tar.gz:plugin`, site.onProgress),
    postgres: await unpacked(`io.debezium:debezium-connector-postgres:${version}:tar.gz:plugin`, site.onProgress),
    converter: await jarsOf("converter", site.onProgress),
  };
  rmSync(plugins, { recursive: true, force: true });
  mkdirSync(plugins);
  symlinkSync(join(sources.mariadb, "debezium-connector-mariadb"), join(plugins, "debezium-mariadb"));
  symlinkSync(join(sources.postgres, "debezium-connector-postgres"), join(plugins, "debezium-postgres"));
  symlinkSync(await announced(site, folder, sources.converter), join(plugins, "apicurio-converter"));
  return plugins;
}

/**
 * Connect finds plugins by what their jars announce, which takes a quarter of the time and memory of a look at all
 * classes. The converter's jars announce nothing, so one is put beside them that does.
 */
async function announced(site: Site, folder: string, jars: string): Promise<string> {
  const jar = join(jars, "announcement.jar");
  if (existsSync(jar)) return jars;
  const content = join(folder, "announcement");
  const announcements = join(content, "META-INF", "services");
  mkdirSync(announcements, { recursive: true });
  writeFileSync(join(announcements, "org.apache.kafka.connect.storage.Converter"), `${CONVERTER}\n`);
  await runToEnd("connect", site.folder, tool("jar"), ["--create", "--file", jar, "-C", content, "META-INF"]);
  return jars;
}

function workerProperties({ ports }: Site, plugins: string) {
  const json = "org.apache.kafka.connect.json.JsonConverter";
  return {
    "bootstrap.servers": `${HOST}:${ports.kafka.broker}`,
    "group.id": "connect",
    listeners: `http://${HOST}:${ports.connect.http}`,
    "rest.advertised.host.name": HOST,
    "plugin.path": plugins,
    "plugin.discovery": "service_load",
    // Connector configurations may refer to the worker's environment.
    "config.providers": "env",
    "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
    "key.converter": json,
    "value.converter": json,
    "config.storage.topic": "_connect_configs",
    "offset.storage.topic": "_connect_offsets",
    "status.storage.topic": "_connect_status",
    "config.storage.replication.factor": 1,
    "offset.storage.replication.factor": 1,
    "status.storage.replication.factor": 1,
    "offset.storage.partitions": 1,
    "status.storage.partitions": 1,
    // What is captured again after a kill is what came since the last flush.
    "offset.flush.interval.ms": 1_000,
    // A lone worker has nobody to wait for.
    "scheduled.rebalance.max.delay.ms": 0,
    "topic.creation.enable": true,
    "producer.compression.type": "lz4",
  };
}
