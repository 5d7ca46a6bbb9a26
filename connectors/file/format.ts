import { crc32 } from "node:zlib";
import { assert } from "../../base/errors.ts";

/*
 * The bytes of a partition file, `<dir>/<topic>/<partition>.log`. Everything is little-endian.
 *
 *   file header, once
 *     0   4  magic "CCLG"
 *     4   4  uint32  format version (2)
 *     8   4  zero
 *    12   4  uint32  CRC32 of bytes 0..11
 *    16   4  uint32  partition
 *    20   4  uint32  number of partitions of the topic
 *    24   4  uint32  length of the topic's name
 *    28   4  uint32  CRC32 of bytes 16..27 and of the name
 *    32      the topic's name, ASCII
 *
 *   frame, repeated
 *     0   4  magic "CCFR"
 *     4   4  uint32  kind: 1 data, 2 end marker
 *     8   4  uint32  length of the body
 *    12   4  uint32  number of records (end marker: 0)
 *    16   8  int64   offset of the first record (end marker: of the record that would have come next)
 *    24   4  uint32  CRC32 of the body
 *    28   4  uint32  CRC32 of bytes 0..27
 *    32      body
 *
 *   record, repeated in the body of a data frame
 *     0   8  int64   timestamp, milliseconds
 *     8   4  int32   length of the key, −1 for null
 *    12   4  int32   length of the value, −1 for null
 *    16   4  int32   length of the headers, −1 for none
 *    20      key, value, headers
 *
 *   header, repeated in the headers of a record
 *     0   4  uint32  length of the name
 *     4   4  uint32  length of the value
 *     8      name, value, both UTF-8
 *
 *   body of an end marker
 *     0   8  int64   event time through which the log is complete, milliseconds
 *
 * Bytes 0..15 are the same in every version, so that a newer file is told from a damaged one. What follows says which
 * file it is: one that was moved to another's place, or that is not there, is noticed.
 *
 * A frame's header has a checksum of its own, so that its length can be trusted: a frame whose header is intact and
 * whose body is not all there yet is still being written, and is never taken for a damaged one. Nothing follows an end
 * marker.
 */

/** Bytes of a file's header that are the same in every version. */
export const versionBytes = 16;
/** The most bytes that a file's header takes. */
export const maxFileHeaderBytes = 32 + 249;
/** Bytes of a frame's header; its body begins there. */
export const frameHeaderBytes = 32;
/** Bytes of a record before its key. */
export const recordHeaderBytes = 20;
/** The longest frame, header included, that is written or believed. */
export const maxFrameBytes = 64 * 1024 * 1024;
/** Version of this format. */
export const formatVersion = 2;
/** First bytes of every frame. */
export const frameMagic: Uint8Array = Buffer.from("CCFR", "latin1");

/** Kind of a frame that holds records. */
export const dataKind = 1;
/** Kind of a frame that says that the log is complete. */
export const endKind = 2;

const nameAt = 32;
const fileMagicWord = 0x474c4343;
const frameMagicWord = 0x52464343;
const twoTo32 = 4294967296;

/** A frame's header, decoded. Objects are reused by whoever made them. */
export interface FrameHeader {
  kind: number;
  bodyBytes: number;
  count: number;
  baseOffset: number;
  bodyCrc: number;
}

/** Which file of a log it is. */
export interface FileIdentity {
  readonly topic: string;
  readonly partition: number;
  /** Number of partitions of the topic. */
  readonly partitions: number;
}

/** What a file begins with. */
export interface FileHeader {
  readonly version: number;
  /** Undefined where it is not there, or damaged, or of another version. */
  readonly identity: FileIdentity | undefined;
}

/** Bytes of the header of a file of a topic; the first frame begins there. */
export function fileHeaderBytes(topic: string): number {
  return nameAt + topic.length;
}

/** The header of a new file. */
export function encodeFileHeader({ topic, partition, partitions }: FileIdentity): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes(topic));
  assert(bytes.length <= maxFileHeaderBytes, `topic ${topic} is checked before its files are made`);
  bytes.writeUInt32LE(fileMagicWord, 0);
  bytes.writeUInt32LE(formatVersion, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
  bytes.writeUInt32LE(partition, 16);
  bytes.writeUInt32LE(partitions, 20);
  bytes.writeUInt32LE(topic.length, 24);
  bytes.write(topic, nameAt, "latin1");
  bytes.writeUInt32LE(identityCrc(bytes), 28);
  return bytes;
}

/** Decodes a file's header from its first bytes, `maxFileHeaderBytes` or all; undefined where they are not a log file's. */
export function decodeFileHeader(bytes: Buffer): FileHeader | undefined {
  if (bytes.length < versionBytes || bytes.readUInt32LE(0) !== fileMagicWord) return undefined;
  if (bytes.readUInt32LE(12) !== crc32(bytes.subarray(0, 12))) return undefined;
  const version = bytes.readUInt32LE(4);
  return { version, identity: version === formatVersion ? decodeIdentity(bytes) : undefined };
}

function decodeIdentity(bytes: Buffer): FileIdentity | undefined {
  if (bytes.length < nameAt) return undefined;
  const end = nameAt + bytes.readUInt32LE(24);
  const header = bytes.subarray(0, end);
  if (end > bytes.length || header.readUInt32LE(28) !== identityCrc(header)) return undefined;
  const topic = header.toString("latin1", nameAt);
  return { topic, partition: header.readUInt32LE(16), partitions: header.readUInt32LE(20) };
}

function identityCrc(header: Buffer): number {
  return crc32(header.subarray(nameAt), crc32(header.subarray(versionBytes, 28)));
}

/** Writes the header of the frame that begins at 0 of `frame` and whose body of `bodyBytes` is already in place. */
export function sealFrame(frame: Buffer, kind: number, bodyBytes: number, baseOffset: number, count: number): void {
  frame.writeUInt32LE(frameMagicWord, 0);
  frame.writeUInt32LE(kind, 4);
  frame.writeUInt32LE(bodyBytes, 8);
  frame.writeUInt32LE(count, 12);
  writeInt64(frame, baseOffset, 16);
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes, frameHeaderBytes + bodyBytes)), 24);
  frame.writeUInt32LE(crc32(frame.subarray(0, 28)), 28);
}

/** Decodes the frame header at `at` into `header`; false where there is none, or a damaged one. */
export function decodeFrameHeader(bytes: Buffer, at: number, header: FrameHeader): boolean {
  if (bytes.readUInt32LE(at) !== frameMagicWord) return false;
  if (bytes.readUInt32LE(at + 28) !== crc32(bytes.subarray(at, at + 28))) return false;
  header.kind = bytes.readUInt32LE(at + 4);
  header.bodyBytes = bytes.readUInt32LE(at + 8);
  header.count = bytes.readUInt32LE(at + 12);
  header.baseOffset = readInt64(bytes, at + 16);
  header.bodyCrc = bytes.readUInt32LE(at + 24);
  return true;
}

/** An end marker's frame. */
export function encodeEndMarker(baseOffset: number, throughMs: number): Buffer {
  const frame = Buffer.alloc(frameHeaderBytes + 8);
  writeInt64(frame, throughMs, frameHeaderBytes);
  sealFrame(frame, endKind, 8, baseOffset, 0);
  return frame;
}

/** A signed 64-bit integer as a number; exact within ±2^53, which is all that is ever written. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * twoTo32 + bytes.readUInt32LE(at);
}

/** Writes a safe integer as a signed 64-bit one. */
export function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value >>> 0, at);
  bytes.writeInt32LE(Math.floor(value / twoTo32), at + 4);
}
