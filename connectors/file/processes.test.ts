import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { EndMarker, FileLogReader } from "./reader.ts";
import { emptyFolder, newLog, openLog, plain, readValues, record } from "./test-log.ts";
import { FileLogWriter } from "./writer.ts";

const locked = expect.objectContaining({ code: "LOG_LOCKED" });

/** Starts a process that appends to partition 0 of `events`; see append-child.ts. */
function appendInChild(
  dir: string,
  count: number,
  every: number,
  finallyDo: "end" | "crash" | "hold",
  limitKiB?: number,
): ChildProcess {
  const script = fileURLToPath(new URL("./append-child.ts", import.meta.url));
  const limit = limitKiB === undefined ? "" : `ulimit -S -f ${limitKiB}; `;
  const child = spawn("bash", [
    "-c",
    `${limit}exec "$0" "$@"`,
    process.execPath,
    script,
    dir,
    `${count}`,
    `${every}`,
    finallyDo,
  ]);
  child.stderr.pipe(process.stderr);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

describe("a reader in another process", () => {
  it("follows a log to its end while it is written", async () => {
    const dir = emptyFolder();
    newLog(dir, 2).close();
    const reader = new FileLogReader(dir, "events", 0);
    appendInChild(dir, 60_000, 300, "end");
    const values: (string | null)[] = [];
    let polls = 0;
    for (let read = reader.read(8192); !(read instanceof EndMarker); read = reader.read(8192)) {
      expect(reader.endOffset()).toBeGreaterThanOrEqual(reader.offset);
      if (read !== null) values.push(...plain(read).map((each) => each.value));
      else await setTimeout(1);
      polls += read === null ? 1 : 0;
    }
    expect(values).toEqual(numbers(60_000));
    expect(polls, "the reader was never ahead of the writer").toBeGreaterThan(3);
    reader.close();
  });
});

describe("the lock", () => {
  it("refuses a second writer in the same process, until the first is closed", () => {
    const dir = emptyFolder();
    const first = newLog(dir);
    expect(() => new FileLogWriter(dir)).toThrow(locked);
    first.append("events", 0, record("still works"));
    first.close();
    openLog(dir).close();
    expect(readdirSync(dir)).toEqual(["events"]);
  });

  it("refuses a second process and names the first, until that is killed", async () => {
    const dir = emptyFolder();
    const child = appendInChild(dir, 10, 10, "hold");
    await once(child.stdout!, "data");
    expect(() => new FileLogWriter(dir)).toThrow(new RegExp(`process ${child.pid} on`));
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(openLog(dir).append("events", 0, record("mine"))).toBe(10);
  });

  it("of a process that crashed is cleared, and what it flushed is there", async () => {
    const dir = emptyFolder();
    const child = appendInChild(dir, 1_050, 100, "crash");
    await once(child, "exit");
    const writer = openLog(dir);
    writer.append("events", 0, record("next"));
    writer.flush();
    const values = readValues(new FileLogReader(dir, "events", 0));
    expect(values).toEqual([...numbers(1_000), "next"]);
  });

  it("of an earlier process with the same id is told from a living one", () => {
    const dir = emptyFolder();
    newLog(dir).close();
    const earlier = { pid: process.pid, host: hostname(), started: "an earlier boot/1" };
    writeFileSync(join(dir, "writer-1.lock"), JSON.stringify(earlier));
    openLog(dir).close();
    expect(readdirSync(dir)).toEqual(["events"]);
  });

  it("of another machine, or one that cannot be read, is never cleared", () => {
    for (const content of [JSON.stringify({ pid: 1, host: "elsewhere", started: "" }), "half writ"]) {
      const dir = emptyFolder();
      writeFileSync(join(dir, "writer-1.lock"), content);
      expect(() => new FileLogWriter(dir)).toThrow(locked);
      expect(readdirSync(dir)).toEqual(["writer-1.lock"]);
    }
  });
});

describe("a disk that is full", () => {
  it("is reported, what was written stays readable, and the writer can try again", async () => {
    const dir = emptyFolder();
    const child = appendInChild(dir, 10_000, 100, "end", 100);
    const [output] = await once(child.stdout!, "data");
    expect(String(output)).toBe("LOG_IO_FAILED\n");
    const reader = new FileLogReader(dir, "events", 0);
    const before = readValues(reader);
    expect(before.length).toBeGreaterThan(1_000);
    expect(before.length).toBe(reader.endOffset());

    child.stdin!.write("go on\n");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect([...before, ...readValues(reader)]).toEqual(numbers(10_000));
    reader.close();
  });
});
