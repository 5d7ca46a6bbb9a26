import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

const target = join(import.meta.dirname, "../../flink/java/target");
/** What Flink's own launchers open of Java 17 for its serializers and its RPC. */
const OPENS = ["lang", "nio", "time", "util", "util.concurrent"].flatMap((name) => [
  "--add-opens",
  `java.base/java.${name}=ALL-UNNAMED`,
]);
const KEPT_LOG = 20_000;

/** A class of the Java project's tests that is told lines, and answers each with one of JSON. */
export interface JavaProgram {
  /** The next line that it says, told something or not. Rejects with its log where it ends instead. */
  ask<T>(line?: string): Promise<T>;
  /** Says a line that it does not answer. */
  tell(line: string): void;
  /** What it has logged of late. */
  log(): string;
  /** Ends its input, and waits until it is gone; kills one that stays. */
  close(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
}

/** Starts a class that `buildJava` has built. */
export function startJava(
  mainClass: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): JavaProgram {
  const folders = ["test-classes", "classes", "libraries/*"].map((name) => join(target, name));
  const java = spawn("java", ["-Xmx384m", ...OPENS, "-cp", folders.join(delimiter), mainClass, ...args], {
    stdio: "pipe",
    env: { ...process.env, ...environment },
  });
  let log = "";
  java.stderr.on("data", (chunk) => (log = (log + chunk).slice(-KEPT_LOG)));
  const lines = createInterface(java.stdout)[Symbol.asyncIterator]();
  return {
    async ask<T>(line?: string) {
      if (line !== undefined) java.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${mainClass} has ended.\n${log}`);
      return JSON.parse(value) as T;
    },
    tell: (line) => java.stdin.write(`${line}\n`),
    log: () => log,
    kill: async () => {
      java.kill("SIGKILL");
      await once(java, "close");
    },
    close: () => ended(java),
  };
}

async function ended(java: ChildProcess): Promise<void> {
  if (java.exitCode !== null || java.signalCode !== null) return;
  java.stdin?.end();
  const kill = setTimeout(() => java.kill("SIGKILL"), 10_000);
  await once(java, "close");
  clearTimeout(kill);
}
