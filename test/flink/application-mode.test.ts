import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { kafkaShopConfig, openShopTopics, shopTopics } from "../../bench/kafka-topics.ts";
import { type CheckpointStatistics, FlinkApi } from "../../cli/cluster/flink-api.ts";
import { FlinkHttp } from "../../cli/cluster/flink-http.ts";
import { jarsOf } from "../../stack/jars.ts";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { buildJava } from "./maven.ts";

const OPENS = ["lang", "net", "io", "nio", "text", "time", "util", "util.concurrent"].map(
  (name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`,
);
const WITHIN_MS = 5 * 60_000;

/** How a TaskManager divides its memory, in MiB, which Flink's scripts compute elsewhere. */
const MEMORY = {
  "framework.heap.size": 128,
  "task.heap.size": 256,
  "framework.off-heap.size": 128,
  "task.off-heap.size": 64,
  "network.min": 64,
  "network.max": 64,
  "managed.size": 0,
  "jvm-metaspace.size": 256,
  "jvm-overhead.min": 192,
  "jvm-overhead.max": 192,
};

/** A cluster for one job, of the jar that `submit --jar` writes, as `standalone-job` and `taskmanager` of Flink's image start it. */
const folder = new TemporaryFolder();
const config = join(folder.path, "countercheck.json");
const members: ChildProcess[] = [];
let topics: AsyncDisposable;
let jars: string;

beforeAll(async () => {
  buildJava();
  jars = await jarsOf("flink", () => undefined);
  topics = await openShopTopics(folder.path, 300);
  const shop = shopTopics(folder.path);
  cpSync(shop.schemas, join(folder.path, "schemas"), { recursive: true });
  writeFileSync(config, JSON.stringify(kafkaShopConfig(shop, "schemas")));
  mkdirSync(join(folder.path, "usrlib"));
});

afterAll(async () => {
  await Promise.all(members.map(ended));
  await topics?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

it(
  "is taken by a cluster for one job, stopped with a savepoint, and gone on with by the next cluster",
  async () => {
    const jar = join(folder.path, "usrlib", "payment-settlement.jar");
    const made = await countercheck([
      "submit",
      join(root, "jobs/payment-settlement"),
      "--config",
      config,
      "--jar",
      jar,
      "--json",
    ]);
    expect(made, made.stderr).toMatchObject({ code: 0 });
    const { entryClass } = JSON.parse(made.stdout);

    const first = await startCluster("first", entryClass);
    await hasCheckpoint(first.url);
    const stopped = await countercheck(["stop", "payment-settlement", "--cluster", first.url, "--json"]);
    expect(stopped, stopped.stderr).toMatchObject({ code: 0 });
    const { savepoint } = JSON.parse(stopped.stdout);
    await ended(first.jobManager);

    const second = await startCluster("second", entryClass, { "execution.state-recovery.path": savepoint });
    await hasCheckpoint(second.url);
    const restored = await checkpointsOf(second.url);
    expect(restored.latest.restored?.external_path).toBe(savepoint);
  },
  15 * 60_000,
);

interface Cluster {
  readonly url: string;
  readonly jobManager: ChildProcess;
}

/** A JobManager for the jar in `usrlib`, and a TaskManager of two slots. */
async function startCluster(name: string, entryClass: string, more: Record<string, string> = {}): Promise<Cluster> {
  const [rest, rpc] = [await freePort(), await freePort()];
  const at = (path: string) => join(folder.path, path);
  const settings = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.rpc.port": rpc,
    "jobmanager.bind-host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "rest.port": rest,
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.numberOfTaskSlots": 2,
    "parallelism.default": 2,
    "io.tmp.dirs": at(`${name}-tmp`),
    "execution.checkpointing.dir": `file://${at("checkpoints")}`,
    "execution.checkpointing.savepoint-dir": `file://${at("savepoints")}`,
    ...more,
  };
  for (const made of [name, `${name}-tmp`]) mkdirSync(at(made));
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(at(`${name}/config.yaml`), lines.join(""));
  const java = (member: string, heap: string, ...args: string[]) => {
    const paths = [join(root, "flink/java/target/test-classes"), join(jars, "*")].join(":");
    const log = openSync(at(`${name}-${member}.log`), "a");
    const child = spawn("java", [heap, ...OPENS, "-cp", paths, ...args], { stdio: ["ignore", log, log] });
    members.push(child);
    return child;
  };
  const jobManager = java(
    "jobmanager",
    "-Xmx512m",
    "countercheck.flink.ApplicationCluster",
    at(name),
    at("usrlib"),
    entryClass,
  );
  const sizes = Object.entries(MEMORY).flatMap(([key, mb]) => ["-D", `taskmanager.memory.${key}=${mb}m`]);
  const runner = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";
  java("taskmanager", "-Xmx384m", runner, "--configDir", at(name), "-D", "taskmanager.cpu.cores=2", ...sizes);
  return { url: `http://127.0.0.1:${rest}`, jobManager };
}

/** Waits until the cluster's job has a checkpoint of its own. */
async function hasCheckpoint(url: string): Promise<void> {
  for (const until = Date.now() + WITHIN_MS; ; await sleep(500)) {
    const described = await countercheck(["jobs", "describe", "payment-settlement", "--cluster", url, "--json"]);
    const seen = described.code === 0 ? await checkpointsOf(url) : undefined;
    if (seen?.latest.completed?.is_savepoint === false) return;
    if (Date.now() > until) expect.fail(`no checkpoint: ${described.stdout}${described.stderr}\n${logs()}`);
  }
}

async function checkpointsOf(url: string): Promise<CheckpointStatistics> {
  const http = new FlinkHttp({ url });
  try {
    const api = new FlinkApi(http);
    const [job] = await api.jobs();
    return await api.checkpoints(job!.jid);
  } finally {
    http.close();
  }
}

function logs(): string {
  return ["first", "second"]
    .flatMap((name) => ["jobmanager", "taskmanager"].map((member) => join(folder.path, `${name}-${member}.log`)))
    .map((path) => {
      try {
        return readFileSync(path, "utf8").slice(-6_000);
      } catch {
        return "";
      }
    })
    .join("\n");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Waits for a member that ends by itself; kills one that stays. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await once(child, "close");
  clearTimeout(kill);
}
