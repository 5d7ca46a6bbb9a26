import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FailingDisk } from "../../test/support/failing-disk.ts";
import type { LogPosition } from "./file-log.ts";
import { EndMarker, FileLogReader } from "./reader.ts";
import { emptyFolder, newLog, readAll, readValues, record } from "./test-log.ts";
import { FileLogWriter } from "./writer.ts";

/** What the log's one partition holds. */
function valuesIn(dir: string): (string | null)[] {
  const reader = new FileLogReader(dir, "events", 0);
  const values = readValues(reader);
  reader.close();
  return values;
}

describe("a log that a power cut may hit", () => {
  it("is trusted up to where it was durable; a hole behind that is cut off with all that follows", async () => {
    const dir = emptyFolder();
    const file = join(dir, "events", "0.log");
    const writer = newLog(dir);
    writer.append("events", 0, record("durable"));
    await writer.sync();
    const durable = writer.position("events", 0);
    for (const value of ["lost", "kept"]) {
      writer.append("events", 0, record(value));
      writer.flush();
    }
    writer.close();
    writeFileSync(file, readFileSync(file).fill(0, durable.bytes, durable.bytes + 40));

    expect(() => new FileLogWriter(dir)).toThrow(expect.objectContaining({ code: "LOG_CORRUPT" }));
    const next = new FileLogWriter(dir, { trusted: () => durable });
    expect(next.position("events", 0)).toEqual(durable);
    next.append("events", 0, record("again"));
    next.close();
    expect(valuesIn(dir)).toEqual(["durable", "again"]);
  });

  it("is refused where it lost what was durable", async () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    writer.append("events", 0, record("durable"));
    await writer.sync();
    const { bytes, offset } = writer.position("events", 0);
    writer.close();
    for (const wrong of [bytes + 1, 0] as const) {
      if (wrong === 0) writeFileSync(join(dir, "events", "0.log"), "");
      const trusted = (): LogPosition => ({ offset, bytes: Math.max(bytes, wrong) });
      expect(() => new FileLogWriter(dir, { trusted })).toThrow(expect.objectContaining({ code: "LOG_CORRUPT" }));
    }
  });

  it("is begun anew where even the header was lost, and only the file's length is left", async () => {
    const dir = emptyFolder();
    const file = join(dir, "events", "0.log");
    newLog(dir).close();
    writeFileSync(file, readFileSync(file).fill(0));
    expect(valuesIn(dir)).toEqual([]);
    const next = new FileLogWriter(dir);
    next.append("events", 0, record("again"));
    next.close();
    expect(valuesIn(dir)).toEqual(["again"]);
  });

  it("takes more after its end once it is opened again for that, and can end again", () => {
    const dir = emptyFolder();
    const writer = newLog(dir, 2);
    writer.append("events", 0, record("a"));
    writer.end(5);
    const again = new FileLogWriter(dir, { reopen: true });
    expect(again.append("events", 0, record("b"))).toBe(1);
    again.end(7);
    const { records, end } = readAll(new FileLogReader(dir, "events", 0));
    expect(records.map(({ value }) => value)).toEqual(["a", "b"]);
    expect(end).toEqual(new EndMarker(7));
  });

  it("holds whole records after a failure of its disk at any moment, in their order", async () => {
    const values = Array.from({ length: 5 }, (_, i) => `${i}`);
    for (let failsAt = 0; ; failsAt++) {
      const dir = emptyFolder();
      const disk = new FailingDisk(failsAt);
      let synced = 0;
      try {
        const writer = new FileLogWriter(dir, { disk });
        writer.createTopic("events", 1);
        for (const value of values) {
          writer.append("events", 0, record(value));
          await writer.sync();
          synced++;
        }
        writer.close();
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: "LOG_IO_FAILED", message: expect.stringContaining("the test says so") });
      }
      const next = new FileLogWriter(dir, { lock: () => ({ release: () => undefined }) });
      next.createTopic("events", 1);
      const held = next.nextOffset("events", 0);
      expect(held, `failing at ${failsAt}`).toBeGreaterThanOrEqual(synced);
      for (const value of values.slice(held)) next.append("events", 0, record(value));
      next.close();
      expect(valuesIn(dir), `failing at ${failsAt}`).toEqual(values);
    }
  });
});
