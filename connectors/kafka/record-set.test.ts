import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { type AbortedTransaction, extentOf, RecordSetReader } from "./record-set.ts";
import { headersOf } from "./record-slots.ts";
import {
  appendTime,
  codecNames,
  encodeBatch,
  encodeMarker,
  namedRecords,
  resealed,
  type TestRecord,
  transactional,
} from "./test-batches.ts";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record: fc.Arbitrary<Omit<TestRecord, "delta"> & { readonly gap: number }> = fc.record({
  gap: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(200_000)),
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestamp: fc.oneof(fc.constant(1_700_000_000_000), fc.integer({ min: -1, max: 2 ** 45 })),
  headers: fc.dictionary(fc.string(), bytes, { maxKeys: 3 }),
});
const batch = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 80 }).map(placed),
  codec: fc.constantFrom(...codecNames),
});

describe("a record set", () => {
  it("gives back whatever kafkajs encoded, in any codec, and at any size of a read", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { maxLength: 5 }),
        fc.nat(2 ** 40),
        fc.integer({ min: 1, max: 30_000 }),
        async (batches, start, maxBytes) => {
          const encoded: Buffer[] = [];
          const expected: ReadRecord[] = [];
          let baseOffset = start;
          for (const { records, codec } of batches) {
            encoded.push(await encodeBatch({ records, codec, baseOffset }));
            expected.push(...records.map((one) => readable(one, baseOffset)));
            baseOffset = expected.at(-1)!.offset + 1;
          }
          const reader = readerOf(Buffer.concat(encoded), start);
          expect(readAll(reader, maxBytes)).toEqual(expected);
          expect(reader.offset).toBe(baseOffset);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("gives the whole batches of one that is cut off anywhere", async () => {
    const first = await encodeBatch({ records: namedRecords("a", "b") });
    const second = await encodeBatch({ records: namedRecords("c"), baseOffset: 2, codec: "lz4" });
    const whole = Buffer.concat([first, second]);
    for (let length = 0; length <= whole.length; length++) {
      const cut = whole.subarray(0, length);
      const names = length < first.length ? [] : length < whole.length ? ["a", "b"] : ["a", "b", "c"];
      expect(keysOf(readerOf(cut, 0))).toEqual(names);
      expect(extentOf(cut, 0).nextOffset).toBe(names.length);
    }
  });

  it("never gives a record from bytes that were flipped, and gives all before them", async () => {
    const sound = await encodeBatch({ records: namedRecords("a"), baseOffset: 0 });
    for (const codec of codecNames) {
      const damaged = await encodeBatch({ records: namedRecords("b", "c"), baseOffset: 1, codec });
      // Offset and length stand before what the checksum covers, and the leader's epoch, which brokers set.
      for (let bit = 16 * 8; bit < damaged.length * 8; bit++) {
        const flipped = Buffer.from(damaged);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const reader = readerOf(Buffer.concat([sound, flipped]), 0);
        expect(reader.next(1e6)?.count).toBe(1);
        expect(() => reader.next(1e6)).toThrow(/is damaged at offset 1: its checksum is wrong|message format v/);
        expect(() => reader.next(1e6)).toThrow();
        expect(reader.offset).toBe(1);
      }
    }
  });

  it("refuses records that do not fill their batch, though its checksum is right", async () => {
    const batch = await encodeBatch({ records: namedRecords("a", "b") });
    const random = fc.record({ at: fc.integer({ min: 57, max: batch.length - 1 }), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(random, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(batch);
        for (const { at, byte } of changes) changed[at] = byte;
        const reader = readerOf(resealed(changed), 0);
        try {
          for (const { offset } of readAll(reader, 1e6)) expect(offset).toBeLessThan(2);
        } catch (error) {
          expect(isError(error, "KAFKA_CORRUPT")).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives what lies before a batch that is refused, though all had to move to make room for it", async () => {
    const first = await encodeBatch({ records: namedRecords("a"), codec: "lz4" });
    const [b] = namedRecords("b");
    const large = { ...b!, value: Buffer.alloc(5_000_000) };
    const second = await encodeBatch({ records: [large], baseOffset: 1, codec: "lz4" });
    second.writeInt32BE(2, 57);
    const reader = readerOf(Buffer.concat([first, resealed(second)]), 0);
    const records = reader.next(1e7)!;
    expect([records.count, recordAt(records, 0).key]).toEqual([1, Buffer.from("a").toString("latin1")]);
    expect(() => reader.next(1e7)).toThrow(/its records do not fill it/);
  });

  it("passes over what lies before the offset asked for, and over offsets that compaction took", async () => {
    const [a, , c] = namedRecords("a", "b", "c");
    const compacted = await encodeBatch({ records: [a!, c!], lastDelta: 9, codec: "gzip" });
    const empty = await encodeBatch({ records: [], baseOffset: 10, lastDelta: 4 });
    const reader = readerOf(Buffer.concat([compacted, empty]), 1);
    expect(readAll(reader, 1e6).map(({ offset }) => offset)).toEqual([2]);
    expect(reader.offset).toBe(15);
    expect(extentOf(Buffer.concat([compacted, empty]), 1).nextOffset).toBe(15);
  });

  it("shows when the broker took a batch where the topic keeps that", async () => {
    const records = namedRecords("a", "b", "c");
    const set = await encodeBatch({ records, attributes: appendTime });
    expect(readAll(readerOf(set, 0), 1e6).map(({ timestamp }) => timestamp)).toEqual(Array(3).fill(1_700_000_000_002));
  });

  it.each([0, 1, 3])("names the format v%i, which it does not read", async (magic) => {
    const set = await encodeBatch({ records: namedRecords("a"), baseOffset: 7 });
    set[16] = magic;
    expect(() => readerOf(set, 7).next(1e6)).toThrow(
      `Topic t, partition 3, has records at offset 7 in message format v${magic}, which cannot be read.`,
    );
  });

  it("gives headers as text: of several with one name the last, without a value as nothing", async () => {
    const [a] = namedRecords("a");
    const headers = {
      "__debezium.newkey": Buffer.from("k"),
      ü: [Buffer.from("1"), Buffer.from("2")],
      op: Buffer.from("z"),
    };
    const set = await encodeBatch({ records: [{ ...a!, headers: headers as never }] });
    const read = readerOf(set, 0).next(1)!;
    expect(headersOf(read, 0)).toEqual({ "__debezium.newkey": "k", ü: "2", op: "z" });
    // The last header's value becomes null, and its byte the next record's.
    (read.buffer as Buffer).writeInt8(1, set.length - 2);
    read.headerEnds[0]!--;
    expect(headersOf(read, 0)).toMatchObject({ op: "" });
  });
});

describe("a record set with transactions", () => {
  it("leaves out the records of those that were aborted, and all markers", async () => {
    const set = Buffer.concat([
      await inTransaction(1, 0, "aborted 1"),
      await inTransaction(2, 1, "kept"),
      await encodeBatch({ records: namedRecords("plain"), baseOffset: 2 }),
      await encodeMarker(3, 1, "abort"),
      await inTransaction(1, 4, "kept too"),
      await encodeMarker(5, 2, "commit"),
      await encodeMarker(6, 1, "commit"),
      await inTransaction(1, 7, "aborted 2"),
      await encodeMarker(8, 1, "abort"),
    ]);
    const aborted = [
      { producerId: 1, firstOffset: 0 },
      { producerId: 1, firstOffset: 7 },
    ];
    const reader = readerOf(set, 0, aborted);
    expect(keysOf(reader)).toEqual(["kept", "plain", "kept too"]);
    expect(reader.offset).toBe(9);
  });

  it("knows of one that began in an earlier set, and of one that ends in a later one", async () => {
    const middle = Buffer.concat([await inTransaction(1, 50, "aborted"), await inTransaction(2, 51, "kept")]);
    const reader = readerOf(middle, 50, [{ producerId: 1, firstOffset: 3 }]);
    expect(keysOf(reader)).toEqual(["kept"]);
    const end = Buffer.concat([await encodeMarker(52, 1, "abort"), await inTransaction(1, 53, "next")]);
    reader.reset({ bytes: end, fromOffset: 52, aborted: [{ producerId: 1, firstOffset: 3 }] });
    expect(keysOf(reader)).toEqual(["next"]);
  });

  it("goes forward over a set that has no record to show", async () => {
    const set = Buffer.concat([await inTransaction(1, 0, "aborted"), await encodeMarker(1, 1, "abort")]);
    const reader = readerOf(set, 0, [{ producerId: 1, firstOffset: 0 }]);
    expect(reader.next(1e6)).toBeNull();
    expect(reader.offset).toBe(2);
  });
});

/** A record as a test compares it. */
interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string>;
}

function inTransaction(producerId: number, baseOffset: number, name: string): Promise<Buffer> {
  return encodeBatch({ records: namedRecords(name), baseOffset, producerId, attributes: transactional });
}

function readerOf(set: Buffer, fromOffset: number, aborted: readonly AbortedTransaction[] = []): RecordSetReader {
  const reader = new RecordSetReader("t", 3);
  reader.reset({ bytes: set, fromOffset, aborted });
  return reader;
}

function keysOf(reader: RecordSetReader): (string | null)[] {
  return readAll(reader, 1e6).map(({ key }) => key && Buffer.from(key, "latin1").toString());
}

function readAll(reader: RecordSetReader, maxBytes: number): ReadRecord[] {
  const all: ReadRecord[] = [];
  for (;;) {
    const records = reader.next(maxBytes);
    if (records === null) return all;
    for (let i = 0; i < records.count; i++) all.push(recordAt(records, i));
  }
}

function recordAt(records: RecordBatch, i: number): ReadRecord {
  return {
    offset: records.offsets[i]!,
    timestamp: records.timestamps[i]!,
    key: textAt(records, records.keyStarts[i]!, records.keyEnds[i]!),
    value: textAt(records, records.valueStarts[i]!, records.valueEnds[i]!),
    headers: headersOf(records, i),
  };
}

function textAt({ buffer }: RecordBatch, start: number, end: number): string | null {
  return start < 0 ? null : Buffer.from(buffer.subarray(start, end)).toString("latin1");
}

/** Gives every record an offset behind the one before. */
function placed(records: readonly (Omit<TestRecord, "delta"> & { readonly gap: number })[]): TestRecord[] {
  let next = 0;
  return records.map(({ gap, ...rest }) => {
    const delta = next + gap;
    next = delta + 1;
    return { delta, ...rest };
  });
}

function readable({ delta, timestamp, key, value, headers }: TestRecord, baseOffset: number): ReadRecord {
  return {
    offset: baseOffset + delta,
    timestamp,
    key: key?.toString("latin1") ?? null,
    value: value?.toString("latin1") ?? null,
    headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, bytes.toString()])),
  };
}
