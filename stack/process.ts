import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "./account.ts";

/** What a process is started with. */
export interface Launch {
  /** Names its files: `<name>.pid`, `<name>.log`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whom it runs as; as ourselves when undefined. */
  readonly account?: Account | undefined;
  /** What asks it to stop; SIGTERM when undefined. */
  readonly stopSignal?: NodeJS.Signals | undefined;
}

/** A process as its pid file has it. The start time tells it from a later one that got the same id. */
interface PidFile {
  readonly pid: number;
  readonly started: string;
  readonly stopSignal: NodeJS.Signals;
}

/** Starts it in a session of its own, so that it outlives us; its output goes to the log, the log before to `.log.1`. */
export async function launch(folder: string, what: Launch): Promise<number> {
  const log = logOf(folder, what.name);
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const output = openSync(log, "a");
  try {
    const child = spawn(what.command, what.args, {
      cwd: what.cwd,
      env: { ...process.env, ...what.env },
      detached: true,
      stdio: ["ignore", output, output],
      ...(what.account ?? {}),
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    const pid = child.pid!;
    const file: PidFile = { pid, started: startOf(pid) ?? "", stopSignal: what.stopSignal ?? "SIGTERM" };
    writeFileSync(pidFileOf(folder, what.name), JSON.stringify(file));
    return pid;
  } finally {
    closeSync(output);
  }
}

/** The pid of the process that was started under this name and still runs. */
export function runningPid(folder: string, name: string): number | undefined {
  return read(folder, name)?.pid;
}

/** Asks the process to stop and waits; kills it after `withinS` seconds. True when it had to be killed. */
export async function stopProcess(folder: string, name: string, withinS: number): Promise<boolean> {
  const running = read(folder, name);
  if (running) send(running.pid, running.stopSignal);
  const deadline = Date.now() + withinS * 1000;
  while (read(folder, name) && Date.now() < deadline) await sleep(50);
  const late = read(folder, name) !== undefined;
  await killProcess(folder, name);
  return late;
}

/** Kills the process with all of its children, as `kill -9` does, and waits until they are gone. */
export async function killProcess(folder: string, name: string): Promise<void> {
  const running = read(folder, name);
  if (running) {
    // Its children go by themselves, but not at once, and hold on to what a restart needs.
    const family = [running.pid, ...childrenOf(running.pid)];
    for (const pid of family) send(pid, "SIGKILL");
    while (family.some((pid) => startOf(pid) !== undefined)) await sleep(20);
  }
  rmSync(pidFileOf(folder, name), { force: true });
}

/** Where a process writes what it has to say. */
export function logOf(folder: string, name: string): string {
  return `${folder}/${name}.log`;
}

/** The last lines of a text, each on a line of its own. */
export function tailOf(text: string): string {
  return `\n${text.trimEnd().split("\n").slice(-15).join("\n")}`;
}

/** What a log holds; empty when there is none. */
export function readLog(log: string): string {
  return readText(log) ?? "";
}

/** Resident memory with that of its children, in MiB; undefined where the system does not say. */
export function memoryMbOf(pid: number): number | undefined {
  const sizes = [pid, ...childrenOf(pid)].map((member) => {
    // Shared pages would be counted once for each of PostgreSQL's processes, so they are left out of children.
    const status = readText(`/proc/${member}/status`) ?? "";
    const kb = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
    return member === pid ? kb("VmRSS") : kb("RssAnon");
  });
  const sum = sizes.filter((size) => !Number.isNaN(size)).reduce((total, size) => total + size, 0);
  return sum > 0 ? Math.round(sum / 1024) : undefined;
}

function pidFileOf(folder: string, name: string): string {
  return `${folder}/${name}.pid`;
}

/** The pid file, when what it names still runs. */
function read(folder: string, name: string): PidFile | undefined {
  const text = readText(pidFileOf(folder, name));
  if (!text) return undefined;
  const file = JSON.parse(text) as PidFile;
  return startOf(file.pid) === file.started ? file : undefined;
}

/** When a process was started, in the system's own words; undefined for one that is gone or dead and not yet buried. */
function startOf(pid: number): string | undefined {
  if (existsSync("/proc/self/stat")) {
    const stat = readStat(pid);
    // A zombie with threads is still about to die, and keeps its ports until the last of them is gone.
    return stat === undefined || (stat.state === "Z" && stat.threads <= 1) ? undefined : stat.started;
  }
  try {
    process.kill(pid, 0);
    return "unknown";
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  const parents = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => [Number(entry), readStat(Number(entry))?.parent] as const);
  const of = (parent: number): number[] =>
    parents.filter(([, its]) => its === parent).flatMap(([child]) => [child, ...of(child)]);
  return of(pid);
}

/** What Linux tells of a process. Its name stands in parentheses and may hold anything, so fields count from the last. */
function readStat(pid: number): { state: string; parent: number; threads: number; started: string } | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0]!, parent: Number(fields[1]), threads: Number(fields[17]), started: fields[19]! };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
