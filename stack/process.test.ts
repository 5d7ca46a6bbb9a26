import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { killProcess, launch, logOf, memoryMbOf, readLog, runningPid, stopProcess, tailOf } from "./process.ts";

describe("a process of the stack", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "countercheck-process-"));
  });
  afterEach(async () => {
    await killProcess(folder, "one");
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (script: string) => launch(folder, { name: "one", command: "sh", args: ["-c", script], cwd: folder });

  it("is found by its pid file, takes memory, and stops when it is asked to", async () => {
    const pid = await start("exec sleep 100");
    expect(runningPid(folder, "one")).toBe(pid);
    // A process that has just begun has less than half a MiB.
    await expect.poll(() => memoryMbOf(pid)).toBeGreaterThan(0);
    expect(await stopProcess(folder, "one", 10)).toBe(false);
    expect(runningPid(folder, "one")).toBeUndefined();
    expect(existsSync(join(folder, "one.pid"))).toBe(false);
  });

  it("is killed when it does not stop in time", async () => {
    await start("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
    await untilLogged("deaf");
    expect(await stopProcess(folder, "one", 0.3)).toBe(true);
    expect(runningPid(folder, "one")).toBeUndefined();
  });

  it("takes its children with it when it is killed", async () => {
    await start("sleep 100 & echo $!; wait");
    await untilLogged("\n");
    const child = Number(readLog(logOf(folder, "one")));
    await killProcess(folder, "one");
    expect(isAlive(child)).toBe(false);
  });

  it("is not mistaken for another process that got its number", async () => {
    writeFileSync(join(folder, "one.pid"), JSON.stringify({ pid: process.pid, started: "1", stopSignal: "SIGKILL" }));
    expect(runningPid(folder, "one")).toBeUndefined();
    // Would kill this very test.
    await stopProcess(folder, "one", 1);
    await killProcess(folder, "one");
  });

  it("keeps the log of the time before", async () => {
    await start("echo first");
    await untilLogged("first");
    await stopProcess(folder, "one", 10);
    await start("echo second");
    await untilLogged("second");
    expect(readFileSync(`${logOf(folder, "one")}.1`, "utf8")).toBe("first\n");
  });

  it("whose program is not there is an error", async () => {
    await expect(launch(folder, { name: "one", command: "/nowhere", args: [], cwd: folder })).rejects.toThrow("ENOENT");
  });

  async function untilLogged(text: string): Promise<void> {
    await expect.poll(() => readLog(logOf(folder, "one"))).toContain(text);
  }
});

describe("the tail of a log", () => {
  it("is its last fifteen lines, on lines of their own", () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    expect(tailOf(`${lines.join("\n")}\n`)).toBe(`\n${lines.slice(5).join("\n")}`);
  });
});

function isAlive(pid: number): boolean {
  // A zombie that nobody has buried yet still has a number.
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
