import { crc32 } from "node:zlib";

/*
 * The bytes of a partition file, `<dir>/<topic>/<partition>.log`. Everything is little-endian.
 *
 *   file header, once
 *     0   4  magic "CCLG"
 *     4   4  uint32  format version (1)
 *     8   4  zero
 *    12   4  uint32  CRC32 of bytes 0..11
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
 * A frame's header has a checksum of its own, so that its length can be trusted: a frame whose header is intact and
 * whose body is not all there yet is still being written, and is never taken for a damaged one. Nothing follows an end
 * marker.
 */

/** Bytes of a file's header; the first frame begins there. */
export const fileHeaderBytes = 16;
/** Bytes of a frame's header; its body begins there. */
export const frameHeaderBytes = 32;
/** Bytes of a record before its key. */
export const recordHeaderBytes = 20;
/** The longest frame, header included, that is written or believed. */
export const maxFrameBytes = 64 * 1024 * 1024;
/** Version of this format. */
export const formatVersion = 1;
/** First bytes of every frame. */
export const frameMagic: Uint8Array = Buffer.from("CCFR", "latin1");

/** Kind of a frame that holds records. */
export const dataKind = 1;
/** Kind of a frame that says that the log is complete. */
export const endKind = 2;

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

/** The header of a new file. */
export function encodeFileHeader(): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes);
  bytes.writeUInt32LE(fileMagicWord, 0);
  bytes.writeUInt32LE(formatVersion, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
  return bytes;
}

/** The format version that a file's header names; undefined where the header is not one, or is damaged. */
export function decodeFileHeader(bytes: Buffer): number | undefined {
  if (bytes.readUInt32LE(0) !== fileMagicWord || bytes.readUInt32LE(12) !== crc32(bytes.subarray(0, 12)))
    return undefined;
  return bytes.readUInt32LE(4);
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
