import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyNoServers } from "../test/servers/availability.ts";

/** What a mode runs: with or without the static checks, and which of vitest's projects, in runs one after the other. */
interface Mode {
  readonly static: boolean;
  readonly runs: readonly (readonly string[])[];
}

const modes: Readonly<Record<string, Mode>> = {
  static: { static: true, runs: [] },
  unit: { static: false, runs: [["unit"]] },
  servers: { static: false, runs: [["servers"]] },
  faults: { static: false, runs: [["faults"]] },
  flink: { static: false, runs: [["flink"]] },
  simulation: { static: false, runs: [["simulation"]] },
  seeds: { static: false, runs: [["seeds"]] },
  // The servers leave little of a machine of two cores, so they do not start before the rest is through.
  all: { static: true, runs: [["unit", "integration"], ["servers"]] },
};

/** Projects that need the real servers. */
const NEED_SERVERS: readonly string[] = ["servers", "faults"];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const packages = join(import.meta.dirname, "..", "node_modules");
let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    running?.kill(signal);
    process.exitCode = 1;
  });
}
await main(process.argv.slice(2));

/** Runs a mode, with further arguments handed to vitest, and ends with the counts on the last line. */
async function main([name = "all", ...args]: string[]): Promise<void> {
  const mode = modes[name];
  if (!mode) {
    process.stderr.write(`Unknown mode "${name}"; use one of ${Object.keys(modes).join(", ")}.\n`);
    process.exitCode = 2;
    return;
  }
  const counts: Counts[] = [];
  if (mode.static) {
    counts.push(await check("biome", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "."]));
    counts.push(await check("tsc", "typescript/bin/tsc", ["-p", "."]));
  }
  for (const projects of mode.runs) {
    const reason = projects.some((project) => NEED_SERVERS.includes(project)) ? whyNoServers() : undefined;
    counts.push(reason ? leaveOut(projects, reason) : await vitest(projects, args));
  }

  const sum = (of: keyof Counts) => counts.reduce((total, count) => total + count[of], 0);
  const skipped = sum("skipped");
  if (sum("failed") > 0 || sum("passed") === 0) process.exitCode = 1;
  process.stdout.write(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped ? `, ${skipped} skipped` : ""}\n`);
}

/** A static check counts as one test. */
async function check(name: string, script: string, args: readonly string[]): Promise<Counts> {
  const passed = (await run(script, args)) === 0;
  process.stdout.write(`${passed ? "✓" : "✗"} ${name}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Nobody looks at what CI leaves out, so there it is a failure. */
function leaveOut(projects: readonly string[], reason: string): Counts {
  const isCi = process.env.CI === "true";
  process.stdout.write(`${isCi ? "✗" : "○"} ${projects.join(", ")}: ${reason}\n`);
  return { passed: 0, failed: isCi ? 1 : 0, skipped: 0 };
}

/** `--seed N`, for tests that can be repeated by one, is handed to them in the environment. */
async function vitest(projects: readonly string[], given: readonly string[]): Promise<Counts> {
  const args = [...given];
  const at = args.indexOf("--seed");
  if (at >= 0) process.env.COUNTERCHECK_SEED = args.splice(at, 2)[1] ?? "";
  const folder = mkdtempSync(join(tmpdir(), "countercheck-test-"));
  const report = join(folder, "report.json");
  try {
    const status = await run("vitest/vitest.mjs", [
      "run",
      ...projects.flatMap((project) => ["--project", project]),
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...args,
    ]);
    return countTests(status, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countTests(status: number, path: string): Counts {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  // A file that cannot be loaded has no tests, but it has failed; so has a run with an error outside of its tests.
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Runs a package's script on this Node, with its output streamed; gives its exit code. */
function run(script: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(process.execPath, [join(packages, script), ...args], {
      cwd: join(packages, ".."),
      stdio: "inherit",
    });
    running.on("error", reject);
    running.on("exit", (code) => resolve(code ?? 1));
  });
}
