import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { whyNoFlink, whyNoServers } from "../test/servers/availability.ts";

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
  // The servers leave little of a machine of two cores, so they do not start before the rest is through; Flink takes it all.
  all: { static: true, runs: [["unit", "integration"], ["servers"], ["flink-in-brief"]] },
};

/** Why projects that need more than Node cannot run here, in one line; undefined when they can. */
const REASONS: Readonly<Record<string, () => string | undefined>> = {
  servers: whyNoServers,
  faults: () => whyNoServers() ?? whyNoFlink(),
  flink: whyNoFlink,
  "flink-in-brief": whyNoFlink,
};

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, and the first lines of why: the end of a long log is all that many people see of it. */
  readonly failures: readonly string[];
}

/** The part of vitest's JSON report that is counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[] | null;
  }[];
}

const FAILURES_SHOWN = 50;
const LINES_OF_A_FAILURE = 6;

const root = join(import.meta.dirname, "..");
const packages = join(root, "node_modules");
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
    const reason = projects.map((project) => REASONS[project]?.()).find((text) => text !== undefined);
    counts.push(reason ? leaveOut(projects, reason) : await vitest(projects, args));
  }

  tellFailures(counts.flatMap(({ failures }) => failures));
  const sum = (of: "passed" | "failed" | "skipped") => counts.reduce((total, count) => total + count[of], 0);
  const skipped = sum("skipped");
  if (sum("failed") > 0 || sum("passed") === 0) process.exitCode = 1;
  process.stdout.write(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped ? `, ${skipped} skipped` : ""}\n`);
}

function tellFailures(failures: readonly string[]): void {
  if (failures.length > 0) process.stdout.write(`\nFailed:\n`);
  for (const failure of failures.slice(0, FAILURES_SHOWN)) process.stdout.write(`✗ ${failure}\n`);
  if (failures.length > FAILURES_SHOWN) process.stdout.write(`… and ${failures.length - FAILURES_SHOWN} more\n`);
}

/** A static check counts as one test. */
async function check(name: string, script: string, args: readonly string[]): Promise<Counts> {
  const passed = (await run(script, args)) === 0;
  process.stdout.write(`${passed ? "✓" : "✗"} ${name}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, failures: passed ? [] : [name] };
}

/** Nobody looks at what CI leaves out, so there it is a failure. */
function leaveOut(projects: readonly string[], reason: string): Counts {
  const isCi = process.env.CI === "true";
  process.stdout.write(`${isCi ? "✗" : "○"} ${projects.join(", ")}: ${reason}\n`);
  return { passed: 0, failed: isCi ? 1 : 0, skipped: 0, failures: isCi ? [`${projects.join(", ")}: ${reason}`] : [] };
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
    return { passed: 0, failed: 1, skipped: 0, failures: ["vitest wrote no report: see above"] };
  }
  // A file that cannot be loaded has no tests, but it has failed; so has a run with an error outside of its tests.
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const failed = report.numFailedTests + broken.length;
  const isBrokenOutside = status !== 0 && failed === 0;
  return {
    passed: report.numPassedTests,
    failed: isBrokenOutside ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: isBrokenOutside ? ["an error outside of the tests: see above"] : report.testResults.flatMap(failuresOf),
  };
}

/** The failed tests of a file, or the file where it has none, with the first lines of the error. */
function failuresOf(file: FileReport): string[] {
  const path = relative(root, file.name);
  if (file.status === "failed" && file.assertionResults.length === 0) return [`${path}${firstLines(file.message)}`];
  return file.assertionResults
    .filter(({ status }) => status === "failed")
    .map(({ fullName, failureMessages }) => `${path} > ${fullName}${firstLines(failureMessages?.join("\n") ?? "")}`);
}

/** The first lines of an error, and of its stack the first. */
function firstLines(message: string): string {
  const all = message.split("\n").filter((line) => line.trim() !== "");
  const stack = all.find(isOfStack);
  const lines = all.filter((line) => !isOfStack(line)).slice(0, LINES_OF_A_FAILURE);
  return [...lines, ...(stack === undefined ? [] : [stack])].map((line) => `\n    ${line.slice(0, 300)}`).join("");
}

function isOfStack(line: string): boolean {
  return /^\s+at /.test(line);
}

/** Runs a package's script on this Node, with its output streamed; gives its exit code. */
function run(script: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(process.execPath, [join(packages, script), ...args], {
      cwd: root,
      stdio: "inherit",
    });
    running.on("error", reject);
    running.on("exit", (code, signal) => {
      // Nothing else tells of it: a process that a signal ends has no last word.
      if (signal !== null) process.stdout.write(`\n${script} was ended by ${signal}\n`);
      resolve(code ?? 1);
    });
  });
}
