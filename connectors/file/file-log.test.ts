import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileLog } from "./file-log.ts";
import { EndMarker, FileLogReader } from "./reader.ts";
import { emptyFolder, newLog, openLog, plain, readAll, readValues, record } from "./test-log.ts";
import { FileLogWriter } from "./writer.ts";

const code = (name: string) => expect.objectContaining({ code: name });

describe("a file log", () => {
  it("gives back what was appended: nulls, empty values, headers, any text", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    const headers = { __debezium: "größer 🦆", empty: "", __proto: "x" };
    expect(
      writer.append("events", 0, {
        key: Buffer.from("ключ"),
        value: Buffer.from("🦆"),
        timestamp: 1_700_000_000_123,
        headers,
      }),
    ).toBe(0);
    expect(writer.append("events", 0, { key: Buffer.from("k"), value: null, timestamp: -1 })).toBe(1);
    writer.append("events", 0, {
      key: Buffer.alloc(0),
      value: Buffer.alloc(0),
      timestamp: -2_208_988_800_001,
      headers: {},
    });
    writer.append("events", 0, { key: null, value: null, timestamp: Number.MAX_SAFE_INTEGER });
    writer.close();

    expect(readAll(new FileLogReader(dir, "events", 0)).records).toEqual([
      { offset: 0, timestamp: 1_700_000_000_123, key: "ключ", value: "🦆", headers },
      { offset: 1, timestamp: -1, key: "k", value: null, headers: {} },
      { offset: 2, timestamp: -2_208_988_800_001, key: "", value: "", headers: {} },
      { offset: 3, timestamp: Number.MAX_SAFE_INTEGER, key: null, value: null, headers: {} },
    ]);
  });

  it("keeps a record of 16 MiB between small ones", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    const large = Buffer.alloc(16 * 1024 * 1024, "0123456789abc");
    writer.append("events", 0, record("before"));
    writer.append("events", 0, { key: null, value: large, timestamp: 0 });
    writer.append("events", 0, record("after"));
    writer.end(0);

    const reader = new FileLogReader(dir, "events", 0);
    expect(reader.endOffset()).toBe(3);
    const values: string[] = [];
    for (let read = reader.read(1000); read !== null && !(read instanceof EndMarker); read = reader.read(1000)) {
      for (let i = 0; i < read.count; i++)
        values.push(digest(read.buffer.subarray(read.valueStarts[i]!, read.valueEnds[i]!)));
    }
    expect(values).toEqual([digest(Buffer.from("before")), digest(large), digest(Buffer.from("after"))]);
    reader.close();
  });

  it("refuses a record that fits no frame, and goes on", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    const oversize = { key: null, value: Buffer.alloc(64 * 1024 * 1024), timestamp: 0 };
    expect(() => writer.append("events", 0, oversize)).toThrow(code("RECORD_TOO_LARGE"));
    expect(writer.append("events", 0, record("fits"))).toBe(0);
    writer.flush();
    expect(readValues(new FileLogReader(dir, "events", 0))).toEqual(["fits"]);
  });

  it("keeps partitions apart, and each in order", () => {
    const dir = emptyFolder();
    const writer = newLog(dir, 16);
    for (let i = 0; i < 20_000; i++) writer.append("events", i % 16, record(`value ${i}`, { timestamp: i }));
    writer.flush();
    for (let partition = 0; partition < 16; partition++) {
      const { records } = readAll(new FileLogReader(dir, "events", partition));
      expect(records.map((each) => each.timestamp)).toEqual(Array.from({ length: 1250 }, (_, n) => n * 16 + partition));
      expect(records.map((each) => each.offset)).toEqual(Array.from({ length: 1250 }, (_, n) => n));
    }
  });

  it("shows a record after flush, and reads on from there", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    const reader = new FileLogReader(dir, "events", 0);
    writer.append("events", 0, record("a"));
    expect(reader.read(100)).toBeNull();
    expect(reader.endOffset()).toBe(0);
    writer.flush();
    expect(reader.endOffset()).toBe(1);
    expect(readValues(reader)).toEqual(["a"]);
    writer.append("events", 0, record("b"));
    writer.close();
    const again = openLog(dir);
    expect(again.append("events", 0, record("c"))).toBe(2);
    again.flush();
    expect(readValues(reader)).toEqual(["b", "c"]);
    expect([reader.offset, reader.endOffset()]).toEqual([3, 3]);
  });

  it("seeks to any offset, within a frame too", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    for (let i = 0; i < 30; i++) {
      writer.append("events", 0, record(String(i)));
      if (i % 10 === 9) writer.flush();
    }
    writer.end(7);
    const reader = new FileLogReader(dir, "events", 0);
    for (const offset of [25, 0, 10, 9, 29, 30]) {
      reader.seek(offset);
      expect(reader.offset).toBe(offset);
      const { records, end } = readAll(reader);
      expect(records.map((each) => each.offset)).toEqual(Array.from({ length: 30 - offset }, (_, i) => offset + i));
      expect(end?.throughMs).toBe(7);
    }
    expect(() => reader.seek(31)).toThrow(code("LOG_OFFSET_OUT_OF_RANGE"));
    reader.close();
  });

  it("gives no more than asked for, but at least a frame", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    for (let i = 0; i < 4; i++) {
      writer.append("events", 0, record("x".repeat(48)));
      writer.flush();
    }
    const reader = new FileLogReader(dir, "events", 0);
    const counts = [1, 250, 100].map((maxBytes) => plain(reader.read(maxBytes) as never).length);
    expect(counts).toEqual([1, 2, 1]);
  });
});

