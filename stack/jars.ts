import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { raise } from "../base/errors.ts";
import { tool } from "./tools.ts";

const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** The folder with the jars that a pom in `poms/` names, for a class path or a plugin path. Cached. */
export function jarsOf(
  pom: "kafka" | "hbase" | "converter" | "flink" | "zookeeper",
  onProgress: (line: string) => void,
): Promise<string> {
  const path = join(import.meta.dirname, "poms", `${pom}.xml`);
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 12);
  return cached(`${pom}-${hash}`, onProgress, (folder) => [
    "--file",
    path,
    `${PLUGIN}:copy-dependencies`,
    "-DincludeScope=runtime",
    `-DoutputDirectory=${folder}`,
  ]);
}

/** The folder with what is in an archive on Maven Central: `group:artifact:version:type:classifier`. Cached. */
export function unpacked(artifact: string, onProgress: (line: string) => void): Promise<string> {
  const [, name, version] = artifact.split(":");
  return cached(`${name}-${version}`, onProgress, (folder) => [
    `${PLUGIN}:unpack`,
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${folder}`,
    `-DmarkersDirectory=${folder}/.markers`,
  ]);
}

/** Where downloads are kept, for all checkouts of one user. */
export function cacheFolder(): string {
  const { COUNTERCHECK_STACK, XDG_CACHE_HOME } = process.env;
  return COUNTERCHECK_STACK || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "countercheck", "stack");
}

/** Maven's own repository does not bear two writers, so downloads queue up. */
let queue: Promise<unknown> = Promise.resolve();

async function cached(
  name: string,
  onProgress: (line: string) => void,
  goals: (folder: string) => string[],
): Promise<string> {
  const folder = join(cacheFolder(), name);
  const turn = queue.then(() => (existsSync(folder) ? folder : download(name, folder, onProgress, goals)));
  queue = turn.catch(() => undefined);
  return turn;
}

/** A folder with the final name is complete: it is renamed into place at the end. */
async function download(
  name: string,
  folder: string,
  onProgress: (line: string) => void,
  goals: (folder: string) => string[],
): Promise<string> {
  const began = Date.now();
  onProgress(`${name}: downloading from Maven Central …`);
  const partial = `${folder}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await maven(name, goals(partial));
    // Another process may have been quicker.
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  onProgress(`${name}: downloaded in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return folder;
}

/** Networks fail for a moment now and then: three attempts. */
async function maven(name: string, goals: readonly string[]): Promise<void> {
  const args = ["--batch-mode", "--no-transfer-progress", ...goals];
  for (let attempt = 1; ; attempt++) {
    const { status, output } = await run(tool("mvn"), args);
    if (status === 0) return;
    const problem = output.split("\n").filter((line) => line.startsWith("[ERROR]"));
    if (attempt === 3) raise("STACK_DOWNLOAD_FAILED", { what: name, reason: problem.slice(0, 5).join("\n") || output });
    await new Promise((resolve) => setTimeout(resolve, attempt * 2_000));
  }
}

function run(command: string, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: cacheFolder(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}
