import { assert } from "../../base/errors.ts";
import type { Doorbell } from "./doorbell.ts";
import { copyBytes, FrameBuffer } from "./frame-buffer.ts";

/**
 * A queue of frames in shared memory from one thread to another, or within one. It is a stream of words: each frame has
 * its length in front, wraps where the ring ends, and may be larger than the ring, since it goes in and comes out by
 * pieces. Nothing is allocated per frame.
 *
 * Words of the memory: HEAD, how much the reader has taken, and TAIL, how much the writer has put in, both in bytes
 * modulo 2^32; WANTED, 1 when the writer waits for room. They lie in cache lines of their own; the data follows.
 */
const HEAD = 0;
const TAIL = 16;
const WANTED = 32;
const HEADER_BYTES = 192;

/** Makes the memory of a ring: `capacity` bytes of frames, a power of two from 8 to 2^30. */
export function makeRing(capacity: number): SharedArrayBuffer {
  const fits = capacity >= 8 && capacity <= 2 ** 30 && (capacity & (capacity - 1)) === 0;
  assert(fits, `a ring of ${capacity} bytes has a power of two of them, from 8 to 2^30`);
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

/** The end of a ring that puts frames in; there is one per ring. */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #data: Buffer;
  readonly #dataWords: Int32Array;
  readonly #bell: Doorbell | undefined;
  /** Bytes of the present frame that are in the ring; −1 between frames. */
  #sent = -1;
  #length = 0;

  /** `bell` is rung for the reader whenever something was put in. */
  constructor(memory: SharedArrayBuffer, bell?: Doorbell) {
    this.#words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.#data = Buffer.from(memory, HEADER_BYTES);
    this.#dataWords = new Int32Array(memory, HEADER_BYTES);
    this.#bell = bell;
  }

  /**
   * Puts the frame `bytes[start .. end)` in, copied. False when the ring is full: a part may be in by then, so the same
   * frame must be offered again, until it is true. The doorbell that the reader was given rings when there is room again.
   */
  tryWrite(bytes: Buffer, start: number, end: number): boolean {
    assert(this.#sent < 0 || this.#length === end - start, "a frame that did not fit is offered again");
    const before = Atomics.load(this.#words, TAIL);
    let tail = before;
    let done = false;
    for (;;) {
      const head = Atomics.load(this.#words, HEAD);
      const moved = this.#put(bytes, start, end, tail, this.#data.length - ((tail - head) | 0));
      tail = (tail + moved) | 0;
      done = this.#sent === end - start;
      if (done) break;
      // The reader looks at WANTED after it moved HEAD, so either it sees the wish or HEAD is seen to have moved here.
      Atomics.store(this.#words, WANTED, 1);
      if (Atomics.load(this.#words, HEAD) === head) break;
    }
    if (done) this.#sent = -1;
    if (tail !== before) {
      Atomics.store(this.#words, TAIL, tail);
      this.#bell?.ring();
    }
    return done;
  }

  /** Copies what fits into `room` bytes, a multiple of 4, behind `tail`; gives by how much that moves. */
  #put(bytes: Buffer, start: number, end: number, tail: number, room: number): number {
    const mask = this.#data.length - 1;
    let at = tail;
    let left = room;
    if (this.#sent < 0 && left > 0) {
      this.#dataWords[(at & mask) >> 2] = this.#length = end - start;
      this.#sent = 0;
      at += 4;
      left -= 4;
    }
    while (left > 0 && this.#sent < end - start) {
      const offset = at & mask;
      const from = start + this.#sent;
      const length = Math.min(end - from, left, this.#data.length - offset);
      copyBytes(bytes, from, from + length, this.#data, offset);
      this.#sent += length;
      at += padded(length);
      left -= padded(length);
    }
    return at - tail;
  }
}

/** The end of a ring that takes frames out; there is one per ring. */
export class RingReader {
  readonly #words: Int32Array;
  readonly #data: Buffer;
  readonly #dataWords: Int32Array;
  readonly #bell: Doorbell | undefined;
  readonly #frame = new FrameBuffer();
  /** Length of the frame that is being taken out; −1 between frames. */
  #length = -1;

  /** `bell` is rung for a writer that found the ring full, once there is room. */
  constructor(memory: SharedArrayBuffer, bell?: Doorbell) {
    this.#words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.#data = Buffer.from(memory, HEADER_BYTES);
    this.#dataWords = new Int32Array(memory, HEADER_BYTES);
    this.#bell = bell;
  }

  /** The oldest frame, the same one until `release`, in memory of the reader's own; undefined while none is whole. */
  peek(): FrameBuffer | undefined {
    const frame = this.#frame;
    if (frame.length !== this.#length) this.#take();
    return frame.length === this.#length ? frame : undefined;
  }

  /** Done with the frame that `peek` gave. */
  release(): void {
    assert(this.#frame.length === this.#length, "a frame is released after it was seen");
    this.#frame.clear();
    this.#length = -1;
  }

  /** Takes out what is there of the present frame. */
  #take(): void {
    const before = Atomics.load(this.#words, HEAD);
    const available = (Atomics.load(this.#words, TAIL) - before) | 0;
    if (available === 0) return;
    const mask = this.#data.length - 1;
    const frame = this.#frame;
    let at = before;
    let left = available;
    if (this.#length < 0) {
      this.#length = this.#dataWords[(at & mask) >> 2]!;
      frame.reserve(this.#length);
      at += 4;
      left -= 4;
    }
    while (left > 0 && frame.length < this.#length) {
      const offset = at & mask;
      const length = Math.min(this.#length - frame.length, left, this.#data.length - offset);
      copyBytes(this.#data, offset, offset + length, frame.bytes, frame.length);
      frame.length += length;
      at += padded(length);
      left -= padded(length);
    }
    Atomics.store(this.#words, HEAD, at | 0);
    if (Atomics.load(this.#words, WANTED) === 0) return;
    Atomics.store(this.#words, WANTED, 0);
    this.#bell?.ring();
  }
}

/** Frames begin at words. */
function padded(length: number): number {
  return (length + 3) & ~3;
}
