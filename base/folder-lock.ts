import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { onDisk } from "./disk.ts";
import { raise } from "./errors.ts";

/**
 * Makes this process the only owner of a folder. Raises `code` (LOG_LOCKED, STATE_LOCKED) while another process, or
 * another owner in this one, holds it; the lock of a process that is gone is cleared away. So is that of one which took the
 * folder under a lower `rank` of the same name: it lost that to this one, wherever it runs, and must be able to tell by
 * itself that it writes no more.
 *
 * Every contender puts down a file of its own before it looks for others, so of two that come at once at least one sees
 * the other; clearing a dead holder's file can never take a living one's. Two at the very same moment may both be refused.
 */
export function lockFolder(dir: string, code: "LOG_LOCKED" | "STATE_LOCKED", rank?: Rank): FolderLock {
  const name = `writer-${randomUUID()}.lock`;
  const holder: FolderHolder = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    ...(rank && { rank }),
  };
  const outranked: FolderHolder[] = [];
  const hidden = join(dir, `.${name}`);
  onDisk("lock", dir, () => {
    writeFileSync(hidden, JSON.stringify(holder));
    renameSync(hidden, join(dir, name));
  });
  for (const other of readdirSync(dir).filter((file) => LOCK.test(file) && file !== name)) {
    const held = readHolder(join(dir, other));
    if (held === undefined) continue;
    const isOutranked = held.rank !== undefined && held.rank.name === rank?.name && held.rank.token < rank.token;
    if (isOutranked) outranked.push(held);
    if (isOutranked || isGone(held)) rmSync(join(dir, other), { force: true });
    else {
      rmSync(join(dir, name));
      raise(code, { dir, pid: held.pid, host: held.host, file: join(dir, other) });
    }
  }
  return { outranked, release: () => rmSync(join(dir, name), { force: true }) };
}

/** A right that passes from one to the next, each with a higher token than all before. */
export interface Rank {
  readonly name: string;
  readonly token: number;
}

/** The right to a folder, until `release`. */
export interface FolderLock {
  /** Those that it was taken from though they may be alive. */
  readonly outranked: readonly FolderHolder[];
  release(): void;
}

/** Takes these off another folder that they have locked. */
export function dropHolders(dir: string, holders: readonly FolderHolder[]): void {
  if (holders.length === 0 || !existsSync(dir)) return;
  const isOne = (held: FolderHolder | undefined) =>
    holders.some(({ pid, host, started }) => held?.pid === pid && held.host === host && held.started === started);
  for (const file of readdirSync(dir).filter((file) => LOCK.test(file)))
    if (isOne(readHolder(join(dir, file)))) rmSync(join(dir, file), { force: true });
}

/** The process that holds a folder now; undefined for none that is alive, as far as can be known. */
export function holderOf(dir: string): { readonly pid: number; readonly host: string } | undefined {
  if (!existsSync(dir)) return undefined;
  const held = readdirSync(dir).flatMap((file) => (LOCK.test(file) ? (readHolder(join(dir, file)) ?? []) : []));
  return held.find((holder) => !isGone(holder));
}

const LOCK = /^writer-.*\.lock$/;

/** A process that has a folder. */
export interface FolderHolder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same id; empty where the system does not say. */
  readonly started: string;
  readonly rank?: Rank;
}

/** Who put the file down cannot be told, so nobody can know that they are gone. */
const UNKNOWN: FolderHolder = { pid: 0, host: "unknown", started: "" };

function readHolder(path: string): FolderHolder | undefined {
  try {
    const { pid, host, started, rank } = Object(JSON.parse(readFileSync(path, "utf8")));
    if (Number.isSafeInteger(pid) && typeof host === "string" && typeof started === "string")
      return { pid, host, started, ...(isRank(rank) && { rank }) };
    return UNKNOWN;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return UNKNOWN;
  }
}

function isRank(value: unknown): value is Rank {
  const { name, token } = Object(value);
  return typeof name === "string" && Number.isSafeInteger(token);
}

/** Only a process of this machine can be known to be gone. */
function isGone(holder: FolderHolder): boolean {
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
