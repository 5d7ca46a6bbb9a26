import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataKind, encodeEndMarker, encodeFileHeader, frameHeaderBytes, sealFrame } from "./format.ts";
import { FileLogReader } from "./reader.ts";
import { emptyFolder, newLog, openLog, readAll, readValues, record } from "./test-log.ts";
import { FileLogWriter } from "./writer.ts";

const header = encodeFileHeader({ topic: "events", partition: 0, partitions: 1 });
const headerBytes = header.length;
const corrupt = expect.objectContaining({ code: "LOG_CORRUPT" });
const flushes = [["a", "bb"], ["ccc"], ["dddd", null, "f"]];

/** A log of three frames: its file's bytes, where each frame begins, and the end. */
function sample(endsAt?: number): { dir: string; file: string; bytes: Buffer; frames: number[] } {
  const dir = emptyFolder();
  const file = join(dir, "events", "0.log");
  const writer = newLog(dir);
  const frames: number[] = [];
  for (const values of flushes) {
    frames.push(readFileSync(file).length);
    for (const value of values) writer.append("events", 0, record(value, { headers: { h: "1" } }));
    writer.flush();
  }
  frames.push(readFileSync(file).length);
  if (endsAt !== undefined) writer.end(endsAt);
  writer.close();
  return { dir, file, bytes: readFileSync(file), frames };
}

describe("the tail that a dead writer left", () => {
  it("counts as not there, wherever it was cut, and the next writer goes on before it", () => {
    const { dir, file, bytes, frames } = sample();
    const starts = [headerBytes, ...frames];
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(file, bytes.subarray(0, length));
      const expected = flushes.slice(0, frames.slice(1).filter((end) => end <= length).length).flat();
      const reader = new FileLogReader(dir, "events", 0);
      expect(readValues(reader), `cut at ${length}`).toEqual(expected);
      expect(reader.endOffset()).toBe(expected.length);

      const writer = new FileLogWriter(dir);
      expect(readFileSync(file).length, `what is left of ${length}`).toBe(
        starts.findLast((start) => start <= length) ?? headerBytes,
      );
      expect(writer.append("events", 0, record("next"))).toBe(expected.length);
      writer.close();
      expect(readValues(reader), `reading on after a cut at ${length}`).toEqual(["next"]);
      expect(readValues(new FileLogReader(dir, "events", 0))).toEqual([...expected, "next"]);
      reader.close();
    }
  });

  it("may also be long enough but wrong: zeros, or garbage over several frames", () => {
    const { dir, file, bytes, frames } = sample();
    for (const fill of [0, 0xff, 0x43]) {
      for (let from = frames[1]!; from < bytes.length; from++) {
        const left = from < frames[2]! ? 2 : 3;
        writeFileSync(file, Buffer.from(bytes).fill(fill, from));
        const reader = new FileLogReader(dir, "events", 0);
        const expected = flushes.flat().slice(0, left);
        expect(reader.endOffset()).toBe(left);
        expect(readValues(reader)).toEqual(expected);
        const writer = new FileLogWriter(dir);
        expect(writer.append("events", 0, record("next"))).toBe(left);
        writer.flush();
        writer.append("events", 0, record("a longer one".repeat(20)));
        writer.close();
        expect(reader.endOffset()).toBe(left + 2);
        expect(readValues(reader)).toEqual(["next", "a longer one".repeat(20)]);
        reader.close();
      }
    }
  });
});

describe("a flipped bit", () => {
  it("is never served: before the last frame it is reported with its place, in the last it counts as a tail", () => {
    const { dir, file, bytes, frames } = sample(9);
    const starts = [0, ...frames];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(file, damaged);
      const reader = new FileLogReader(dir, "events", 0);
      const position = starts.findLast((start) => start <= bit >> 3)!;
      if (position === frames.at(-1)) {
        expect(readAll(reader), `bit ${bit}`).toMatchObject({ records: { length: 6 }, end: null });
      } else {
        const found = expect.objectContaining({
          code: "LOG_CORRUPT",
          details: expect.objectContaining({ position, topic: "events" }),
        });
        expect(() => readAll(reader), `bit ${bit}`).toThrow(found);
        if (bit % 8 === 0) expect(() => new FileLogWriter(dir), `bit ${bit}`).toThrow(found);
      }
      reader.close();
    }
  });

  it("is found in large frames as well", () => {
    const dir = emptyFolder();
    const writer = newLog(dir);
    for (let i = 0; i < 5; i++)
      writer.append("events", 0, { key: null, value: Buffer.alloc(300_000, i), timestamp: i });
    writer.end(1);
    const file = join(dir, "events", "0.log");
    const bytes = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1 - 40 * 8), (bit) => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(file, damaged);
        const reader = new FileLogReader(dir, "events", 0);
        expect(() => readAll(reader)).toThrow(corrupt);
        reader.close();
      }),
      { numRuns: 20 },
    );
  });
});

