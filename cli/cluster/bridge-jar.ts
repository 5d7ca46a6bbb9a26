import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, raise } from "../../base/errors.ts";
import { cacheFolder } from "./cache-folder.ts";

const sources = fileURLToPath(new URL("../../flink/java", import.meta.url));
const MOST_MS = 15 * 60_000;

/**
 * The jar of the bridge, Flink's side of a job: built from its sources by Maven once, and kept for as long as they are the
 * same. `onProgress` is told when that takes time. BRIDGE_NOT_BUILT.
 */
export async function bridgeJar(onProgress: (line: string) => void, cache = cacheFolder()): Promise<string> {
  const jar = join(cache, `bridge-${hashOf(sources)}.jar`);
  if (existsSync(jar)) return jar;
  onProgress("Building the bridge to Flink, once for this version (Maven and a JDK from 17 on are needed)");
  const folder = join(cache, `.bridge-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  try {
    mkdirSync(folder, { recursive: true });
    cpSync(join(sources, "pom.xml"), join(folder, "pom.xml"));
    cpSync(join(sources, "src/main"), join(folder, "src/main"), { recursive: true });
    // What has been downloaded once is enough; the first time it is not.
    const offline = await maven(folder, ["--offline"]);
    const { status, output } = offline.status === 0 ? offline : await maven(folder, []);
    if (status !== 0) raise("BRIDGE_NOT_BUILT", { reason: problemIn(output) });
    renameSync(join(folder, "target", builtJar(folder)), jar);
    return jar;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hashOf(folder: string): string {
  const hash = createHash("sha256");
  for (const file of ["pom.xml", ...globSync("src/main/**/*.{java,xml,properties}", { cwd: folder }).sort()]) {
    hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Of several the one with all that it needs in it. */
function builtJar(folder: string): string {
  const [jar] = globSync("*.jar", { cwd: join(folder, "target") }).filter((name) => !name.startsWith("original-"));
  return jar ?? raise("BRIDGE_NOT_BUILT", { reason: "Maven left no jar" });
}

function maven(folder: string, more: readonly string[]): Promise<{ status: number | null; output: string }> {
  const args = ["--batch-mode", "--no-transfer-progress", "--quiet", "-Dmaven.test.skip=true", ...more, "package"];
  const child = spawn("mvn", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], timeout: MOST_MS });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no `mvn`" : messageOf(error);
      try {
        raise("BRIDGE_NOT_BUILT", { reason }, { cause: error });
      } catch (raised) {
        reject(raised);
      }
    });
    child.on("close", (status) => resolve({ status, output }));
  });
}

function problemIn(output: string): string {
  const lines = output.split("\n").filter((line) => line.startsWith("[ERROR]") || /^(Error|The JAVA_HOME)/.test(line));
  return lines.slice(0, 5).join("\n").replaceAll("[ERROR] ", "") || "Maven failed and said nothing";
}
