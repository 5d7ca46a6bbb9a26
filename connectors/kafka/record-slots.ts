import { CountercheckError } from "../../base/errors.ts";
import { RecordArrays, type RecordBatch } from "../../base/record-batch.ts";

/** A record cannot take less: seven varints of one byte. */
const MIN_RECORD_BYTES = 7;

/** Records of one partition, filled from the record batches of Kafka. */
export class KafkaRecordSlots extends RecordArrays {
  /**
   * Adds `count` records that fill `bytes` from `at` up to `end`; those below `fromOffset` are passed over. Timestamps
   * are `baseTimestamp` and each record's own distance, or `appendTime`, where it is none of −1, for all. False where
   * the bytes are not laid out as so many records of ascending offsets up to `lastOffset`.
   */
  add(bytes: Uint8Array, at: number, end: number, batch: RecordsInBatch, fromOffset: number): boolean {
    const { count, baseOffset, lastOffset, baseTimestamp, appendTime } = batch;
    if (count < 0 || count * MIN_RECORD_BYTES > end - at) return false;
    this.reserve(this.count + count);
    const { offsets, timestamps, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts, headerEnds } = this;
    let slot = this.count;
    let before = baseOffset - 1;
    for (let i = 0; i < count; i++) {
      const length = varint(bytes, at);
      const recordEnd = cursor + length;
      if (length < MIN_RECORD_BYTES - 1 || recordEnd > end) return false;
      const timestamp = baseTimestamp + varlong(bytes, cursor + 1);
      const offset = baseOffset + varint(bytes, cursor);
      if (offset <= before || offset > lastOffset) return false;
      before = offset;
      const keyBytes = varint(bytes, cursor);
      const keyAt = cursor;
      if (keyBytes < -1 || keyBytes > recordEnd - keyAt) return false;
      const keyEnd = keyBytes < 0 ? keyAt : keyAt + keyBytes;
      const valueBytes = varint(bytes, keyEnd);
      const valueAt = cursor;
      if (valueBytes < -1 || valueBytes > recordEnd - valueAt) return false;
      const valueEnd = valueBytes < 0 ? valueAt : valueAt + valueBytes;
      const headers = varint(bytes, valueEnd);
      if (headers < 0 || cursor > recordEnd || (headers === 0 && cursor !== recordEnd)) return false;
      if (offset >= fromOffset) {
        offsets[slot] = offset;
        timestamps[slot] = appendTime === -1 ? timestamp : appendTime;
        keyStarts[slot] = keyBytes < 0 ? -1 : keyAt;
        keyEnds[slot] = keyEnd;
        valueStarts[slot] = valueBytes < 0 ? -1 : valueAt;
        valueEnds[slot] = valueEnd;
        headerStarts[slot] = headers === 0 ? -1 : valueEnd;
        headerEnds[slot] = recordEnd;
        slot++;
      }
      at = recordEnd;
    }
    if (at !== end) return false;
    this.count = slot;
    return true;
  }
}

/** What the header of a Kafka batch says of its records. */
export interface RecordsInBatch {
  readonly count: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly baseTimestamp: number;
  /** When the broker took the batch, where the topic keeps that instead of the producer's times; else −1. */
  readonly appendTime: number;
}

/**
 * Headers of record i of a batch that a `KafkaPartitionReader` gave, as text; empty where it has none, and of several
 * with one name the last. A null value reads as "". Decoded anew at every call. KAFKA_CORRUPT where they are not laid
 * out as headers.
 */
export function headersOf(records: RecordBatch, i: number): Record<string, string> {
  const start = records.headerStarts[i]!;
  if (start < 0) return {};
  const end = records.headerEnds[i]!;
  const { buffer, byteOffset, byteLength } = records.buffer;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const headers: [string, string][] = [];
  let at = start;
  const text = (mayBeNull: boolean): string => {
    const length = varint(bytes, at);
    at = cursor;
    if (length === -1 && mayBeNull) return "";
    if (length < 0 || length > end - at) throw corruptHeaders(records, i);
    at += length;
    return bytes.toString("utf8", at - length, at);
  };
  let left = varint(bytes, at);
  at = cursor;
  for (; left > 0 && at < end; left--) headers.push([text(false), text(true)]);
  if (left !== 0 || at !== end) throw corruptHeaders(records, i);
  return Object.fromEntries(headers);
}

function corruptHeaders({ topic, partition, offsets }: RecordBatch, i: number): CountercheckError {
  const reason = "its headers are not laid out as such";
  return new CountercheckError("KAFKA_CORRUPT", { topic, partition, offset: offsets[i]!, reason });
}

/** Where the last varint ended: a second result without an object. */
let cursor = 0;

/** A signed varint of 32 bits. */
function varint(bytes: Uint8Array, at: number): number {
  let raw = bytes[at++]!;
  if (raw > 127) {
    let byte = bytes[at++]!;
    raw = (raw & 127) | ((byte & 127) << 7);
    for (let shift = 14; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[at++]!;
      raw |= (byte & 127) << shift;
    }
  }
  cursor = at;
  return (raw >>> 1) ^ -(raw & 1);
}

/** A signed varint of 64 bits, exact up to 2^53. */
function varlong(bytes: Uint8Array, at: number): number {
  let byte = bytes[at++]!;
  let raw = byte & 127;
  for (let weight = 128; byte > 127 && weight < 2 ** 70; weight *= 128) {
    byte = bytes[at++]!;
    raw += (byte & 127) * weight;
  }
  cursor = at;
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}
