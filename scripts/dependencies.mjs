// Runs on the Node that a fresh machine has (20 or later), before anything is installed: plain JavaScript, no packages.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const lockFile = join(root, ".countercheck", "install.lock");

/**
 * Resolves to true once `node_modules` holds exactly what package-lock.json says, installing it when it does not.
 * Of several processes one installs and the others wait. Reports on stderr only; false after a failed install.
 */
export async function ensureDependencies() {
  if (isCurrent()) return true;
  await acquireLock();
  try {
    return isCurrent() || (await install());
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** npm keeps a record of what it put into node_modules, written last: so it also tells of an install that was cut off. */
function isCurrent() {
  const wanted = readJson("package-lock.json").packages;
  const installed = readJson("node_modules/.package-lock.json")?.packages;
  if (!installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    if (!found) return entry.optional === true && !isForThisMachine(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/** Whether npm must have installed an optional package. Those that also name a C library are left to npm to judge. */
function isForThisMachine({ os, cpu, libc }) {
  return os?.includes(process.platform) && cpu?.includes(process.arch) && !libc;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function install() {
  const started = Date.now();
  process.stderr.write("Installing the dependencies with npm (first run, or they have changed) ...\n");
  const { status, output } = await runNpm([
    "ci",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--no-json",
    "--loglevel=error",
  ]);
  if (status !== 0 || !isCurrent()) {
    process.stderr.write(output);
    process.stderr.write(
      "The dependencies could not be installed. Mend what npm says above and run the command again.\n",
    );
    return false;
  }
  process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`);
  return true;
}

function runNpm(args) {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  // Under npm its own Node runs it: the first one on the PATH may be the copy that is about to be replaced.
  const [command, ...first] = cli && node && basename(cli) === "npm-cli.js" ? [node, cli] : ["npm"];
  const child = spawn(command, [...first, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    shell: command === "npm" && process.platform === "win32",
  });
  const stop = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, stop);
  return new Promise((resolve) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ status: 1, output: `${output}npm cannot be started: ${error.message}\n` }));
    child.on("close", (status) => resolve({ status, output }));
  }).finally(() => {
    for (const signal of signals) process.off(signal, stop);
  });
}

async function acquireLock() {
  mkdirSync(join(root, ".countercheck"), { recursive: true });
  let told = false;
  while (!createExclusively(lockFile)) {
    const owner = readOwner(lockFile);
    if (owner !== undefined && !isAlive(owner)) breakLock(owner);
    else {
      if (!told) process.stderr.write(`Waiting for process ${owner ?? "?"}, which installs the dependencies ...\n`);
      told = true;
      await sleep(200);
    }
  }
}

/** Only one of the waiting processes may remove a dead owner's lock: a second one could remove its successor's. */
function breakLock(owner) {
  const right = `${lockFile}.${owner}`;
  if (!createExclusively(right)) return;
  if (readOwner(lockFile) === owner) rmSync(lockFile, { force: true });
  rmSync(right, { force: true });
}

function createExclusively(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** The process that holds the lock; undefined while it is being written or has just gone. */
function readOwner(path) {
  try {
    return Number(readFileSync(path, "utf8")) || undefined;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
