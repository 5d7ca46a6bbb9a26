import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { compressFrameSync } from "lz4-napi";
import { compressSync } from "snappy";
import { describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import { codecNumber, decompress, maxDecompressedBytes } from "./codecs.ts";
import { type Compression, compress } from "./compress.ts";
import { RecordPool } from "./record-pool.ts";

const place = { topic: "payments", partition: 2, offset: 70 };

/** Frames as different libraries write them. */
const writers: Readonly<Record<string, readonly [codec: number, compress: (bytes: Buffer) => Buffer]>> = {
  gzip: [codecNumber.gzip, (bytes) => gzipSync(bytes)],
  "snappy, one block": [codecNumber.snappy, (bytes) => compressSync(bytes)],
  "snappy, framed by xerial": [codecNumber.snappy, xerial],
  "lz4 by lz4_flex": [codecNumber.lz4, (bytes) => compressFrameSync(bytes)],
  "lz4 with checksums": [
    codecNumber.lz4,
    (bytes) => compressFrameSync(bytes, { contentChecksum: true, blockChecksums: true }),
  ],
  zstd: [codecNumber.zstd, (bytes) => zstdCompressSync(bytes)],
};
for (const name of ["gzip", "snappy", "lz4", "zstd"] satisfies Compression[]) {
  Object.assign(writers, {
    [`${name} as written here`]: [codecNumber[name], (bytes: Buffer) => compress(bytes, name)],
  });
}

describe.each(Object.entries(writers))("%s", (_, [codec, compressed]) => {
  it("gives back what was compressed", () => {
    const texts = fc.oneof(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.nat(200_000).map((length) => new Uint8Array(length).fill(7)),
    );
    fc.assert(
      fc.property(texts, (bytes) => {
        const back = decompressed(codec, compressed(Buffer.from(bytes)));
        expect(Buffer.compare(back, Buffer.from(bytes))).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it("is refused when it would take too much memory, before it does", () => {
    const bomb = compressed(Buffer.alloc(20 * 1024 * 1024));
    const memory = process.memoryUsage().arrayBuffers;
    expect(() => decompressed(codec, bomb, 8 * 1024 * 1024)).toThrow(
      /^Topic payments, partition 2, has a batch at offset 70 that takes .* bytes; at most 8388608 are read\./,
    );
    expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(12 * 1024 * 1024);
  });

  it("is called damaged, or read as something else, when bytes change; nothing else happens", () => {
    const sound = compressed(Buffer.from("payment 17 captured, payment 18 captured".repeat(50)));
    const change = fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = Buffer.from(sound);
        for (const { at, byte } of changes) changed[at] = byte;
        try {
          decompressed(codec, changed);
        } catch (error) {
          expect(isError(error, "KAFKA_CORRUPT") || isError(error, "KAFKA_BATCH_TOO_LARGE")).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
    expect(decompressed(codec, sound).toString()).toMatch(/^payment 17/);
  });
});

it("names a codec that it does not know", () => {
  expect(() => decompressed(5, Buffer.alloc(3))).toThrow(/at offset 70 in compression codec 5, which cannot be read/);
});

it("says that there is no memory where there is none, and keeps what it has", () => {
  const pool = new RecordPool();
  const start = pool.add(Buffer.from("payment 17"));
  const request = { codec: codecNumber.lz4, bytes: lz4OfBlocks(1_025), place, limit: Number.POSITIVE_INFINITY };
  expect(() => decompress(request, pool)).toThrow(expect.objectContaining({ code: "KAFKA_MEMORY_REFUSED" }));
  expect(pool.bytes.toString("latin1", start, pool.length)).toBe("payment 17");
});

function decompressed(codec: number, bytes: Buffer, limit = maxDecompressedBytes): Buffer {
  const pool = new RecordPool();
  const start = decompress({ codec, bytes, place, limit }, pool);
  return pool.bytes.subarray(start, pool.length);
}

/** So many blocks of up to 4 MB: of more than 1,024, the records may need more memory than WebAssembly has. */
function lz4OfBlocks(count: number): Buffer {
  const literals = [0x10, 0x61];
  const block = Buffer.from([literals.length, 0, 0, 0, ...literals]);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0]),
    ...Array(count).fill(block),
    Buffer.alloc(4),
  ]);
}

/** Blocks of 32 kB, as Kafka's Java clients write them. */
function xerial(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let at = 0; at < bytes.length; at += 32_768) {
    const block = compressSync(bytes.subarray(at, at + 32_768));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}
