import { readFileSync } from "node:fs";

/** The most memory that this process ever held, in MiB; the system's own figure, which also counts what was given back. */
export function peakMemoryMb(): number {
  const status = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return Math.round((peak === undefined ? process.resourceUsage().maxRSS : Number(peak)) / 1024);
}
