import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";

/** A record to put into a batch that a test reads; its offset is that of the batch plus `delta`. */
export interface TestRecord {
  readonly delta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** What a test batch says of itself; all but the records may be left out. */
export interface TestBatch {
  readonly records: readonly TestRecord[];
  readonly baseOffset?: number;
  /** Default: that of the last record; more where compaction took records away. */
  readonly lastDelta?: number;
  readonly codec?: keyof typeof codecs;
  readonly producerId?: number;
  readonly attributes?: number;
  readonly leaderEpoch?: number;
}

const require = createRequire(import.meta.url);
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0");
const encodeRecord = require("kafkajs/src/protocol/recordBatch/record/v0");
const crc32c: (bytes: Buffer) => number = require("kafkajs/src/protocol/recordBatch/crc32C");
const Long = require("kafkajs/src/utils/long");

const codecs = {
  none: { bits: 0, compress: (bytes: Buffer) => bytes },
  gzip: { bits: 1, compress: (bytes: Buffer) => gzipSync(bytes) },
  snappy: { bits: 2, compress: (bytes: Buffer) => Buffer.from(compressionsAlgorithms.snappy.compressSync(bytes)) },
  lz4: { bits: 3, compress: (bytes: Buffer) => Buffer.from(compressionsAlgorithms.lz4.compressSync(bytes)) },
  zstd: { bits: 4, compress: (bytes: Buffer) => zstdCompressSync(bytes) },
};

/** All that a batch may be compressed with. */
export const codecNames = Object.keys(codecs) as (keyof typeof codecs)[];

export const transactional = 16;
export const control = 32;
export const appendTime = 8;

/** A batch as the log keeps it, encoded by kafkajs; compression and the rarer attributes are put in afterwards. */
export async function encodeBatch(batch: TestBatch): Promise<Buffer> {
  const { records, baseOffset = 0, codec = "none", producerId = -1, leaderEpoch = 0 } = batch;
  const firstTimestamp = records[0]?.timestamp ?? 0;
  const { buffer } = await RecordBatch({
    firstOffset: Long.fromValue(baseOffset),
    firstTimestamp,
    maxTimestamp: Math.max(firstTimestamp, ...records.map(({ timestamp }) => timestamp)),
    partitionLeaderEpoch: leaderEpoch,
    lastOffsetDelta: batch.lastDelta ?? records.at(-1)?.delta ?? 0,
    producerId: Long.fromValue(producerId),
    records: records.map(({ delta, timestamp, key, value, headers }) =>
      encodeRecord({ offsetDelta: delta, timestampDelta: timestamp - firstTimestamp, key, value, headers }),
    ),
  });
  const packed = Buffer.concat([buffer.subarray(0, 61), codecs[codec].compress(buffer.subarray(61))]);
  packed.writeInt32BE(packed.length - 12, 8);
  packed.writeInt16BE((batch.attributes ?? 0) | codecs[codec].bits, 21);
  return resealed(packed);
}

/** The marker that ends a transaction: a control batch with the one record that says how. */
export function encodeMarker(baseOffset: number, producerId: number, ending: "abort" | "commit"): Promise<Buffer> {
  const key = Buffer.from([0, 0, 0, ending === "commit" ? 1 : 0]);
  const records = [{ delta: 0, key, value: Buffer.alloc(6), timestamp: 1_700_000_000_000, headers: {} }];
  return encodeBatch({ records, baseOffset, producerId, attributes: transactional | control });
}

/** The batch with the checksum that fits its bytes. */
export function resealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** Records that only differ in their key: `names[i]` at offset `i` of the batch. */
export function namedRecords(...names: readonly string[]): TestRecord[] {
  return names.map((name, delta) => {
    return {
      delta,
      key: Buffer.from(name),
      value: Buffer.from("v"),
      timestamp: 1_700_000_000_000 + delta,
      headers: {},
    };
  });
}