describe("the end marker", () => {
  it("ends every partition, the empty ones too, and is given again and again", () => {
    const dir = emptyFolder();
    const writer = newLog(dir, 3);
    writer.append("events", 1, record("only"));
    writer.end(1_700_000_000_000);
    for (let partition = 0; partition < 3; partition++) {
      const reader = new FileLogReader(dir, "events", partition);
      expect(reader.endOffset()).toBe(partition === 1 ? 1 : 0);
      expect(readAll(reader).records).toHaveLength(partition === 1 ? 1 : 0);
      expect(reader.read(100)).toEqual(new EndMarker(1_700_000_000_000));
      expect(reader.read(100)).toEqual(new EndMarker(1_700_000_000_000));
      expect(reader.endOffset()).toBe(partition === 1 ? 1 : 0);
    }
  });

  it("is the last thing: an ended log takes nothing more, and ends only once", () => {
    const dir = emptyFolder();
    newLog(dir).end(5);
    const writer = openLog(dir);
    expect(() => writer.append("events", 0, record("late"))).toThrow(code("LOG_ENDED"));
    expect(() => writer.createTopic("more", 1)).toThrow(code("LOG_ENDED"));
    expect(() => writer.end(6)).toThrow(code("LOG_ENDED"));
    writer.end(5);
    expect(readAll(new FileLogReader(dir, "events", 0)).end).toEqual(new EndMarker(5));
  });

  it("is completed by the next writer where the last one died between two partitions", () => {
    const [half, whole] = [emptyFolder(), emptyFolder()];
    newLog(half, 2).close();
    newLog(whole, 2).end(5);
    copyFileSync(join(whole, "events", "0.log"), join(half, "events", "0.log"));
    const writer = openLog(half);
    expect(() => writer.append("events", 1, record("late"))).toThrow(code("LOG_ENDED"));
    writer.end(5);
    expect(readAll(new FileLogReader(half, "events", 1)).end).toEqual(new EndMarker(5));
  });
});

