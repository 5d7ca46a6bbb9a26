import { crc32 } from "node:zlib";
import type { DiskFile } from "../base/disk.ts";
import { raise } from "../base/errors.ts";

/**
 * Files of state are made of blocks: a checksum (CRC-32, seeded with the block's position in the file, so that a block
 * in another's place is seen too), its length with this header, its kind, and what it holds. All numbers are unsigned
 * 32-bit, little end first; the checksum covers all that comes after it.
 */
export const BLOCK_HEADER_BYTES = 12;

/** What a block holds. */
export const BlockKind = { header: 0, records: 1, timers: 2 } as const;

/** Fills in the header of the block that is `buffer[0 .. length)` and is about to be written at `position`. */
export function sealBlock(buffer: Buffer, length: number, kind: number, position: number): void {
  buffer.writeUInt32LE(length, 4);
  buffer.writeUInt32LE(kind, 8);
  buffer.writeUInt32LE(crc32(buffer.subarray(4, length), position), 0);
}

/**
 * Reads the block at `position` of a file into `buffer`. Fails with STATE_CORRUPT unless it is whole, of this length and
 * this kind.
 */
export function readBlock(file: DiskFile, position: number, length: number, kind: number, buffer: Buffer): void {
  if (file.read(buffer, 0, length, position) < length) damaged(file, position, "it ends there");
  if (buffer.readUInt32LE(4) !== length) damaged(file, position, "the block's length is another");
  if (crc32(buffer.subarray(4, length), position) !== buffer.readUInt32LE(0)) {
    damaged(file, position, "the checksum does not fit");
  }
  if (buffer.readUInt32LE(8) !== kind) damaged(file, position, "the block is of another kind");
}

/** The length of the block at `position`, which must end at or before `end`; STATE_CORRUPT otherwise. */
export function blockLength(file: DiskFile, position: number, end: number): number {
  if (position + BLOCK_HEADER_BYTES > end || file.read(header, 0, BLOCK_HEADER_BYTES, position) < BLOCK_HEADER_BYTES) {
    damaged(file, position, "it ends there");
  }
  const length = header.readUInt32LE(4);
  if (length < BLOCK_HEADER_BYTES || position + length > end) damaged(file, position, "the block's length is wrong");
  return length;
}

/** Tells that a file of state is not as it was written: STATE_CORRUPT. */
export function damaged(file: DiskFile, position: number, reason: string): never {
  raise("STATE_CORRUPT", { file: file.path, position, reason });
}

const header = Buffer.alloc(BLOCK_HEADER_BYTES);
