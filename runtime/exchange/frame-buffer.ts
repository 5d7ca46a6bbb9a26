import { raise } from "../../base/errors.ts";

/** Bytes that a frame can have: places in it are 32-bit integers. */
const MOST_BYTES = 2 ** 31 - 8;

/** What `clear` keeps of a buffer that a large row has made large. */
const KEPT_BYTES = 2 << 20;

/**
 * A frame that is being put together or taken apart: bytes, seen as 32-bit words and doubles as well. `length` bytes are
 * in use; the views are replaced when it grows.
 */
export class FrameBuffer {
  bytes!: Buffer;
  words!: Int32Array;
  doubles!: Float64Array;
  length = 0;

  constructor() {
    this.#allocate(0);
  }

  /** Appends room for so many bytes, of unspecified content, at a multiple of 8, and gives its place. BATCH_TOO_LARGE. */
  claim(bytes: number): number {
    const at = (this.length + 7) & ~7;
    this.reserve(at + bytes);
    this.length = at + bytes;
    return at;
  }

  /** Makes room for so many bytes in all, and keeps what is there. BATCH_TOO_LARGE. */
  reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    if (bytes > MOST_BYTES) raise("BATCH_TOO_LARGE", { bytes, limit: MOST_BYTES });
    const old = this.bytes;
    this.#allocate(Math.min(Math.max(1024, old.length * 2, bytes), MOST_BYTES));
    old.copy(this.bytes, 0, 0, this.length);
  }

  /** Empties the frame and keeps its memory, unless that is much. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.#allocate(0);
  }

  #allocate(bytes: number): void {
    const memory = new ArrayBuffer((bytes + 7) & ~7);
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
  }
}

/** Copies `from[start .. end)` to a place; shared memory is as good as any other. */
export function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  // `Buffer.copy` is three times as fast on shared memory as `set`; a loop beats both where there is little to copy.
  if (end - start < 40) for (let i = start, j = at; i < end; i++, j++) to[j] = from[i]!;
  else from.copy(to, at, start, end);
}
