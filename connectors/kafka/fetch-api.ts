import { type API, createAPI, type Reader, ResponseError, Writer } from "@platformatic/kafka";
import { keep } from "./answer-memory.ts";
import type { AbortedTransaction } from "./record-set.ts";

/** What is wanted of one partition. */
export interface FetchPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  /** Leader epoch of the record before `offset`, −1 if unknown: the broker then tells if that record was cut off. */
  readonly lastEpoch: number;
  readonly maxBytes: number;
}

/** What is wanted of one broker. */
export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitions: readonly FetchPartition[];
}

/** What the broker answered for one partition. */
export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  /** Kafka's number, 0 for none. */
  readonly errorCode: number;
  /** The offset after the last record that all in-sync replicas have. */
  readonly highWatermark: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Where the log went another way than the reader's last epoch says, −1 where it did not. */
  readonly divergesAt: number;
  /** A part of the response's own buffer, kept: who has read it gives it back. */
  readonly records: Buffer;
}

const FETCH = 1;
const READ_COMMITTED = 1;

/**
 * Fetch requests outside of a fetch session, of committed records, by topic id, the newest version first. A parser of
 * their own: the library's one makes an object of each record, and this one keeps the response as it came.
 */
export const fetchApis: readonly API<[FetchRequest], FetchedPartition[]>[] = [17, 15, 13].map((version) =>
  createAPI<[FetchRequest], FetchedPartition[]>(
    FETCH,
    version,
    (request: FetchRequest) => encode(version, request),
    parse,
  ),
);

function encode(version: number, { maxWaitMs, maxBytes, partitions }: FetchRequest): Writer {
  const writer = Writer.create();
  if (version < 15) writer.appendInt32(-1);
  const byTopic = [...Map.groupBy(partitions, ({ topicId }) => topicId)];
  return writer
    .appendInt32(maxWaitMs)
    .appendInt32(1)
    .appendInt32(maxBytes)
    .appendInt8(READ_COMMITTED)
    .appendInt32(0)
    .appendInt32(-1)
    .appendArray(byTopic, (w, [topicId, asked]) => w.appendUUID(topicId).appendArray(asked, encodePartition))
    .appendArray([], () => undefined)
    .appendString("")
    .appendTaggedFields();
}

function encodePartition(
  writer: Writer,
  { partition, leaderEpoch, offset, lastEpoch, maxBytes }: FetchPartition,
): void {
  writer
    .appendInt32(partition)
    .appendInt32(leaderEpoch)
    .appendInt64(BigInt(offset))
    .appendInt32(lastEpoch)
    .appendInt64(-1n)
    .appendInt32(maxBytes);
}

function parse(_correlationId: number, apiKey: number, apiVersion: number, reader: Reader): FetchedPartition[] {
  const cursor = new Cursor(reader.buffer.buffer);
  cursor.at += 4;
  const errorCode = cursor.int16();
  if (errorCode !== 0) throw new ResponseError(apiKey, apiVersion, { "/": [errorCode, null] }, {});
  cursor.at += 4;
  const partitions: FetchedPartition[] = [];
  for (let topics = cursor.length(); topics > 0; topics--) {
    const topicId = cursor.uuid();
    for (let count = cursor.length(); count > 0; count--) partitions.push(parsePartition(topicId, cursor));
    cursor.tags();
  }
  return partitions;
}

function parsePartition(topicId: string, cursor: Cursor): FetchedPartition {
  const partition = cursor.int32();
  const errorCode = cursor.int16();
  const highWatermark = cursor.int64();
  // The last stable offset and the log's start.
  cursor.at += 16;
  const aborted: AbortedTransaction[] = [];
  for (let count = cursor.length(); count > 0; count--) {
    aborted.push({ producerId: cursor.int64(), firstOffset: cursor.int64() });
    cursor.tags();
  }
  aborted.sort((a, b) => a.firstOffset - b.firstOffset);
  // The replica that is nearer.
  cursor.at += 4;
  const size = Math.max(cursor.length(), 0);
  const records = cursor.bytes.subarray(cursor.at, cursor.at + size);
  cursor.at += size;
  if (size > 0) keep(records);
  return { topicId, partition, errorCode, highWatermark, aborted, divergesAt: divergence(cursor), records };
}

/** The first of a partition's tagged fields: an epoch, and where it ends. */
function divergence(cursor: Cursor): number {
  let divergesAt = -1;
  for (let fields = cursor.uint(); fields > 0; fields--) {
    const tag = cursor.uint();
    const end = cursor.uint() + cursor.at;
    if (tag === 0) {
      cursor.at += 4;
      divergesAt = cursor.int64();
    }
    cursor.at = end;
  }
  return divergesAt;
}

/** Reads Kafka's encoding off one buffer. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  /** Exact up to 2^53. */
  int64(): number {
    const high = this.int32();
    this.at += 4;
    return high * 4294967296 + this.bytes.readUInt32BE(this.at - 4);
  }

  uint(): number {
    let value = 0;
    for (let weight = 1; weight <= 2 ** 28; weight *= 128) {
      const byte = this.bytes.readUInt8(this.at++);
      value += (byte & 127) * weight;
      if (byte < 128) break;
    }
    return value;
  }

  /** Of a compact array or bytes; −1 for null. */
  length(): number {
    return this.uint() - 1;
  }

  uuid(): string {
    this.at += 16;
    const hex = this.bytes.toString("hex", this.at - 16, this.at);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  tags(): void {
    for (let fields = this.uint(); fields > 0; fields--) {
      this.uint();
      const size = this.uint();
      this.at += size;
    }
  }
}
