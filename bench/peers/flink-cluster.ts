import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jarsOf } from "../../stack/jars.ts";
import { tool } from "../../stack/tools.ts";
import { FlinkRest } from "./flink-rest.ts";

/** A session cluster with one TaskManager of one slot, for one peer: what it uses is what the job uses. */
export interface FlinkCluster extends AsyncDisposable {
  readonly rest: FlinkRest;
  /** Address of the REST API. */
  readonly url: string;
  readonly taskManager: number;
  /** For checkpoints. */
  readonly folder: string;
}

/** How large the TaskManager is, in MiB. */
export interface FlinkMemory {
  readonly heapMb: number;
  /** For RocksDB. */
  readonly managedMb: number;
}

/** Starts one in a folder, which is emptied first, with more on its class path. Fails with the end of a log. */
export async function startFlink(
  folder: string,
  memory: FlinkMemory,
  libraries: readonly string[] = [],
): Promise<FlinkCluster> {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ["conf", "tmp", "checkpoints", "jars"]) mkdirSync(join(folder, name), { recursive: true });
  const jars = await jarsOf("flink", (line) => process.stderr.write(`${line}\n`));
  const [rest, rpc, blob] = [await freePort(), await freePort(), await freePort()];
  const conf = join(folder, "conf");
  writeFileSync(join(conf, "config.yaml"), yaml(configuration(folder, rest, rpc, blob)));
  writeFileSync(join(conf, "log4j.properties"), LOGGING);
  const common = [...OPENINGS, `-Dlog4j.configurationFile=file:${join(conf, "log4j.properties")}`];
  const start = (name: string, args: readonly string[]) => {
    const java = [...common, `-Dlog.file=${join(folder, `${name}.log`)}`, ...args];
    return startJava(join(folder, `${name}.log`), [...java], [conf, join(jars, "*"), ...libraries].join(delimiter));
  };
  const processes = [
    start("jobmanager", JOB_MANAGER(conf)),
    start("taskmanager", [...recording(folder), ...taskManager(conf, memory)]),
  ];
  const close = async () => {
    for (const each of processes.toReversed()) await end(each);
  };
  const api = new FlinkRest(`http://${HOST}:${rest}`);
  try {
    await untilReady(api, processes, folder);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...{ rest: api, url: `http://${HOST}:${rest}`, taskManager: processes[1]!.pid!, folder },
    [Symbol.asyncDispose]: close,
  };
}

const HOST = "127.0.0.1";
const READY_MS = 120_000;
const NETWORK_MB = 64;
const OFF_HEAP_MB = 128;

/** What Flink's own launchers open of Java 17. */
const OPENINGS = [
  ...["lang", "net", "io", "nio", "lang.reflect", "text", "time", "util"]
    .concat(["util.concurrent", "util.concurrent.atomic", "util.concurrent.locks"])
    .map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
  "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
];

const LOGGING = `rootLogger.level=INFO
rootLogger.appenderRef.c.ref=C
appender.c.name=C
appender.c.type=CONSOLE
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=%d %-5p %c{2} - %m%n
`;

const JOB_MANAGER = (conf: string) => [
  ...["-Xmx384m", "-XX:MaxMetaspaceSize=256m"],
  "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
  ...["--configDir", conf, "--executionMode", "cluster"],
];

/** Started by hand, a TaskManager must be told how its memory is divided. */
function taskManager(conf: string, { heapMb, managedMb }: FlinkMemory): string[] {
  const sizes = {
    ...{ "framework.heap.size": 128, "task.heap.size": heapMb - 128, "managed.size": managedMb },
    ...{ "framework.off-heap.size": OFF_HEAP_MB, "task.off-heap.size": 0 },
    ...{ "network.min": NETWORK_MB, "network.max": NETWORK_MB },
    ...{ "jvm-metaspace.size": 256, "jvm-overhead.min": 192, "jvm-overhead.max": 192 },
  };
  const settings = Object.entries(sizes).map(([name, mb]) => `taskmanager.memory.${name}=${mb}m`);
  return [
    // Both as large as they may become: what a heap costs to grow is no part of what a job costs.
    ...[`-Xms${heapMb}m`, `-Xmx${heapMb}m`, "-XX:+UseG1GC"],
    ...[`-XX:MaxDirectMemorySize=${NETWORK_MB + OFF_HEAP_MB}m`, "-XX:MaxMetaspaceSize=256m"],
    "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    ...["--configDir", conf],
    ...["taskmanager.cpu.cores=1", ...settings].flatMap((setting) => ["-D", setting]),
  ];
}

/** With COUNTERCHECK_BENCH_PROFILE set, the TaskManager's flight recorder writes what it has seen when it ends. */
function recording(folder: string): string[] {
  if (process.env.COUNTERCHECK_BENCH_PROFILE === undefined) return [];
  return [`-XX:StartFlightRecording=settings=profile,filename=${join(folder, "taskmanager.jfr")}`];
}

function configuration(folder: string, rest: number, rpc: number, blob: number): Record<string, string | number> {
  return {
    ...{ "jobmanager.rpc.address": HOST, "jobmanager.rpc.port": rpc, "jobmanager.bind-host": HOST },
    ...{ "jobmanager.memory.process.size": "1024m", "blob.server.port": `"${blob}"` },
    ...{ "taskmanager.host": HOST, "taskmanager.bind-host": HOST, "taskmanager.numberOfTaskSlots": 1 },
    ...{ "rest.address": HOST, "rest.bind-address": HOST, "rest.port": rest },
    ...{ "io.tmp.dirs": join(folder, "tmp"), "web.upload.dir": join(folder, "jars") },
    "execution.checkpointing.dir": `file://${join(folder, "checkpoints")}`,
    // How far a job is, is asked of them.
    "metrics.fetcher.update-interval": 500,
  };
}

function yaml(settings: Record<string, string | number>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

function startJava(log: string, args: string[], classPath: string): ChildProcess {
  const output = openSync(log, "a");
  const main = args.findIndex((arg) => arg.startsWith("org.apache."));
  const env = { ...process.env, FLINK_CONF_DIR: "" };
  const all = [...args.slice(0, main), "-cp", classPath, ...args.slice(main)];
  const child = spawn(tool("java"), all, { stdio: ["ignore", output, output], env });
  closeSync(output);
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}

async function untilReady(api: FlinkRest, processes: readonly ChildProcess[], folder: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while ((await api.slots().catch(() => 0)) < 1) {
    if (Date.now() > deadline || processes.some(({ exitCode }) => exitCode !== null))
      throw new Error(`Flink did not start; see the logs in ${folder}`);
    await sleep(200);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  const killer = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(killer);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}
