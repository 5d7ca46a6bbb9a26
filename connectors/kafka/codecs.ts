import { gunzipSync, zstdDecompressSync } from "node:zlib";
import snappy from "snappy";
import { CountercheckError, isError, messageOf, raise } from "../../base/errors.ts";
import { parseLz4Frame } from "./lz4/frame.ts";
import type { RecordPool } from "./record-pool.ts";

/** Where a batch lies, for messages. */
export interface BatchPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** More than this, decompressed, no producer sends: a batch is at most `max.message.bytes` (1 MB by default) compressed. */
export const maxDecompressedBytes = 64 * 1024 * 1024;

/** The codecs by their number in a batch's attributes. */
export const codecNumber = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** What is to be decompressed: `bytes` of a batch at a place, to no more than `limit` bytes. */
export interface CompressedRecords {
  readonly codec: number;
  readonly bytes: Buffer;
  readonly place: BatchPlace;
  readonly limit: number;
}

/**
 * Adds the records of a compressed batch to a pool; gives where they begin. KAFKA_CORRUPT where they are not what the codec
 * writes, KAFKA_BATCH_TOO_LARGE where they would take more than the limit, KAFKA_FORMAT_UNSUPPORTED for another codec,
 * KAFKA_MEMORY_REFUSED.
 */
export function decompress({ codec, bytes, place, limit }: CompressedRecords, pool: RecordPool): number {
  try {
    switch (codec) {
      case codecNumber.gzip:
        return pool.add(gunzipSync(bytes, { maxOutputLength: limit }));
      case codecNumber.snappy:
        return pool.add(unsnappy(bytes, limit, place));
      case codecNumber.lz4: {
        const frame = parseLz4Frame(bytes);
        requireWithin(frame.bound, limit, place);
        return pool.addLz4(bytes, frame);
      }
      case codecNumber.zstd:
        return pool.add(zstdDecompressSync(bytes, { maxOutputLength: limit }));
      default:
        return raise("KAFKA_FORMAT_UNSUPPORTED", { ...place, format: `compression codec ${codec}` });
    }
  } catch (error) {
    if (isError(error)) throw error;
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") tooLarge(`more than ${limit}`, limit, place);
    const reason = `its compressed records cannot be read (${messageOf(error)})`;
    throw new CountercheckError("KAFKA_CORRUPT", { ...place, reason }, { cause: error });
  }
}

/** Snappy as one block, or in the framing of snappy-java, which Kafka's Java clients write: a header, then blocks with lengths. */
function unsnappy(bytes: Buffer, limit: number, place: BatchPlace): Uint8Array {
  if (!isXerial(bytes)) {
    requireWithin(snappyLength(bytes, 0), limit, place);
    return unsnappyBlock(bytes);
  }
  let total = 0;
  forEachXerialBlock(bytes, (start) => {
    total += snappyLength(bytes, start);
    requireWithin(total, limit, place);
  });
  const out = Buffer.allocUnsafe(total);
  let at = 0;
  forEachXerialBlock(bytes, (start, end) => {
    const block = unsnappyBlock(bytes.subarray(start, end));
    out.set(block, at);
    at += block.length;
  });
  return out;
}

/** The binding's output outside of V8's heap costs five times as much as a copy of it. */
const COPY = { copyOutputData: true } as const;

function unsnappyBlock(bytes: Uint8Array): Uint8Array {
  return snappy.uncompressSync(bytes, COPY) as Buffer;
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** Magic, version, oldest compatible version. */
const XERIAL_HEADER_BYTES = 16;

function isXerial(bytes: Buffer): boolean {
  return bytes.length >= XERIAL_HEADER_BYTES && bytes.compare(XERIAL_MAGIC, 0, 8, 0, 8) === 0;
}

function forEachXerialBlock(bytes: Buffer, visit: (start: number, end: number) => void): void {
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const start = at + 4;
    const end = start + bytes.readInt32BE(at);
    if (end < start || end > bytes.length) throw new RangeError("a block of snappy goes past the batch");
    visit(start, end);
    at = end;
  }
}

/** A block of snappy begins with its length, uncompressed, as a varint. */
function snappyLength(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let shift = 1; shift <= 2 ** 28; shift *= 128) {
    const byte = bytes[at++] ?? 0;
    length += (byte & 127) * shift;
    if (byte < 128) break;
  }
  return length;
}

function requireWithin(bytes: number, limit: number, place: BatchPlace): void {
  if (bytes > limit) tooLarge(bytes, limit, place);
}

function tooLarge(bytes: number | string, limit: number, place: BatchPlace): never {
  raise("KAFKA_BATCH_TOO_LARGE", { ...place, bytes, limit });
}
