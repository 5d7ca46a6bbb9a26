import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Query } from "./query.ts";
import { type ResultRows, readRows } from "./result-rows.ts";
import type { Measured } from "./steady-part.ts";

/** How Flink is set up for a run, beyond nexmark-flink's own configuration (see `flink/src/main/java`). */
export interface FlinkSetup {
  readonly name: string;
  readonly settings: readonly string[];
}

/** The first is the one that ratios are given for: nexmark-flink's own configuration. */
export const FLINK_SETUPS: readonly FlinkSetup[] = [
  { name: "rocksdb", settings: [] },
  { name: "rocksdb-reuse", settings: ["pipeline.object-reuse=true"] },
  { name: "heap", settings: ["state.backend.type=hashmap"] },
];

const PROJECT = join(import.meta.dirname, "flink");
/** Of the heap; RocksDB has 1 GiB beside it. */
const JAVA = ["-Xmx2g", ...opens(["lang", "net", "nio", "time", "util", "util.concurrent"])];
/** A run that takes longer hangs. */
const MOST_MS = 20 * 60_000;
/** Longer than a window of processing time, so that the last of them ends. */
const LINGER_MS = 12_000;

/** How a query is run at Flink. */
interface FlinkOptions {
  readonly query: Query;
  /** The file of events. */
  readonly events: string;
  /** For checkpoints and results; emptied first. */
  readonly folder: string;
  readonly setup: FlinkSetup;
}

/** Builds Flink's side; fails with what Maven said. The first time, Maven downloads Flink. */
export function buildFlink(): void {
  const maven = (...more: string[]) =>
    spawnSync("mvn", ["--batch-mode", "--no-transfer-progress", "--quiet", ...more, "process-classes"], {
      cwd: PROJECT,
      encoding: "utf8",
    });
  const offline = maven("--offline");
  const { error, status, stdout } = offline.status === 0 ? offline : maven();
  if (error !== undefined) throw new Error(`Maven and a JDK from 17 on are needed for Flink's side: ${error.message}`);
  if (status !== 0) throw new Error(`Maven could not build bench/nexmark/flink.\n${stdout}`);
}

/** Runs a query whose result goes nowhere. */
export async function measureAtFlink(options: FlinkOptions): Promise<Measured> {
  return run(options, "-", 0);
}

/** Runs a query for its result: what is left when the changelog has been gone through. */
export async function resultAtFlink(options: FlinkOptions): Promise<ResultRows> {
  const path = join(options.folder, "result.tsv");
  await run(options, path, options.query.lingers === true ? LINGER_MS : 0);
  const rows = readRows(path);
  rmSync(options.folder, { recursive: true, force: true });
  return rows;
}

async function run(
  { query, events, folder, setup }: FlinkOptions,
  result: string,
  lingerMs: number,
): Promise<Measured> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = [events, join(PROJECT, "tables.sql"), join(PROJECT, "queries", `${query.name}.sql`)];
  const args = [...files, join(folder, "checkpoints"), String(lingerMs), result, ...setup.settings];
  const classes = ["classes", "libraries/*"].map((name) => join(PROJECT, "target", name)).join(delimiter);
  const out = await java([...JAVA, "-cp", classes, "countercheck.nexmark.Main", ...args]);
  if (result === "-") rmSync(folder, { recursive: true, force: true });
  return JSON.parse(out.trim().split("\n").at(-1)!) as Measured;
}

function java(args: readonly string[]): Promise<string> {
  const child = spawn("java", args, { stdio: ["ignore", "pipe", "pipe"], timeout: MOST_MS, killSignal: "SIGKILL" });
  let out = "";
  let log = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (log += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`Flink ended with ${code ?? signal}.\n${log.slice(-10_000)}`));
    });
  });
}

/** What Flink's own launchers open of Java 17. */
function opens(names: readonly string[]): string[] {
  return names.flatMap((name) => ["--add-opens", `java.base/java.${name}=ALL-UNNAMED`]);
}
