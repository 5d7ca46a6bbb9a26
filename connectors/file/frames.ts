import { crc32 } from "node:zlib";
import type { DiskFile } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import type { LogPosition, PartitionPlace } from "./file-log.ts";
import {
  dataKind,
  decodeFileHeader,
  decodeFrameHeader,
  endKind,
  type FrameHeader,
  fileHeaderBytes,
  formatVersion,
  frameHeaderBytes,
  frameMagic,
  maxFileHeaderBytes,
  maxFrameBytes,
  versionBytes,
} from "./format.ts";

/** How closely a walk looks at the frames it passes: at every body, or only at that of the file's last frame. */
export type Scrutiny = "bodies" | "headers";

/**
 * Walks a partition file frame by frame, without keeping what it reads. It stops at the first frame that is not whole
 * and intact yet, which is where the file's tail begins; a damaged frame with an intact one behind it is no tail, and
 * raises LOG_CORRUPT.
 */
export class FrameWalk {
  /** The frame found by the last `peek` that gave true. */
  readonly header: FrameHeader = { kind: 0, bodyBytes: 0, count: 0, baseOffset: 0, bodyCrc: 0 };
  /** Byte position of the next frame; 0 until the file's own header has been seen. */
  position = 0;
  /** Offset of the first record behind `position`. */
  offset = 0;
  /** True once an end marker has been passed: nothing may follow. */
  ended = false;
  readonly #file: DiskFile;
  readonly #place: PartitionPlace;
  readonly #scrutiny: Scrutiny;
  readonly #bytes = Buffer.alloc(frameHeaderBytes);
  #tailFrom = Number.POSITIVE_INFINITY;

  constructor(file: DiskFile, place: PartitionPlace, scrutiny: Scrutiny) {
    this.#file = file;
    this.#place = place;
    this.#scrutiny = scrutiny;
  }

