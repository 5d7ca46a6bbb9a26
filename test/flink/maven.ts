import { spawn, spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

const project = join(import.meta.dirname, "../../flink/java");
/** What Flink's own launchers open of Java 17 for its serializers and its RPC. */
const OPENS = ["lang", "nio", "time", "util", "util.concurrent"].flatMap((name) => [
  "--add-opens",
  `java.base/java.${name}=ALL-UNNAMED`,
]);

/** A run that takes longer hangs. */
const MOST_MS = 5 * 60_000;

/** Builds the Java project; fails with what Maven said. The first time, Maven downloads Flink. */
export function buildJava(): void {
  const maven = (...more: string[]) =>
    spawnSync("mvn", ["--batch-mode", "--no-transfer-progress", "--quiet", ...more, "test-compile"], {
      cwd: project,
      encoding: "utf8",
    });
  const offline = maven("--offline");
  const { error, status, stdout } = offline.status === 0 ? offline : maven();
  if (error !== undefined) throw new Error(`Maven and a JDK from 17 on are needed for this test: ${error.message}`);
  if (status !== 0) throw new Error(`Maven could not build flink/java; it needs its repository once.\n${stdout}`);
}

/** Runs a class of the project's tests to its end; gives its lines of JSON. */
export function runJava(mainClass: string, args: readonly string[]): Promise<Record<string, unknown>[]> {
  const folders = ["classes", "test-classes", "libraries/*"].map((name) => join(project, "target", name));
  const java = spawn("java", ["-Xmx512m", ...OPENS, "-cp", folders.join(delimiter), mainClass, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: MOST_MS,
    killSignal: "SIGKILL",
  });
  let out = "";
  let log = "";
  java.stdout.on("data", (chunk) => (out += chunk));
  java.stderr.on("data", (chunk) => (log += chunk));
  return new Promise((resolve, reject) => {
    java.on("error", reject);
    java.on("close", (code, signal) => {
      if (code !== 0) reject(new Error(`${mainClass} ended with ${code ?? signal}.\n${log.slice(-20_000)}`));
      else
        resolve(
          out
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line)),
        );
    });
  });
}