describe("topics", () => {
  it("are listed by name, beside folders that are none", () => {
    const dir = join(emptyFolder(), "new", "log");
    const writer = openLog(dir);
    writer.createTopic("maria.shop.payments", 3);
    writer.createTopic("a", 1);
    writer.createTopic("a", 1);
    mkdirSync(join(dir, "schemas"));
    mkdirSync(join(dir, ".hidden.new"));
    mkdirSync(join(dir, "notes"));
    expect(FileLog.topics(dir)).toEqual([
      { topic: "a", partitions: 1 },
      { topic: "maria.shop.payments", partitions: 3 },
    ]);
    expect(() => writer.createTopic("a", 2)).toThrow(code("TOPIC_EXISTS"));
  });

  it.each(["", ".", "..", "../out", "a/b", "a\\b", ".a", "a.", "a b", "ä", "a\n", "schemas", "x".repeat(250)])(
    "cannot be named %j",
    (name) => {
      const dir = join(emptyFolder(), "log");
      const writer = newLog(dir);
      expect(() => writer.createTopic(name, 1)).toThrow(code("TOPIC_NAME_INVALID"));
      expect(() => new FileLogReader(dir, name, 0)).toThrow(code("TOPIC_NAME_INVALID"));
      expect(readdirSync(join(dir, ".."))).toEqual(["log"]);
    },
  );

  it("that are missing are told apart from logs and partitions that are", () => {
    const dir = emptyFolder();
    const writer = newLog(dir, 2);
    expect(() => FileLog.topics(join(dir, "none"))).toThrow(code("LOG_NOT_FOUND"));
    expect(() => new FileLogReader(join(dir, "none"), "events", 0)).toThrow(code("LOG_NOT_FOUND"));
    expect(() => new FileLogReader(dir, "event", 0)).toThrow(/known: events/);
    expect(() => new FileLogReader(dir, "events", 2)).toThrow(code("PARTITION_NOT_FOUND"));
    expect(() => writer.append("event", 0, record("x"))).toThrow(code("TOPIC_NOT_FOUND"));
    expect(() => writer.append("events", 2, record("x"))).toThrow(code("PARTITION_NOT_FOUND"));
    writer.close();
    rmSync(join(dir, "events", "0.log"));
    expect(() => FileLog.topics(dir)).toThrow(code("LOG_CORRUPT"));
    expect(() => new FileLogWriter(dir)).toThrow(code("LOG_CORRUPT"));
  });

  it("know how many partitions they have, so that the loss of any is noticed", () => {
    for (const lost of [0, 1, 2]) {
      const dir = emptyFolder();
      newLog(dir, 3).end(5);
      rmSync(join(dir, "events", `${lost}.log`));
      const missing = expect.objectContaining({
        code: "LOG_CORRUPT",
        details: expect.objectContaining({ partition: lost, reason: "its file is missing, of the topic's 3" }),
      });
      expect(() => FileLog.topics(dir)).toThrow(missing);
      expect(() => new FileLogReader(dir, "events", (lost + 1) % 3)).toThrow(missing);
      expect(() => new FileLogWriter(dir)).toThrow(missing);
    }
  });

  it.each([
    ["two files swapped", "events/1.log", "events/0.log", "partition 1 of 3 of topic events"],
    ["a file of another topic", "refunds/0.log", "events/0.log", "partition 0 of 3 of topic refunds"],
    ["a file of a topic with a longer name", "refunds.of.shops/0.log", "events/0.log", "topic refunds.of.shops"],
    ["a file of another log", "../wide/events/2.log", "events/2.log", "partition 2 of 4 of topic events"],
    ["a file too many", "../wide/events/3.log", "events/3.log", "partition 3 of 4 of topic events"],
  ])("know their files: %s", (_, from, to, found) => {
    const dir = join(emptyFolder(), "log");
    const writer = newLog(dir, 3);
    writer.createTopic("refunds", 3);
    writer.createTopic("refunds.of.shops", 3);
    writer.append("events", 1, record("x"));
    writer.close();
    newLog(join(dir, "../wide"), 4).close();
    copyFileSync(join(dir, from), join(dir, to));
    const foreign = expect.objectContaining({ code: "LOG_CORRUPT", message: expect.stringContaining(found) });
    expect(() => FileLog.topics(dir)).toThrow(foreign);
    expect(() => new FileLogReader(dir, "events", 1)).toThrow(foreign);
    expect(() => new FileLogWriter(dir)).toThrow(foreign);
  });

  it("name their files anew where a power cut took a header", () => {
    const dir = emptyFolder();
    newLog(dir, 3).close();
    const whole = readFileSync(join(dir, "events", "2.log"));
    for (const left of [0, 15, 16, 31, 32, whole.length - 1]) {
      writeFileSync(join(dir, "events", "2.log"), whole.subarray(0, left));
      expect(FileLog.topics(dir)).toEqual([{ topic: "events", partitions: 3 }]);
      openLog(dir).close();
      expect(readFileSync(join(dir, "events", "2.log")), `of ${left} bytes`).toEqual(whole);
    }
  });

  it("in a path that cannot be a folder say so", () => {
    const file = join(emptyFolder(), "file");
    writeFileSync(file, "");
    expect(() => FileLog.topics(file)).toThrow(code("LOG_IO_FAILED"));
    expect(() => new FileLogWriter(file)).toThrow(code("LOG_IO_FAILED"));
  });
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