  /** True when a whole, intact frame lies at `position`; false when there is none yet. */
  peek(): boolean {
    // A writer that recovers may replace the tail between two reads here, so damage is believed when it is seen twice.
    let found = this.#look();
    if (typeof found === "string") found = this.#look();
    if (typeof found !== "string") return found;
    if (this.position < this.#tailFrom) this.corrupt(this.position, found);
    return false;
  }

  /** Steps over the frame that `peek` found. */
  pass(): void {
    this.position += frameHeaderBytes + this.header.bodyBytes;
    this.offset += this.header.count;
    this.ended = this.header.kind === endKind;
  }

  /** Steps over all frames up to the tail. */
  toTail(): void {
    while (this.peek()) this.pass();
  }

  /** Goes on from where another walk of the same file stands. */
  moveTo(other: Readonly<Pick<FrameWalk, "position" | "offset" | "ended">>): void {
    this.position = other.position;
    this.offset = other.offset;
    this.ended = other.ended;
  }

  /**
   * Goes on from a place through which the file is known to be durable: whatever is wrong behind it is a tail, which a
   * power cut may have torn anywhere. LOG_CORRUPT where the file does not reach there.
   */
  trust({ offset, bytes }: LogPosition): void {
    this.peek();
    if (this.position === 0 || bytes > this.#file.size()) {
      this.corrupt(this.#file.size(), `it ends there, but was durable up to byte ${bytes}`);
    }
    this.moveTo({ position: bytes, offset, ended: false });
    this.#tailFrom = bytes;
  }

  /** Raises LOG_CORRUPT at a byte of this file. */
  corrupt(position: number, reason: string): never {
    const { dir, topic, partition } = this.#place;
    raise("LOG_CORRUPT", { dir, topic, partition, position, reason });
  }

  /** True for an intact frame, false for the tail, and otherwise what is wrong. */
  #look(): boolean | string {
    const size = this.#file.size();
    if (this.position === 0) {
      const passed = this.#passFileHeader(size);
      if (passed !== true) return passed;
    }
    const { position, header } = this;
    if (this.ended && position < size) return "data follows the end marker";
    if (position + frameHeaderBytes > size || !readFully(this.#file, this.#bytes, frameHeaderBytes, position))
      return false;
    if (!decodeFrameHeader(this.#bytes, 0, header)) return this.#tailOr("a damaged frame header", position + 1, size);
    const reason = implausible(header, this.offset);
    if (reason !== undefined) return reason;
    const end = position + frameHeaderBytes + header.bodyBytes;
    if (end > size) return false;
    if (this.#scrutiny === "headers" && end < size) return true;
    return bodyIsIntact(this.#file, position, header) || this.#tailOr("a damaged frame", end, size);
  }

  #passFileHeader(size: number): boolean | string {
    const { dir, topic, partition } = this.#place;
    const length = Math.min(size, maxFileHeaderBytes);
    const bytes = Buffer.alloc(length);
    if (!readFully(this.#file, bytes, length, 0)) return false;
    const header = decodeFileHeader(bytes);
    const version = header?.version ?? formatVersion;
    if (version !== formatVersion)
      raise("LOG_VERSION_UNSUPPORTED", { dir, topic, partition, version, supported: formatVersion });
    if (header?.identity === undefined) {
      // Nothing but zeros is a header that a power cut took, and left the file's length.
      const isTail = size < (header === undefined ? versionBytes : fileHeaderBytes(topic)) || isBlank(bytes);
      return isTail ? false : "it does not begin with the header of a log file";
    }
    this.position = fileHeaderBytes(topic);
    return true;
  }

  /** A frame that fails its checksum is the tail that a dead writer left, unless an intact frame lies behind it. */
  #tailOr(damage: string, behind: number, size: number): false | string {
    return hasIntactFrame(this.#file, behind, size, this.offset) ? damage : false;
  }
}

/** Reads `length` bytes to the beginning of `bytes`; false where the file has become too short for that. */
export function readFully(file: DiskFile, bytes: Buffer, length: number, position: number): boolean {
  return file.read(bytes, 0, length, position) === length;
}

/** What no intact header of a frame at `offset` may say, or undefined. */
export function implausible(header: FrameHeader, offset: number): string | undefined {
  if (header.kind !== dataKind && header.kind !== endKind) return `a frame of unknown kind ${header.kind}`;
  if (header.bodyBytes > maxFrameBytes - frameHeaderBytes)
    return `a frame of ${header.bodyBytes} bytes, more than the limit`;
  if (header.kind === dataKind ? header.count === 0 : header.count !== 0 || header.bodyBytes !== 8)
    return "a frame of the wrong size";
  if (header.baseOffset !== offset) return `a frame of offset ${header.baseOffset} where ${offset} was due`;
  return undefined;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function bodyIsIntact(file: DiskFile, position: number, header: FrameHeader): boolean {
  const chunk = Buffer.allocUnsafe(Math.min(header.bodyBytes, 256 * 1024));
  let crc = 0;
  for (let done = 0; done < header.bodyBytes; done += chunk.length) {
    const length = Math.min(chunk.length, header.bodyBytes - done);
    if (!readFully(file, chunk, length, position + frameHeaderBytes + done)) return false;
    crc = crc32(chunk.subarray(0, length), crc);
  }
  return crc === header.bodyCrc;
}

function hasIntactFrame(file: DiskFile, from: number, size: number, minOffset: number): boolean {
  const window = Buffer.allocUnsafe(256 * 1024);
  const header: FrameHeader = { kind: 0, bodyBytes: 0, count: 0, baseOffset: 0, bodyCrc: 0 };
  let start = from;
  while (start + frameHeaderBytes <= size) {
    const length = Math.min(window.length, size - start);
    if (!readFully(file, window, length, start)) return false;
    const inUse = window.subarray(0, length);
    for (
      let at = inUse.indexOf(frameMagic);
      at >= 0 && at + frameHeaderBytes <= length;
      at = inUse.indexOf(frameMagic, at + 1)
    ) {
      if (!decodeFrameHeader(inUse, at, header) || header.baseOffset < minOffset) continue;
      const end = start + at + frameHeaderBytes + header.bodyBytes;
      if (end <= size && bodyIsIntact(file, start + at, header)) return true;
    }
    start += length - frameHeaderBytes + 1;
  }
  return false;
}
