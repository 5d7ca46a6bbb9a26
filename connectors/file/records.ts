import { assert, raise } from "../../base/errors.ts";
import { RecordArrays, type RecordBatch } from "../../base/record-batch.ts";
import { frameHeaderBytes, maxFrameBytes, recordHeaderBytes, writeInt64 } from "./format.ts";

/** A record to append. Its bytes are copied before `append` returns. */
export interface LogRecord {
  readonly key: Uint8Array | null;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  /** The log's own timestamp, in milliseconds. */
  readonly timestamp: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headers of record i of a batch that a `FileLogReader` gave; empty where it has none. Decoded anew at every call. */
export function headersOf(records: RecordBatch, i: number): Record<string, string> {
  const headers: [string, string][] = [];
  let at = records.headerStarts[i]!;
  if (at < 0) return {};
  const { buffer, byteOffset } = records.buffer;
  const bytes = Buffer.from(buffer, byteOffset, records.buffer.byteLength);
  while (at < records.headerEnds[i]!) {
    const nameEnd = at + 8 + bytes.readUInt32LE(at);
    const valueEnd = nameEnd + bytes.readUInt32LE(at + 4);
    headers.push([bytes.toString("utf8", at + 8, nameEnd), bytes.toString("utf8", nameEnd, valueEnd)]);
    at = valueEnd;
  }
  return Object.fromEntries(headers);
}

/** Bytes that a record takes in a frame. RECORD_TOO_LARGE where no frame could hold it. */
export function encodedBytes(record: LogRecord): number {
  const { key, value, headers } = record;
  let bytes = recordHeaderBytes + (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  if (headers !== undefined) bytes += headerBytes(headers);
  if (frameHeaderBytes + bytes > maxFrameBytes)
    raise("RECORD_TOO_LARGE", { bytes, limit: maxFrameBytes - frameHeaderBytes });
  return bytes;
}

/** Writes a record at `at` of `frame`, which has room for it; gives the position behind it. */
export function encodeRecord(frame: Buffer, at: number, record: LogRecord): number {
  const { key, value, timestamp, headers } = record;
  assert(Number.isSafeInteger(timestamp), `a record's timestamp is whole milliseconds, not ${timestamp}`);
  writeInt64(frame, timestamp, at);
  frame.writeInt32LE(key === null ? -1 : key.length, at + 8);
  frame.writeInt32LE(value === null ? -1 : value.length, at + 12);
  let end = at + recordHeaderBytes;
  if (key !== null) {
    frame.set(key, end);
    end += key.length;
  }
  if (value !== null) {
    frame.set(value, end);
    end += value.length;
  }
  const headersEnd = headers === undefined ? end : encodeHeaders(frame, end, headers);
  frame.writeInt32LE(headersEnd === end ? -1 : headersEnd - end, at + 16);
  return headersEnd;
}

/** Records of one partition, filled from the bodies of data frames. */
export class RecordSlots extends RecordArrays {
  /** Empties the batch, points it at `buffer` and makes room for `capacity` records. */
  reset(buffer: Uint8Array, capacity: number): void {
    this.count = 0;
    this.buffer = buffer;
    this.reserve(capacity);
  }

  /**
   * Adds `count` records that fill `view` from `at` up to `end`, the first of them having `baseOffset`; those below
   * `fromOffset` are passed over. False where the bytes are not laid out as so many records.
   */
  addFrame(view: DataView, at: number, end: number, count: number, baseOffset: number, fromOffset: number): boolean {
    const { offsets, timestamps, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts, headerEnds } = this;
    let slot = this.count;
    for (let offset = baseOffset; offset < baseOffset + count; offset++) {
      const keyAt = at + recordHeaderBytes;
      if (keyAt > end) return false;
      const keyBytes = view.getInt32(at + 8, true);
      const valueBytes = view.getInt32(at + 12, true);
      const headersBytes = view.getInt32(at + 16, true);
      if (keyBytes < -1 || valueBytes < -1 || headersBytes < -1) return false;
      const valueAt = keyBytes < 0 ? keyAt : keyAt + keyBytes;
      const headersAt = valueBytes < 0 ? valueAt : valueAt + valueBytes;
      const next = headersBytes < 0 ? headersAt : headersAt + headersBytes;
      if (next > end) return false;
      if (offset >= fromOffset) {
        offsets[slot] = offset;
        timestamps[slot] = view.getInt32(at + 4, true) * 4294967296 + view.getUint32(at, true);
        keyStarts[slot] = keyBytes < 0 ? -1 : keyAt;
        keyEnds[slot] = valueAt;
        valueStarts[slot] = valueBytes < 0 ? -1 : valueAt;
        valueEnds[slot] = headersAt;
        headerStarts[slot] = headersBytes < 0 ? -1 : headersAt;
        headerEnds[slot] = next;
        slot++;
      }
      at = next;
    }
    this.count = slot;
    return at === end;
  }
}

function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const name in headers) bytes += 8 + Buffer.byteLength(name) + Buffer.byteLength(headers[name]!);
  return bytes;
}

function encodeHeaders(frame: Buffer, at: number, headers: Readonly<Record<string, string>>): number {
  for (const name in headers) {
    const nameBytes = frame.write(name, at + 8);
    const valueBytes = frame.write(headers[name]!, at + 8 + nameBytes);
    frame.writeUInt32LE(nameBytes, at);
    frame.writeUInt32LE(valueBytes, at + 4);
    at += 8 + nameBytes + valueBytes;
  }
  return at;
}
