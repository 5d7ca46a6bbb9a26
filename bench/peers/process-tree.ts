import { readdirSync, readFileSync } from "node:fs";

/** What processes have used and hold. */
export interface Usage {
  /** User and system time since they began, in seconds, that of children which have ended included. */
  readonly cpuSeconds: number;
  /** Resident now, in MiB; what they share counts for each. */
  readonly memoryMb: number;
}

/** Usage of processes with all that descends from them, by the name of each program (`java`, `node`). Linux only. */
export function usageOf(roots: readonly number[]): ReadonlyMap<string, Usage> {
  const usage = new Map<string, Usage>();
  for (const { program, ticks, pages } of familyOf(roots)) {
    const { cpuSeconds, memoryMb } = usage.get(program) ?? { cpuSeconds: 0, memoryMb: 0 };
    usage.set(program, {
      cpuSeconds: cpuSeconds + ticks / TICKS_PER_SECOND,
      memoryMb: memoryMb + (pages * PAGE_BYTES) / 2 ** 20,
    });
  }
  return usage;
}

/** The sum over programs. */
export function totalOf(usage: ReadonlyMap<string, Usage>): Usage {
  let [cpuSeconds, memoryMb] = [0, 0];
  for (const each of usage.values()) {
    cpuSeconds += each.cpuSeconds;
    memoryMb += each.memoryMb;
  }
  return { cpuSeconds, memoryMb };
}

/** CPU of the threads that live in processes and what descends from them, in seconds, by `program/thread`. */
export function threadSecondsOf(roots: readonly number[]): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const { pid, program } of familyOf(roots)) {
    for (const thread of list(`/proc/${pid}/task`)) {
      const status = parse(readOr(`/proc/${pid}/task/${thread}/stat`), false);
      if (status === undefined) continue;
      // What a pool numbers is one.
      const name = `${program}/${status.program.replace(/[#-]?\d+$/, "")}`;
      seconds.set(name, (seconds.get(name) ?? 0) + status.ticks / TICKS_PER_SECOND);
    }
  }
  return seconds;
}

/** What Linux has on all machines that we know of. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

function familyOf(roots: readonly number[]) {
  const all = list("/proc").flatMap((name) => (/^\d+$/.test(name) ? (statusOf(Number(name)) ?? []) : []));
  const wanted = new Set(roots);
  for (let size = -1; size !== wanted.size; ) {
    size = wanted.size;
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid);
  }
  return all.filter(({ pid }) => wanted.has(pid));
}

function statusOf(pid: number) {
  const status = parse(readOr(`/proc/${pid}/stat`), true);
  return status && { pid, ...status };
}

/** See proc(5); the name is in brackets, and may hold anything. */
function parse(text: string | undefined, withChildren: boolean) {
  if (text === undefined) return undefined;
  const end = text.lastIndexOf(")");
  const fields = text
    .slice(end + 2)
    .split(" ")
    .map(Number);
  const children = withChildren ? fields[13]! + fields[14]! : 0;
  return {
    program: nameOf(text.slice(text.indexOf("(") + 1, end)),
    parent: fields[1]!,
    ticks: fields[11]! + fields[12]! + children,
    pages: fields[21]!,
  };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A process may be gone before it is looked at. */
function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Node calls its first thread, and so the process, after what it does. */
function nameOf(command: string): string {
  return command === "MainThread" ? "node" : command;
}
