// Runs on the Node that a fresh machine has (20 or later): plain JavaScript, no packages.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { ensureDependencies, root } from "./dependencies.mjs";

const neededMajor = 24;

/**
 * Runs a TypeScript file of this project on Node 24 with this process's stdin, stdout and stderr, and ends this
 * process as that one ended: same exit code, or same signal. Installs the dependencies first if need be. Writes
 * nothing to stdout.
 */
export async function launch(script, args) {
  if (!(await ensureDependencies())) process.exit(1);
  const node = findNode();
  if (!node) fail(`no Node ${neededMajor} comes from npm for this platform`);

  const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, script), ...args], {
    stdio: "inherit",
  });
  forwardSignals(child);
  child.on("error", (error) => fail(error.message));
  child.on("exit", endLike);
}

/** The Node that runs this, if new enough, or else the one among the dependencies. */
function findNode() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major >= neededMajor && existsSync(process.execPath)) return process.execPath;
  const windows = process.platform === "win32";
  const folder = `node-${windows ? "win" : process.platform}-${process.arch}`;
  const path = join(root, "node_modules", folder, "bin", windows ? "node.exe" : "node");
  return existsSync(path) ? path : undefined;
}

function forwardSignals(child) {
  // A terminal sends Ctrl-C to the child as well, and a second SIGINT would mean "now, at once".
  const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  let interrupted = false;
  process.on("SIGINT", () => {
    interrupted = true;
    if (!atTerminal) child.kill("SIGINT");
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  onShellGone(() => interrupted || child.kill("SIGTERM"));
}

/** npm sends its signals only to the shell that it starts us with, and many a shell dies of them without a word to us. */
function onShellGone(then) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    then();
  }, 200);
}

function endLike(code, signal) {
  if (signal === null) process.exit(code);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // Some signals do not end a process, and then its exit code tells, as in a shell.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
}

function fail(reason) {
  process.stderr.write(
    `countercheck needs Node ${neededMajor} or later; this is ${process.version} on ${process.platform}-${process.arch}, ` +
      `and ${reason}. Install Node ${neededMajor} (nodejs.org/en/download) and run the command again.\n`,
  );
  process.exit(1);
}
