import { crc32c } from "@node-rs/crc32";
import { Reader, readRecordsBatch } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { codecNumber } from "./codecs.ts";
import type { Compression } from "./compress.ts";
import { RecordEncoder, type RecordHeader } from "./record-encoder.ts";

const stamp = { producerId: 42n, producerEpoch: 3, baseSequence: 7, isTransactional: true };

describe("RecordEncoder", () => {
  it("stamps a batch with its writer, its place and its checksum", () => {
    const encoder = new RecordEncoder("t", "none", 1 << 20);
    encoder.append(Buffer.from("k"), Buffer.from("v"), 2000);
    encoder.append(null, null, 1000);
    const bytes = encoder.seal(stamp);
    const batch = readRecordsBatch(Reader.from(bytes));
    expect(batch).toMatchObject({
      magic: 2,
      length: bytes.length - 12,
      crc: crc32c(bytes.subarray(21)),
      attributes: 0x10,
      lastOffsetDelta: 1,
      firstTimestamp: 2000n,
      maxTimestamp: 2000n,
      producerId: 42n,
      producerEpoch: 3,
      firstSequence: 7,
    });
    expect(encoder.count).toBe(0);
  });

  it("writes what another decoder reads, in every compression", () => {
    for (const compression of Object.keys(codecNumber) as Compression[]) {
      const random = seededRandom(`encoder ${compression}`);
      const records = Array.from({ length: 300 }, (_, i) => randomRecord(random.fork(`${i}`)));
      const encoder = new RecordEncoder("t", compression, 4 << 20);
      for (const r of records) expect(encoder.append(r.key, r.value, r.timestamp, r.headers)).toBe(true);
      const batch = readRecordsBatch(Reader.from(encoder.seal(stamp)));
      expect(batch.attributes, compression).toBe(codecNumber[compression] | 0x10);
      expect(batch.records.length).toBe(records.length);
      batch.records.forEach((read, i) => {
        const { key, value, timestamp, headers } = records[i]!;
        expect(batch.firstTimestamp + read.timestampDelta).toBe(BigInt(timestamp));
        expect(read.offsetDelta).toBe(i);
        expect(plain(read.key)).toEqual(plain(key));
        expect(plain(read.value)).toEqual(plain(value));
        expect([...read.headers].map(([name, bytes]) => [String(name), plain(bytes)])).toEqual(
          headers.map(({ name, value: bytes }) => [name, plain(bytes)]),
        );
      });
    }
  });

  it("asks for a seal when a batch is full, and goes on with an empty one", () => {
    const encoder = new RecordEncoder("t", "none", 1000);
    const value = Buffer.alloc(300);
    let appended = 0;
    while (encoder.append(null, value, 1)) appended++;
    expect(appended).toBe(3);
    expect(encoder.seal(stamp).length).toBeLessThanOrEqual(1000);
    expect(encoder.append(null, value, 1)).toBe(true);
    expect(encoder.count).toBe(1);
  });

  it("refuses a record that no batch could hold", () => {
    const encoder = new RecordEncoder("t", "lz4", 1000);
    expect(() => encoder.append(null, Buffer.alloc(1000), 1)).toThrow(
      expect.objectContaining({ code: "KAFKA_RECORD_TOO_LARGE" }),
    );
    expect(encoder.append(null, Buffer.alloc(10), 1)).toBe(true);
  });

  it("keeps incompressible records apart from lz4's gains", () => {
    const random = seededRandom("noise");
    const noise = Buffer.from(Array.from({ length: 70_000 }, () => random.below(256)));
    const encoder = new RecordEncoder("t", "lz4", 1 << 20);
    encoder.append(null, noise, 1);
    const read = readRecordsBatch(Reader.from(encoder.seal(stamp))).records[0]!;
    expect(Buffer.compare(read.value as Buffer, noise)).toBe(0);
  });
});

type Random = ReturnType<typeof seededRandom>;

function randomRecord(random: Random) {
  const bytes = (most: number) => (random.chance(0.1) ? null : randomBytes(random, most));
  const headers: RecordHeader[] = [];
  for (let n = random.below(3); n > 0; n--)
    headers.push({ name: random.pick(["", "a", "trace", "ü"]), value: bytes(20) ?? Buffer.from("x") });
  const timestamp = random.pick([0, 1_700_000_000_000, 1_700_000_000_000 + random.below(1e9), 253_402_300_799_999]);
  return { key: bytes(20), value: bytes(2_000), timestamp, headers };
}

function randomBytes(random: Random, most: number): Buffer {
  const letters = random.chance(0.5) ? 4 : 256;
  return Buffer.from(Array.from({ length: random.below(most) }, () => random.below(letters)));
}

const plain = (bytes: Uint8Array | string | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));
