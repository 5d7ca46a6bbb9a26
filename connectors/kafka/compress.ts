import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressSync as lz4Sync } from "lz4-napi";
import { compressSync as snappySync } from "snappy";
import type { codecNumber } from "./codecs.ts";

/** How a record batch may be compressed, under Kafka's own names. */
export type Compression = keyof typeof codecNumber;

/**
 * The records of a batch, compressed as Java's clients expect: snappy in the framing of xerial's library, lz4 in its
 * frame format with independent blocks. With `none` it is `records` itself; otherwise the caller owns the result.
 */
export function compress(records: Buffer, compression: Compression): Buffer {
  switch (compression) {
    case "none":
      return records;
    case "gzip":
      return gzipSync(records);
    case "snappy":
      return xerialFrame(snappySync(records));
    case "lz4":
      return lz4Frame(records);
    case "zstd":
      return zstdCompressSync(records);
  }
}

/** Magic, then its version and the oldest that can read it. */
const xerialHeader = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

function xerialFrame(block: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(block.length);
  return Buffer.concat([xerialHeader, length, block]);
}

/** Magic; version 1 with independent blocks and no checksums; blocks of at most 1 MiB; checksum of these two bytes. */
const lz4Header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x60, 0x51]);
const lz4EndMark = Buffer.alloc(4);
const lz4BlockBytes = 1 << 20;
/** The library's blocks begin with the length that they decompress to. */
const lz4Prefix = 4;
const lz4IsStored = 0x80000000;

/** Framed here, since the library's own frames take three times the CPU. */
function lz4Frame(records: Buffer): Buffer {
  const parts: Buffer[] = [lz4Header];
  for (let at = 0; at < records.length; at += lz4BlockBytes) {
    const raw = records.subarray(at, at + lz4BlockBytes);
    const block = lz4Sync(raw).subarray(lz4Prefix);
    const isStored = block.length >= raw.length;
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(isStored ? (raw.length | lz4IsStored) >>> 0 : block.length);
    parts.push(length, isStored ? raw : block);
  }
  parts.push(lz4EndMark);
  return Buffer.concat(parts);
}
