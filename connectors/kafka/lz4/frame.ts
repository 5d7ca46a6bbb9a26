/** What the header of an LZ4 frame says, and how its blocks lie. */
export interface Lz4Frame {
  /** Where its first block begins. */
  readonly blocksAt: number;
  readonly maxBlockBytes: number;
  /** True where blocks may refer to what those before them decompress to. */
  readonly isLinked: boolean;
  /** A checksum follows each block. */
  readonly hasBlockChecksums: boolean;
  /** What it decompresses to, where it says so; else −1. */
  readonly contentBytes: number;
  /** The most bytes that it can decompress to: less than one block (of 64 kB to 4 MB) over what it does. */
  readonly bound: number;
}

/**
 * Reads an LZ4 frame (the format's "Frame Format") that fills `bytes`; RangeError where none does. Its checksums are not
 * looked at: a batch has one of its own, over all of it.
 */
export function parseLz4Frame(bytes: Buffer): Lz4Frame {
  const flags = bytes.readUInt8(4);
  const sizes = bytes.readUInt8(5);
  if (bytes.readUInt32LE(0) !== MAGIC || (flags & VERSION_BITS) !== VERSION_1) refuse("it is no frame of version 1");
  if (sizes & RESERVED_SIZES || sizes >> 4 < SMALLEST_BLOCKS) refuse("its blocks have no size that there is");
  if (flags & HAS_DICTIONARY) refuse("it needs a dictionary");
  const hasContentSize = (flags & HAS_CONTENT_SIZE) !== 0;
  const header = {
    blocksAt: hasContentSize ? 15 : 7,
    maxBlockBytes: 2 ** (8 + 2 * (sizes >> 4)),
    isLinked: (flags & IS_INDEPENDENT) === 0,
    hasBlockChecksums: (flags & HAS_BLOCK_CHECKSUMS) !== 0,
    contentBytes: hasContentSize ? Number(bytes.readBigUInt64LE(6)) : -1,
  };
  let bound = 0;
  const end = forEachBlock(bytes, header, (start, blockEnd, isStored) => {
    bound += isStored ? blockEnd - start : header.maxBlockBytes;
  });
  if (end + (flags & HAS_CONTENT_CHECKSUM ? CHECKSUM_BYTES : 0) !== bytes.length) refuse("it ends elsewhere");
  return { ...header, bound };
}

/** Visits the blocks of a frame, which lie in `bytes[start .. end)`; gives where the mark of its end ends. */
export function forEachBlock(
  bytes: Buffer,
  { blocksAt, maxBlockBytes, hasBlockChecksums }: Omit<Lz4Frame, "bound">,
  visit: (start: number, end: number, isStored: boolean) => void,
): number {
  for (let at = blocksAt; ; ) {
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === 0) return at;
    const size = word & 0x7fffffff;
    if (size > maxBlockBytes || size > bytes.length - at) refuse("a block goes past its end");
    visit(at, at + size, word >= IS_STORED);
    at += size + (hasBlockChecksums ? CHECKSUM_BYTES : 0);
  }
}

function refuse(reason: string): never {
  throw new RangeError(reason);
}

const MAGIC = 0x184d2204;
/** The version's, and one that is reserved. */
const VERSION_BITS = 0xc2;
const VERSION_1 = 0x40;
const IS_INDEPENDENT = 0x20;
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_CONTENT_CHECKSUM = 0x04;
const HAS_DICTIONARY = 0x01;
const RESERVED_SIZES = 0x8f;
/** 64 kB. */
const SMALLEST_BLOCKS = 4;
const CHECKSUM_BYTES = 4;
const IS_STORED = 0x80000000;
