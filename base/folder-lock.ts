import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { onDisk } from "./disk.ts";
import { raise } from "./errors.ts";

/**
 * Makes this process the only owner of a folder. Raises `code` (LOG_LOCKED, STATE_LOCKED) while another process, or
 * another owner in this one, holds it; the lock of a process that is gone is cleared away.
 *
 * Every contender puts down a file of its own before it looks for others, so of two that come at once at least one sees
 * the other; clearing a dead holder's file can never take a living one's. Two at the very same moment may both be refused.
 */
export function lockFolder(dir: string, code: "LOG_LOCKED" | "STATE_LOCKED"): FolderLock {
  const name = `writer-${randomUUID()}.lock`;
  const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const hidden = join(dir, `.${name}`);
  onDisk("lock", dir, () => {
    writeFileSync(hidden, JSON.stringify(holder));
    renameSync(hidden, join(dir, name));
  });
  for (const other of readdirSync(dir).filter((file) => LOCK.test(file) && file !== name)) {
    const held = readHolder(join(dir, other));
    if (held === undefined) continue;
    if (isGone(held)) rmSync(join(dir, other), { force: true });
    else {
      rmSync(join(dir, name));
      raise(code, { dir, pid: held.pid, host: held.host, file: join(dir, other) });
    }
  }
  return { release: () => rmSync(join(dir, name), { force: true }) };
}

/** The right to a folder, until `release`. */
export interface FolderLock {
  release(): void;
}

/** The process that holds a folder now; undefined for none that is alive, as far as can be known. */
export function holderOf(dir: string): { readonly pid: number; readonly host: string } | undefined {
  if (!existsSync(dir)) return undefined;
  const held = readdirSync(dir).flatMap((file) => (LOCK.test(file) ? (readHolder(join(dir, file)) ?? []) : []));
  return held.find((holder) => !isGone(holder));
}

const LOCK = /^writer-.*\.lock$/;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same id; empty where the system does not say. */
  readonly started: string;
}

/** Who put the file down cannot be told, so nobody can know that they are gone. */
const UNKNOWN: Holder = { pid: 0, host: "unknown", started: "" };

function readHolder(path: string): Holder | undefined {
  try {
    const { pid, host, started } = Object(JSON.parse(readFileSync(path, "utf8")));
    if (Number.isSafeInteger(pid) && typeof host === "string" && typeof started === "string")
      return { pid, host, started };
    return UNKNOWN;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return UNKNOWN;
  }
}

/** Only a process of this machine can be known to be gone. */
function isGone(holder: Holder): boolean {
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  return holder.started !== "" && holder.started !== startOf(holder.pid);
}

/** Boot and start time of a process, from Linux's /proc; empty elsewhere. A zombie has neither. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return fields[0] === "Z" ? "" : `${boot}/${fields[19]}`;
  } catch {
    return "";
  }
}