describe("a damaged frame header", () => {
  it("is told from a tail by the frame behind it, wherever that begins", () => {
    for (let size = 256 * 1024 - 120; size <= 256 * 1024; size++) {
      const dir = emptyFolder();
      const writer = newLog(dir);
      writer.append("events", 0, { key: null, value: Buffer.alloc(size), timestamp: 0 });
      writer.append("events", 0, record("behind"));
      writer.close();
      const file = join(dir, "events", "0.log");
      writeFileSync(file, readFileSync(file).fill(0, headerBytes, headerBytes + 1));
      const reader = new FileLogReader(dir, "events", 0);
      expect(() => readAll(reader), `a value of ${size} bytes`).toThrow(corrupt);
      reader.close();
    }
  });
});

describe("a file with sound checksums that is wrong all the same", () => {
  const fileWith = (...frames: Buffer[]) => Buffer.concat([header, ...frames]);
  const frame = (body: Buffer, kind: number, baseOffset: number, count: number, bodyBytes = body.length) => {
    const bytes = Buffer.concat([Buffer.alloc(frameHeaderBytes), body]);
    sealFrame(bytes, kind, bodyBytes, baseOffset, count);
    return bytes;
  };
  const oneRecord = Buffer.from("0000000000000000ffffffffffffffffffffffff", "hex");
  const overlong = Buffer.from("0000000000000000ffffffff01000000ffffffff", "hex");
  const negative = Buffer.from("0000000000000000feffffffffffffffffffffff", "hex");

  it.each([
    ["another file", Buffer.from("offset,key,value\n0,a,b\n"), /does not begin with the header/],
    [
      "an offset that repeats",
      fileWith(frame(oneRecord, dataKind, 0, 1), frame(oneRecord, dataKind, 0, 1)),
      /offset 0 where 1 was due/,
    ],
    ["a frame over the limit", fileWith(frame(oneRecord, dataKind, 0, 1, 1 << 27)), /more than the limit/],
    ["an unknown kind", fileWith(frame(oneRecord, 3, 0, 1)), /unknown kind 3/],
    ["no records", fileWith(frame(Buffer.alloc(0), dataKind, 0, 0)), /wrong size/],
    ["more records than bytes", fileWith(frame(oneRecord, dataKind, 0, 2)), /do not fill/],
    ["fewer records than bytes", fileWith(frame(Buffer.concat([oneRecord, oneRecord]), dataKind, 0, 1)), /do not fill/],
    ["a value beyond its frame", fileWith(frame(overlong, dataKind, 0, 1)), /do not fill/],
    ["a negative length", fileWith(frame(negative, dataKind, 0, 1)), /do not fill/],
    ["data behind the end", fileWith(encodeEndMarker(0, 1), Buffer.from("x")), /follows the end marker/],
  ])("is refused: %s", (_, bytes, message) => {
    const dir = emptyFolder();
    newLog(dir).close();
    writeFileSync(join(dir, "events", "0.log"), bytes);
    const reader = new FileLogReader(dir, "events", 0);
    const read = () => readAll(reader);
    expect(read).toThrow(corrupt);
    expect(read).toThrow(message);
    reader.close();
  });

  it("is not taken for damage when a newer program wrote it", () => {
    const dir = emptyFolder();
    newLog(dir).close();
    writeFileSync(join(dir, "events", "0.log"), Buffer.from("43434c470300000000000000825278c3", "hex"));
    const tooNew = expect.objectContaining({ code: "LOG_VERSION_UNSUPPORTED" });
    expect(() => readAll(new FileLogReader(dir, "events", 0))).toThrow(tooNew);
    expect(() => openLog(dir)).toThrow(tooNew);
  });
});
